"""Box2D for compiled code: layouts, definitions and functions are pybox2d's, and a foreign library is refused."""

from __future__ import annotations

import ctypes
from importlib.metadata import PackageNotFoundError
from typing import Any

import Box2D
import gymnasium
import numpy as np
import pytest
from numba import njit

from environments.lunar_lander import HULL
from harness.rollouts import box2d
from harness.rollouts import box2d_layouts as layout


def lander_after(seed: int, action: int, steps: int) -> Any:
    """Gymnasium's environment, some steps on."""
    environment: Any = gymnasium.make("LunarLander-v3").unwrapped
    environment.reset(seed=seed)
    for _ in range(steps):
        environment.step(action)
    return environment


def raw(thing: Any, kind: np.dtype[Any]) -> Any:
    """What lies where an object of pybox2d points to."""
    return np.frombuffer(ctypes.string_at(int(thing.this), kind.itemsize), kind)[0]


def same(mine: Any, theirs: Any) -> bool:
    """Whether all fields are equal."""
    return all(np.array_equal(mine[field], theirs[field]) for field in mine.dtype.names)


def test_definitions_have_the_fields_of_pybox2ds_in_their_places() -> None:
    body = Box2D.b2BodyDef(type=Box2D.b2_dynamicBody, position=(1.5, -2.5), angle=0.25)
    assert same(box2d.body_definition(layout.DYNAMIC, (1.5, -2.5), 0.25), raw(body, layout.BODY_DEFINITION))
    assert same(box2d.body_definition(layout.STATIC), raw(Box2D.b2BodyDef(), layout.BODY_DEFINITION))
    fixture = Box2D.b2FixtureDef(friction=0.3, density=4.0, categoryBits=0x0010, maskBits=0x0003)
    assert same(box2d.fixture_definition(0.3, 4.0, 0x0010, 0x0003), raw(fixture, layout.FIXTURE_DEFINITION))
    plain = raw(Box2D.b2FixtureDef(), layout.FIXTURE_DEFINITION)
    assert same(box2d.fixture_definition(0.2, 0.0), plain)
    joint = Box2D.b2RevoluteJointDef(
        localAnchorA=(1, 2), localAnchorB=(3, 4), lowerAngle=-0.5, upperAngle=0.75, enableLimit=True, enableMotor=True,
        motorSpeed=5.0, maxMotorTorque=6.0, referenceAngle=0.125,
    )  # fmt: skip
    made = box2d.revolute_definition(((1, 2), (3, 4)), 0.125, (-0.5, 0.75), 5.0, 6.0)
    assert same(made, raw(joint, layout.REVOLUTE_DEFINITION))


@pytest.mark.parametrize("field", ["bullet", "fixedRotation", "allowSleep", "awake", "active", "gravityScale"])
def test_each_field_of_a_body_definition_that_is_never_set_lies_where_pybox2d_has_it(field: str) -> None:
    ours = {"fixedRotation": "fixed_rotation", "allowSleep": "may_sleep", "gravityScale": "gravity_scale"}
    body = Box2D.b2BodyDef()
    value = not getattr(body, field) if field != "gravityScale" else 0.5
    setattr(body, field, value)
    expected = box2d.body_definition(layout.STATIC)
    expected[ours.get(field, field)] = value
    assert same(expected, raw(body, layout.BODY_DEFINITION))


def test_shapes_are_those_of_pybox2d_whole() -> None:
    corners = [(x / 30, y / 30) for x, y in HULL]
    for made, shape in (
        (box2d.polygon(corners), Box2D.b2PolygonShape(vertices=corners)),
        (box2d.box(0.2, 0.7), Box2D.b2PolygonShape(box=(0.2, 0.7))),
    ):
        count = int(made["count"])
        theirs = raw(shape, layout.POLYGON)
        assert count == theirs["count"] == len(shape.vertices)
        for field in ("kind", "radius", "centroid"):
            assert np.array_equal(made[field], theirs[field])
        assert made["vertices"][:count].tolist() == theirs["vertices"][:count].tolist()
        assert made["normals"][:count].tolist() == theirs["normals"][:count].tolist()
        assert made["radius"] == np.float32(shape.radius)
    made, shape = box2d.edge(), Box2D.b2EdgeShape(vertices=[(1, 2), (3, 4)])
    made["vertices"] = (1, 2), (3, 4)
    theirs = raw(shape, layout.EDGE)
    assert all(np.array_equal(made[field], theirs[field]) for field in made.dtype.names if field != "table")


