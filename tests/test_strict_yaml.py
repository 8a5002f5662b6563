"""Laws of the strict loader: what it accepts means what it says, everything else is an InputError that says where."""

import json
import math
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import strict_yaml
from harness.errors import InputError, suggestion
from harness.node import Node

FILE = "studies/mine.yaml"


def value(text):
    """What `key: text` means."""
    return strict_yaml.parse(f"key: {text}\n", FILE).plain()["key"]


def refusal(text):
    with pytest.raises(InputError) as caught:
        strict_yaml.parse(text, FILE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("1e-3", 0.001),
        ("1E5", 100_000.0),
        ("1e+5", 100_000.0),
        ("-.5", -0.5),
        ("2.", 2.0),
        ("0.1", 0.1),
        ("0", 0),
        ("-7", -7),
        ("+7", 7),
        ("no", "no"),
        ("on", "on"),
        ("Yes", "Yes"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("010", "010"),
        ("00.5", "00.5"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        ("2024-01-31", "2024-01-31"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("=", "="),
        ("<<", "<<"),
        ("'1e-3'", "1e-3"),
        ('"true"', "true"),
        ("''", ""),
        ("[1, 1.0, x]", (1, 1.0, "x")),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
    ],
)
def test_a_scalar_means_what_it_says(text, meaning):
    found = value(text)
    assert found == meaning
    assert type(found) is type(meaning)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.integers(-(10**17), 10**17), st.floats(allow_nan=False, allow_infinity=False)))
def test_the_repr_of_a_number_is_read_back_exactly(number):
    found = value(repr(number))
    assert found == number and math.copysign(1, found) == math.copysign(1, number)
    assert type(found) is type(number)


CORPUS = {
    "empty": ("", 0, "empty"),
    "only a comment": ("# nothing\n", 1, "empty"),
    "list at top": ("- a\n", 1, "mapping"),
    "word at top": ("a\n", 1, "mapping"),
    "nothing at top": ("---\n...\n", 1, "mapping"),
    "duplicate key": ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice, first in line 1"),
    "duplicate key by quotes": ("a: 1\n'a': 3\n", 2, "stands twice"),
    "deep duplicate key": ("a:\n  b:\n    c: 1\n    c: 2\n", 4, "a.b: the key 'c' stands twice"),
    "tag": ("a: 1\nb: !!python/name:os.system\n", 2, "tags are not allowed"),
    "python object": ("a: !!python/object/apply:os.system ['true']\n", 1, "tags are not allowed"),
    "standard tag": ("a: !!str 1\n", 1, "tags are not allowed"),
    "non-specific tag": ("a: ! b\n", 1, "tags are not allowed"),
    "anchor": ("a: &x 1\n", 1, "anchors"),
    "alias": ("a: 1\nb: *x\n", 2, "anchors"),
    "anchored key": ("&x a: 1\n", 1, "anchors"),
    "recursive alias": ("a: &x [*x]\n", 1, "anchors"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "second document"),
    "directive": ("%YAML 1.1\n---\na: 1\n", 1, "directives"),
    "tag directive": ("%TAG ! tag:x,2000:\n---\na: 1\n", 1, "directives"),
    "endless directive": (f"%YAML 1.{'9' * 5000}\n---\na: 1\n", 1, "directives"),
    "unknown directive": ("# a comment\n%FOO\n---\na: 1\n", 2, "directives"),
    "tab": ("a:\n\tb: 1\n", 2, "tab"),
    "tab after a colon": ("a:\t1\n", 1, "tab"),
    "NUL": ("a: 1\nb: \0\n", 2, "control character"),
    "escaped NUL": ('a: 1\nb: "x\\0"\n', 2, "control characters"),
    "lone surrogate": ('a: "\\uD800"\n', 1, "control characters"),
    "no such character": ('a: "\\U00110000"\n', 0, "not YAML"),
    "number as key": ("a: 1\n2: b\n", 2, "a key must be text"),
    "boolean as key": ("true: b\n", 1, "a key must be text"),
    "null as key": ("~: b\n", 1, "a key must be text"),
    "list as key": ("? [a]\n: b\n", 1, "a key must be text"),
    "mapping as key": ("{a: 1}: b\n", 1, "a key must be text"),
    "unclosed": ("a: [1, 2\n", 2, "not YAML"),
    "unclosed quote": ("a: 'x\n", 2, "not YAML"),
    "bad indentation": ("a: 1\n  b: 2\n", 2, "not YAML"),
    "at sign": ("a: @x\n", 1, "not YAML"),
    "too large a number": ("a: 1e999\n", 1, "too large"),
    "too long an integer": (f"a: {'9' * 5000}\n", 1, "digits"),
}


@pytest.mark.parametrize("name", CORPUS)
def test_a_fault_is_refused_with_file_and_line(name):
    text, line, reason = CORPUS[name]
    message = refusal(text)
    place = rf"{FILE}:{line}: " if line else rf"{FILE}(:1)?: "
    assert re.match(place, message), message
    assert reason in message


