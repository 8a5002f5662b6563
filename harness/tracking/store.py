"""The MLflow store in order: one SQLite file, made once, aside, and renamed; checked before use; set aside if broken.

Two processes that open an empty store at once destroy it for good (mlflow 3.17; the same for one killed in its first
migration), so nobody ever opens an empty one: under the lock a store is built beside its place and renamed into it.
A store that is damaged, foreign or of another MLflow version is moved aside: the files can always fill a new one.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
import shutil
import sqlite3
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from harness.errors import InputError
from harness.plain import plain
from harness.tracking import ledger

if TYPE_CHECKING:
    from mlflow.client import MlflowClient

STORE = "mlflow.db"
ARTIFACTS = "artifacts"
LOCK = ".mirror.lock"
LOCK_SECONDS = 120.0  # longer than the first migration on a busy machine
BUSY_SECONDS = 5.0  # of patience with a locked database: what else writes to it does so for milliseconds
TABLES = {"alembic_version", "experiments", "runs", "tags", "params", "metrics", "latest_metrics"}
ENVIRONMENT = {  # before the import of MLflow
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # the default blocks 250 s on a dead server
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # its tracebacks; what they say is raised too
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
NAMED = "MLFLOW_TRACKING_URI"
USER = re.compile(r"://\S*@")  # to the last @ of the word: a password may hold any letter
LOGGER = logging.getLogger("harness.mirror")


class StoreError(Exception):
    """The store cannot be used now; the message says why. The files are not touched by it."""


def named_server() -> str:
    """The server that MLFLOW_TRACKING_URI names, or nothing.

    It may hold a password: `shown` is what is kept and told of it.

    Raises:
        InputError: what is named is no server.
    """
    named = os.environ.get(NAMED, "")
    if named and not named.startswith(("http://", "https://")):
        raise InputError(NAMED, f"only http:// and https:// servers can be named; without it results/{STORE} is used")
    return named


def address(results: Path) -> str:
    """The tracking URI: the server that is named, or the SQLite file of these results; raises as `named_server`."""
    return named_server() or f"sqlite:///{(results / STORE).resolve()}"


def home() -> str:
    """What a ledger calls the store: the address of a server, without a password, or the name of the SQLite file."""
    return shown(named_server()) or STORE


def shown(text: str) -> str:
    """An address, or a text with addresses in it, without the name and password of anybody, and in plain letters."""
    return plain(USER.sub("://", text))


@contextmanager
def locked(results: Path, seconds: float = LOCK_SECONDS) -> Iterator[IO[str]]:
    """Alone with the store. Yields the lock file, which holds a word left by whoever wrote to the store last.

    Raises:
        StoreError: another mirror holds the lock for longer than `seconds`.
    """
    results.mkdir(parents=True, exist_ok=True)
    with (results / LOCK).open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + seconds
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise StoreError(f"another mirror has held {LOCK} for {seconds:.0f} s")
            time.sleep(0.1)
        yield file


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_store(results: Path) -> MlflowClient:
    """A client of a sound store, made or made anew where there is none; to be called under the lock.

    Raises:
        StoreError: the store is locked by another program, cannot be written, or its server does not answer.
    """
    uri, path = address(results), results / STORE
    if uri.startswith("sqlite"):
        _prepare(path)
    try:
        return _reach(uri)
    except Exception as error:  # MLflow's or the network's
        if uri.startswith("http") or "database schema" not in str(error):
            raise StoreError(f"{shown(uri)}: {first_line(error)}") from error
        _replace(path, "made by another version of MLflow")
    return _reach(uri)


def _reach(uri: str) -> MlflowClient:
    client = connect(uri)
    client.search_experiments(max_results=1)
    return client


def _prepare(path: Path) -> None:
    if not path.exists():
        initialise(path)
    elif fault := find_fault(path):
        _replace(path, fault)


def _replace(path: Path, fault: str) -> None:
    LOGGER.warning("%s is not usable (%s): moved to %s, rebuilt from the files", path, fault, set_aside(path).name)
    initialise(path)


def find_fault(path: Path) -> str:
    """Why the store cannot be used, or nothing. Reads every page once; no MLflow.

    Raises:
        StoreError: it is locked, so nothing can be said.
    """
    if not path.is_file():
        return "not a file"
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise StoreError(f"{path} is locked by another program") from error
        return str(error)
    except UnicodeDecodeError:  # of a schema in which text was destroyed
        return "its text is damaged"
    if verdict != "ok":
        return str(verdict)
    return "" if tables >= TABLES else f"tables of MLflow are missing: {', '.join(sorted(TABLES - tables))}"


def set_aside(path: Path) -> Path:
    """Move a store out of the way, its journals too, under the next free name; returns that name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    path.rename(aside)
    for suffix in ("-journal", "-wal", "-shm"):
        journal = path.with_name(path.name + suffix)
        if journal.exists():
            journal.rename(aside.with_name(aside.name + suffix))
    return aside


def initialise(path: Path) -> None:
    """Build an empty store aside and rename it into its place; to be called under the lock.

    Every ledger of the one that stood there says from now on that its runs are not shown.

    Raises:
        StoreError: it cannot be written.
    """
    _sweep(path)  # what one that was killed left
    shutil.rmtree(path.with_name(ARTIFACTS), ignore_errors=True)  # of runs that nobody knows any more
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")  # MLflow remembers by name which stores it has opened
    try:
        connect(f"sqlite:///{aside.resolve()}").search_experiments()
        aside.replace(path)
        ledger.empty(path.parent, path.name)
    except Exception as error:  # MLflow's, SQLAlchemy's, Alembic's or the file system's
        _sweep(path)
        raise StoreError(f"no store can be made at {path}: {first_line(error)}") from error


def _sweep(path: Path) -> None:
    """Remove every half-made store, its journals too."""
    for remains in path.parent.glob(f".{path.name}.*"):
        remains.unlink()


def connect(uri: str) -> MlflowClient:
    """A client of MLflow, imported here and quiet."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    from mlflow.client import MlflowClient
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _hasten):
        event.listen(Engine, "connect", _hasten)
        event.listen(Engine, "checkout", _refuse_replaced)
    return MlflowClient(tracking_uri=uri)


def _hasten(connection: Any, record: Any) -> None:
    """No fsync: a power failure may break the store, which is found out and rebuilt. It saves a quarter of the CPU."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")
        path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
        record.info["file"] = (path, inode(path))


def _refuse_replaced(_connection: Any, record: Any, _proxy: Any) -> None:
    """A pooled connection to a store that was deleted or replaced is not used again: SQLAlchemy opens another."""
    from sqlalchemy.exc import DisconnectionError

    path, known = record.info.get("file", (None, 0))
    if path is not None and inode(path) != known:
        raise DisconnectionError


def inode(path: Path) -> int:
    """Which file stands at a path, 0 if none: a store that was replaced has another number."""
    return path.stat().st_ino if path.exists() else 0


def first_line(error: Exception) -> str:
    """An exception in one line; a server may have written it, and may repeat the address."""
    return shown(f"{type(error).__name__}: {error}".splitlines()[0])
