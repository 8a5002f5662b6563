"""Box2D for compiled code: its functions by symbol, what its headers have inline, and functions that it may call.

Called is the library of pybox2d 2.3.10, the one that Gymnasium steps, so that a world has the bits of Gymnasium's. It
is opened once, when this is imported. What is inline in the headers is no symbol; it is written here, in its float32.

Source: E. Catto's Box2D 2.3, as K. Lauer's pybox2d ships it.
"""

from __future__ import annotations

import ctypes
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from llvmlite import binding, ir
from numba import carray, njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from harness.rollouts.box2d_layouts import (
    BODY_DEFINITION,
    CONTACT,
    EDGE,
    EDGE_KIND,
    FIXTURE,
    FIXTURE_DEFINITION,
    LISTENER_TABLE,
    POLYGON,
    POLYGON_KIND,
    REVOLUTE_DEFINITION,
    REVOLUTE_KIND,
    SKIN,
    TABLE_START,
)

PACKAGE, VERSION = "box2d", "2.3.10"  # whose layouts are known

Record: TypeAlias = Any  # a struct: an array [] of its layout, or what `at` gives

# Functions that compiled code calls; every address is an int64, that of the object comes first

ADDRESS = types.int64
make_world = types.ExternalFunction("_ZN7b2WorldC1ERK6b2Vec2", types.void(ADDRESS, ADDRESS))  # gravity
destroy_world = types.ExternalFunction("_ZN7b2WorldD1Ev", types.void(ADDRESS))
listen = types.ExternalFunction(
    "_ZN7b2World18SetContactListenerEP17b2ContactListener",
    types.void(ADDRESS, ADDRESS),  # listener
)
create_body = types.ExternalFunction("_ZN7b2World10CreateBodyEPK9b2BodyDef", ADDRESS(ADDRESS, ADDRESS))
create_joint = types.ExternalFunction("_ZN7b2World11CreateJointEPK10b2JointDef", ADDRESS(ADDRESS, ADDRESS))
create_fixture = types.ExternalFunction("_ZN6b2Body13CreateFixtureEPK12b2FixtureDef", ADDRESS(ADDRESS, ADDRESS))
advance = types.ExternalFunction(
    "_ZN7b2World4StepEfii",
    types.void(ADDRESS, types.float32, types.int32, types.int32),  # seconds, iterations for velocities, for positions
)
cast_ray = types.ExternalFunction(
    "_ZNK7b2World7RayCastEP17b2RayCastCallbackRK6b2Vec2S4_",
    types.void(ADDRESS, ADDRESS, ADDRESS, ADDRESS),  # whom it tells what is hit, start, end
)
set_motor_speed = types.ExternalFunction("_ZN15b2RevoluteJoint13SetMotorSpeedEf", types.void(ADDRESS, types.float32))
set_motor_torque = types.ExternalFunction(
    "_ZN15b2RevoluteJoint17SetMaxMotorTorqueEf", types.void(ADDRESS, types.float32)
)
joint_angle = types.ExternalFunction("_ZNK15b2RevoluteJoint13GetJointAngleEv", types.float32(ADDRESS))
joint_speed = types.ExternalFunction("_ZNK15b2RevoluteJoint13GetJointSpeedEv", types.float32(ADDRESS))
WORLDS = (make_world, destroy_world, listen, create_body, create_joint, create_fixture, advance, cast_ray)
JOINTS = (set_motor_speed, set_motor_torque, joint_angle, joint_speed)


def load(expected: str = VERSION) -> ctypes.CDLL:
    """Box2D's library, whose functions compiled code finds from now on.

    Raises:
        ImportError: if it is not there, is of another version, or lacks a symbol.
    """
    try:
        found = version(PACKAGE)
    except PackageNotFoundError:
        found = "none"
    if found != expected:
        raise ImportError(f"compiled Box2D needs {PACKAGE} {expected}, whose layouts it knows, and found {found}")
    spec = find_spec("Box2D")
    folders = spec.submodule_search_locations or () if spec else ()
    files = [file for folder in folders for file in sorted(Path(folder).glob("_Box2D*.so"))]
    if not files:
        raise ImportError(f"compiled Box2D found no _Box2D*.so in {PACKAGE} {expected}")
    library = ctypes.CDLL(str(files[0]))
    for function in WORLDS + JOINTS:
        binding.add_symbol(function.symbol, address_in(library, function.symbol))
    return library


def address_in(library: ctypes.CDLL, symbol: str) -> int:
    """Where an exported function or table lies.

    Raises:
        ImportError: if there is none.
    """
    try:
        return ctypes.addressof(ctypes.c_byte.in_dll(library, symbol))
    except ValueError as fault:
        raise ImportError(f"compiled Box2D needs the symbol {symbol}, which its library lacks") from fault


LIBRARY = load()
EDGE_TABLE, POLYGON_TABLE, SILENT_TABLE = (
    address_in(LIBRARY, symbol) + TABLE_START
    for symbol in ("_ZTV11b2EdgeShape", "_ZTV14b2PolygonShape", "_ZTV17b2ContactListener")
)


# In Python: definitions, which Box2D copies


def body_definition(kind: int, position: tuple[float, float] = (0.0, 0.0), angle: float = 0.0) -> Record:
    """b2BodyDef with Box2D's defaults."""
    made = np.zeros((), BODY_DEFINITION)
    made["kind"], made["position"], made["angle"] = kind, position, angle
    made["may_sleep"] = made["awake"] = made["active"] = True
    made["gravity_scale"] = 1.0
    return made