def test_a_body_is_read_as_pybox2d_reads_it() -> None:
    environment = lander_after(seed=3, action=2, steps=60)
    lander = environment.lander
    body = raw(lander, layout.BODY)
    for field, told in (
        ("position", lander.position),
        ("centre", lander.worldCenter),
        ("local_centre", lander.localCenter),
        ("velocity", lander.linearVelocity),
    ):
        assert body[field].tolist() == list(told), field
    for field, number in (
        ("angle", lander.angle),
        ("spin", lander.angularVelocity),
        ("mass", lander.mass),
        ("inverse_mass", np.float32(1) / np.float32(lander.mass)),
        ("inverse_inertia", np.float32(1) / body["inertia"]),
        ("kind", lander.type),
        ("fixture_count", 1),
        ("world", int(environment.world.this)),
        ("fixtures", int(lander.fixtures[0].this)),
    ):
        assert body[field] == number, field
    assert bool(body["flags"] & layout.AWAKE) == lander.awake
    lander.awake = False
    assert not raw(lander, layout.BODY)["flags"] & layout.AWAKE
    assert raw(lander.fixtures[0], layout.FIXTURE)["body"] == int(lander.this)


def test_the_two_fixtures_of_a_contact_lie_where_pybox2d_has_them() -> None:
    environment = lander_after(seed=3, action=0, steps=0)
    while not environment.world.contacts:
        environment.step(0)
    contact = environment.world.contacts[0]
    assert raw(contact, layout.CONTACT)["fixtures"].tolist() == [
        int(contact.fixtureA.this), int(contact.fixtureB.this)
    ]  # fmt: skip
    seen = njit(lambda address: box2d.bodies_of(address))(int(contact.this))
    assert seen == (int(contact.fixtureA.body.this), int(contact.fixtureB.body.this))


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_usable_size"), reason="only glibc tells the size of a block")
def test_a_world_is_as_large_as_what_pybox2d_allocates_for_one() -> None:
    """In units of 16 bytes, of which the allocator keeps 8."""
    usable = ctypes.CDLL(None).malloc_usable_size
    usable.argtypes, usable.restype = [ctypes.c_void_p], ctypes.c_size_t
    world = Box2D.b2World()
    assert 0 <= usable(int(world.this)) - layout.WORLD.itemsize < 16


def test_kicks_and_pushes_are_pybox2ds_to_the_bit() -> None:
    @njit
    def kick(body: int, impulse: Any, point: Any) -> None:
        box2d.kick(box2d.at(body, layout.BODY), impulse, point)

    @njit
    def push(body: int, force: Any) -> None:
        box2d.push(box2d.at(body, layout.BODY), force)

    rng = np.random.default_rng(0)
    environment = lander_after(seed=4, action=0, steps=1)
    lander = environment.lander
    for _ in range(300):
        impulse, force = tuple(rng.normal(size=2)), tuple(rng.normal(scale=300, size=2))
        point = tuple(rng.normal(size=2) + lander.position)
        before = ctypes.string_at(int(lander.this), layout.BODY.itemsize)
        lander.ApplyLinearImpulse(impulse, point, True)
        lander.ApplyForceToCenter(force, True)
        theirs = ctypes.string_at(int(lander.this), layout.BODY.itemsize)
        ctypes.memmove(int(lander.this), before, layout.BODY.itemsize)
        kick(int(lander.this), impulse, point)
        push(int(lander.this), force)
        assert ctypes.string_at(int(lander.this), layout.BODY.itemsize) == theirs != before


# What a walker needs


@pytest.fixture(scope="module")
def walker() -> Any:
    """Gymnasium's walker on its legs."""
    environment: Any = gymnasium.make("BipedalWalker-v3").unwrapped
    environment.reset(seed=3)
    for _ in range(20):
        environment.step(np.array([0.5, -0.25, -0.5, 0.75], np.float32))
    return environment