def test_sixteen_levels_are_read_and_a_seventeenth_is_refused():
    assert strict_yaml.parse("a: " + "[" * 15 + "1" + "]" * 15, FILE)
    assert "deeper than 16" in refusal("a: " + "[" * 16 + "1" + "]" * 16)


@pytest.mark.parametrize("text", ["[" * 3000, "{a: " * 3000, "- " * 3000, "a: &a [x,x]\n" + "b: &b [*a,*a]\n" * 40])
def test_a_bomb_is_refused_within_40_events_of_its_thousands(text, monkeypatch):
    read = []

    def counted(text, Loader):
        return map(lambda event: read.append(event) or event, events(text, Loader))

    events = yaml.parse
    monkeypatch.setattr(yaml, "parse", counted)
    refusal(text)
    assert 2 < len(read) <= 40


def test_a_file_of_more_than_256_kib_is_refused_unread(tmp_path):
    path = tmp_path / "large.yaml"
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(InputError, match=r"large: larger than 256 KiB"):
        strict_yaml.load(path, "large")


@pytest.mark.parametrize(
    ("content", "reason"), [(b"a: 1\nb: \xe9\n", "f:2: not UTF-8: byte 0xe9"), (b"\xff\xfea\0", "not UTF-8")]
)
def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path, content, reason):
    path = tmp_path / "f"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason):
        strict_yaml.load(path, "f")


@pytest.mark.parametrize(
    "number", [0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
)
def test_the_15_characters_that_turn_or_break_a_line_are_refused_as_they_are_and_escaped(number):
    for text in (f"title: Smoke{chr(number)}ekomS", f'title: "Smoke\\u{number:04x}ekomS"', f"a: 1  # {chr(number)}"):
        with pytest.raises(InputError, match=rf"^f:1: .*control characters? .*u{number:04x}"):
            strict_yaml.parse(text, "f")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            strict_yaml.load(path, "f")


def test_windows_line_ends_change_nothing():
    assert strict_yaml.parse("a: 1\r\nb: x\r\n", FILE).plain() == {"a": 1, "b": "x"}


def test_every_value_knows_its_line_and_path():
    root = strict_yaml.parse("a: 1\nb:\n  c:\n    - x\n    - d: 2\n", FILE)
    item = root.value["b"].value["c"].value[1]
    assert (item.line, item.path) == (5, "b.c[1]")
    assert str(item.value["d"].error("wrong")) == f"{FILE}:5: b.c[1].d: wrong"


PIECES = st.sampled_from(
    [
        *("a", "b", "é", "😀", ":", ": ", "\n", "  ", "- ", "[", "]", "{", "}", ",", "&x ", "*x", "!", "!!str ", "? "),
        *(
            "'",
            '"',
            "|",
            ">",
            "%",
            "#",
            " #",
            "---",
            "...",
            "1",
            "0",
            ".",
            "e",
            "~",
            "true",
            "\t",
            "\0",
            "\\",
            "\u2028",
        ),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_any_text_loads_or_is_an_input_error_that_names_the_file(text):
    try:
        node = strict_yaml.parse(text, FILE)
    except InputError as fault:
        assert str(fault).startswith(FILE)
        str(fault).encode()
    else:
        assert isinstance(node.value, dict)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_load_or_are_an_input_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)
    try:
        strict_yaml.load(path, "bytes.yaml")
    except InputError as fault:
        assert str(fault).startswith("bytes.yaml")


PLAIN = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**17), 10**17),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["C", "Z"]), max_size=8),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcde", min_size=1), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text("abcde", min_size=1), PLAIN, max_size=3))
def test_json_means_what_json_says(data):
    found = strict_yaml.parse(json.dumps(data, ensure_ascii=False), FILE).plain()
    assert repr(found) == repr(Node.of(data, FILE).plain())


def test_nearest_word_ignores_case_and_stays_silent_when_nothing_is_near():
    assert suggestion("liner", ["tree", "linear", "mlp"]) == "; did you mean 'linear'?"
    assert suggestion("cartpole-V1", ["Acrobot-v1", "CartPole-v1"]) == "; did you mean 'CartPole-v1'?"
    assert suggestion("zebra", ["linear", "mlp"]) == ""


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["linear", "low_rank", "fourier", "subspace"]), st.data())
def test_a_word_with_one_letter_missing_is_found_again(word, data):
    at = data.draw(st.integers(0, len(word) - 1))
    assert suggestion(word[:at] + word[at + 1 :], ["linear", "low_rank", "fourier", "subspace"]).endswith(f"'{word}'?")


def test_the_project_files_are_read(pytestconfig):
    for path in sorted(Path(pytestconfig.rootpath).glob("studies/*.yaml")):
        assert strict_yaml.load(path, path.name).plain()["title"]