def fixture_definition(friction: float, density: float, category: int = 0x0001, mask: int = 0xFFFF) -> Record:
    """b2FixtureDef of what does not bounce; its shape is still to come."""
    made = np.zeros((), FIXTURE_DEFINITION)
    made["friction"], made["density"], made["category"], made["mask"] = friction, density, category, mask
    return made


def revolute_definition(
    anchors: tuple[tuple[float, float], tuple[float, float]],
    reference: float,
    limits: tuple[float, float],
    speed: float,
    torque: float,
) -> Record:
    """b2RevoluteJointDef with a motor and limits around a reference angle [rad]; its bodies are still to come."""
    made = np.zeros((), REVOLUTE_DEFINITION)
    made["kind"], made["anchors"], made["reference"] = REVOLUTE_KIND, anchors, reference
    made["limited"], made["lower"], made["upper"] = True, *limits
    made["driven"], made["motor_speed"], made["motor_torque"] = True, speed, torque
    return made


def edge() -> Record:
    """b2EdgeShape; its two vertices are still to come."""
    made = np.zeros((), EDGE)
    made["table"], made["kind"], made["radius"] = EDGE_TABLE, EDGE_KIND, SKIN
    return made


def polygon(vertices: list[tuple[float, float]]) -> Record:
    """b2PolygonShape, the convex hull of 3 to 16 vertices."""
    made = _no_polygon()
    points = np.array(vertices, np.float32)  # [N, 2]
    set_vertices = LIBRARY["_ZN14b2PolygonShape3SetEPK6b2Vec2i"]
    set_vertices(ctypes.c_void_p(made.ctypes.data), ctypes.c_void_p(points.ctypes.data), len(points))
    return made


def box(half_width: float, half_height: float) -> Record:
    """b2PolygonShape, a box around the origin."""
    made = _no_polygon()
    set_box = LIBRARY["_ZN14b2PolygonShape8SetAsBoxEff"]
    set_box(ctypes.c_void_p(made.ctypes.data), ctypes.c_float(half_width), ctypes.c_float(half_height))
    return made


def _no_polygon() -> Record:
    made = np.zeros((), POLYGON)
    made["table"], made["kind"], made["radius"] = POLYGON_TABLE, POLYGON_KIND, SKIN
    return made


def silent_table() -> NDArray[np.int64]:
    """The functions [6] of a listener that hears nothing."""
    return np.frombuffer(ctypes.string_at(SILENT_TABLE, LISTENER_TABLE.itemsize), np.int64)


def destroy(world: int) -> None:
    """Give back all that a world holds beside its own memory."""
    LIBRARY[destroy_world.symbol](ctypes.c_void_p(world))


# In compiled code


@intrinsic
def _pointer(typing: Any, number: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], ir.IntType(8).as_pointer())

    return types.voidptr(ADDRESS), generate


@njit(inline="always")
def at(address: int, layout: Any) -> Record:
    """The struct that lies at an address: its fields are read and written there."""
    return carray(_pointer(address), 1, layout)[0]


@intrinsic
def address(typing: Any, record: Any) -> Any:
    """Where a struct lies."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], ir.IntType(64))

    return ADDRESS(record), generate


def _entry(kind: Any) -> Any:
    """An intrinsic: where C++ may call a compiled function of this signature, which must not raise."""

    @intrinsic
    def entry(typing: Any, function: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            silent, word = kind.return_type == types.void, ir.IntType(64)
            answer = ir.VoidType() if silent else context.get_value_type(kind.return_type)
            shape = ir.FunctionType(answer, [context.get_value_type(argument) for argument in kind.args])
            outer = ir.Function(builder.module, shape, builder.module.get_unique_name("entry"))
            outer.linkage = "internal"
            inside = ir.IRBuilder(outer.append_basic_block())
            inner = context.compile_subroutine(inside, function.dispatcher.py_func, kind)
            _, value = context.call_internal_no_propagate(inside, inner.fndesc, kind, outer.args)
            inside.ret_void() if silent else inside.ret(value)
            return builder.ptrtoint(outer, word)

        return ADDRESS(function), generate

    return entry


contact_entry = _entry(types.void(ADDRESS, ADDRESS))  # listener, contact
# Whom a ray tells, fixture, point, normal, where on the ray [0, 1] -> where the ray shall end; -1: not at this fixture
hit_entry = _entry(types.float32(ADDRESS, ADDRESS, ADDRESS, ADDRESS, types.float32))


@njit
def bodies_of(contact: int) -> tuple[int, int]:
    """The addresses of the two bodies that touch."""
    fixtures = at(contact, CONTACT).fixtures
    return at(fixtures[0], FIXTURE).body, at(fixtures[1], FIXTURE).body


@njit
def stretch(edge: Record, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Set the two vertices of an edge."""
    edge.vertices[0, 0], edge.vertices[0, 1] = start
    edge.vertices[1, 0], edge.vertices[1, 1] = end


@njit
def push(body: Record, force: tuple[float, float]) -> None:
    """b2Body::ApplyForceToCenter, for a body that is awake."""
    body.force[0] += np.float32(force[0])
    body.force[1] += np.float32(force[1])


@njit
def kick(body: Record, impulse: tuple[float, float], point: tuple[float, float]) -> None:
    """b2Body::ApplyLinearImpulse at a point of the world, for a body that is awake."""
    x, y = np.float32(impulse[0]), np.float32(impulse[1])
    arm_x, arm_y = np.float32(point[0]) - body.centre[0], np.float32(point[1]) - body.centre[1]
    body.velocity[0] += body.inverse_mass * x
    body.velocity[1] += body.inverse_mass * y
    body.spin += body.inverse_inertia * (arm_x * y - arm_y * x)