def test_joints_are_read_and_set_as_by_pybox2d(walker: Any) -> None:
    @njit
    def use(joint: int, speed: float, torque: float) -> Any:
        box2d.set_motor_speed(joint, speed)
        box2d.set_motor_torque(joint, torque)
        return box2d.joint_angle(joint), box2d.joint_speed(joint)

    for number, joint in enumerate(walker.joints):
        place, size = int(joint.this), 192  # up to beyond its motor
        before = ctypes.string_at(place, size)
        joint.motorSpeed, joint.maxMotorTorque = number - 1.5, number + 0.3
        theirs = ctypes.string_at(place, size)
        ctypes.memmove(place, before, size)
        assert use(place, number - 1.5, number + 0.3) == (joint.angle, joint.speed)
        assert ctypes.string_at(place, size) == theirs != before
    assert len({joint.angle for joint in walker.joints}) == 4


RAY = np.dtype([("table", "i8"), ("hits", "i8", 3), ("fractions", "f4", 3), ("ends", "f4", (2, 2))], align=True)


@njit
def hit(ray: int, fixture: int, point: int, normal: int, fraction: Any) -> Any:
    """Note what kind of fixture is met, and where; look through the walker, and stop behind the ground."""
    place = box2d.at(ray, RAY)
    kind = 1 if box2d.at(fixture, layout.FIXTURE).category == 0x0001 else 0
    place.hits[kind] += 1
    place.fractions[kind] = fraction
    return fraction if kind else np.float32(-1.0)


@njit
def cast(world: int, ray: int, table: Any) -> None:
    place = box2d.at(ray, RAY)
    table[layout.REPORT_FIXTURE] = box2d.hit_entry(hit)
    place.table = table.ctypes.data
    box2d.cast_ray(world, ray, place.ends.ctypes.data, place.ends.ctypes.data + 8)


def test_a_ray_tells_the_category_of_what_it_meets_and_where_as_it_does_to_pybox2d(walker: Any) -> None:
    class Hit(Box2D.b2RayCastCallback):  # type: ignore[misc]
        def ReportFixture(self, fixture: Any, point: Any, normal: Any, fraction: float) -> float:  # noqa: N802
            kind = int(fixture.filterData.categoryBits == 0x0001)
            self.seen[kind].append(fraction)
            return fraction if kind else -1.0

    x, y = walker.hull.position
    for away in (-2.0, -0.1, 0.0, 0.25, 1.0, 30.0):
        theirs, ray, table = Hit(), np.zeros(1, RAY), np.zeros(3, np.int64)
        theirs.seen = [], []
        ray["ends"] = (x, y + 2.0), (x + away, y + 2.0 - 8.0)
        walker.world.RayCast(theirs, *(tuple(map(float, end)) for end in ray["ends"][0]))
        cast(int(walker.world.this), ray.ctypes.data, table)
        assert ray["hits"][0].tolist() == [*map(len, theirs.seen), 0]
        assert ray["fractions"][0].tolist() == [*(seen[-1] if seen else 0.0 for seen in theirs.seen), 0.0]


def test_an_edge_goes_from_one_point_to_the_other() -> None:
    edge = box2d.edge()
    njit(lambda place, start, end: box2d.stretch(box2d.at(place, layout.EDGE), start, end))(
        edge.ctypes.data, (1.0, 2.0), (3.0, 4.0)
    )
    assert edge["vertices"].tolist() == [[1.0, 2.0], [3.0, 4.0]]


# The library


def none_installed(package: str) -> str:
    raise PackageNotFoundError(package)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("version", lambda package: "2.3.8", "needs box2d 2.3.10, whose layouts it knows, and found 2.3.8$"),
        ("version", none_installed, "needs box2d 2.3.10, whose layouts it knows, and found none$"),
        ("find_spec", lambda package: None, r"found no _Box2D\*.so in box2d 2.3.10$"),
    ],
)
def test_a_library_that_is_missing_or_foreign_is_one_line(
    name: str, value: Any, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box2d, name, value)
    with pytest.raises(ImportError, match=message):
        box2d.load()


def test_a_symbol_that_is_missing_is_one_line() -> None:
    with pytest.raises(ImportError, match=r"needs the symbol b2World_Step, which its library lacks$"):
        box2d.address_in(box2d.LIBRARY, "b2World_Step")
