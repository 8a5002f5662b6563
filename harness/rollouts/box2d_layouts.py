"""Layouts of Box2D's structs, and its constants: the fields in their order, aligned as its compiler laid them.

Source: the headers of Box2D 2.3 as pybox2d 2.3.10 ships them (E. Catto, K. Lauer). Structs that are allocated here are
whole; of those that Box2D allocates, the fields after the last one of interest are left out.
"""

from __future__ import annotations

import numpy as np

WORLD = np.dtype(("i8", 103_296 // 8))  # b2World: a hundred kilobytes of it are the stack of its solver
BODY_DEFINITION = np.dtype(
    [
        ("kind", "i4"),
        ("position", "f4", 2),
        ("angle", "f4"),
        ("velocity", "f4", 2),
        ("spin", "f4"),
        ("linear_damping", "f4"),
        ("angular_damping", "f4"),
        ("may_sleep", "?"),
        ("awake", "?"),
        ("fixed_rotation", "?"),
        ("bullet", "?"),
        ("active", "?"),
        ("user_data", "i8"),
        ("gravity_scale", "f4"),
    ],
    align=True,
)
FIXTURE_DEFINITION = np.dtype(
    [
        ("shape", "i8"),
        ("user_data", "i8"),
        ("friction", "f4"),
        ("restitution", "f4"),
        ("density", "f4"),
        ("sensor", "?"),
        ("category", "u2"),
        ("mask", "u2"),
        ("group", "i2"),
    ],
    align=True,
)
REVOLUTE_DEFINITION = np.dtype(
    [
        ("kind", "i4"),
        ("user_data", "i8"),
        ("bodies", "i8", 2),
        ("collide", "?"),
        ("anchors", "f4", (2, 2)),
        ("reference", "f4"),
        ("limited", "?"),
        ("lower", "f4"),
        ("upper", "f4"),
        ("driven", "?"),
        ("motor_speed", "f4"),
        ("motor_torque", "f4"),
    ],
    align=True,
)
EDGE = np.dtype(
    [
        ("table", "i8"),
        ("kind", "i4"),
        ("radius", "f4"),
        ("vertices", "f4", (2, 2)),
        ("neighbours", "f4", (2, 2)),
        ("has_neighbours", "u1", 2),
    ],
    align=True,
)
POLYGON = np.dtype(
    [
        ("table", "i8"),
        ("kind", "i4"),
        ("radius", "f4"),
        ("centroid", "f4", 2),
        ("vertices", "f4", (16, 2)),
        ("normals", "f4", (16, 2)),
        ("count", "i4"),
    ],
    align=True,
)
BODY = np.dtype(
    [
        ("kind", "i4"),
        ("flags", "u2"),
        ("island", "i4"),
        ("position", "f4", 2),
        ("rotation", "f4", 2),  # sine and cosine
        ("local_centre", "f4", 2),
        ("centre_before", "f4", 2),
        ("centre", "f4", 2),
        ("angle_before", "f4"),
        ("angle", "f4"),
        ("fraction", "f4"),
        ("velocity", "f4", 2),
        ("spin", "f4"),
        ("force", "f4", 2),
        ("torque", "f4"),
        ("world", "i8"),
        ("neighbours", "i8", 2),
        ("fixtures", "i8"),
        ("fixture_count", "i4"),
        ("joints", "i8"),
        ("contacts", "i8"),
        ("mass", "f4"),
        ("inverse_mass", "f4"),
        ("inertia", "f4"),
        ("inverse_inertia", "f4"),
    ],
    align=True,
)
FIXTURE = np.dtype(
    [
        ("density", "f4"),
        ("next", "i8"),
        ("body", "i8"),
        ("shape", "i8"),
        ("friction", "f4"),
        ("restitution", "f4"),
        ("proxies", "i8"),
        ("proxy_count", "i4"),
        ("category", "u2"),
    ],
    align=True,
)
CONTACT = np.dtype(
    [("table", "i8"), ("flags", "u4"), ("neighbours", "i8", 2), ("nodes", "i8", (2, 4)), ("fixtures", "i8", 2)],
    align=True,
)
LISTENER_TABLE = np.dtype(("i8", 6))  # two destructors, BeginContact, EndContact, PreSolve, PostSolve
BEGIN_CONTACT, END_CONTACT = 2, 3
RAY_TABLE = np.dtype(("i8", 3))  # two destructors, ReportFixture
REPORT_FIXTURE = 2

STATIC, DYNAMIC = 0, 2  # kinds of bodies
EDGE_KIND, POLYGON_KIND, REVOLUTE_KIND = 1, 2, 1
SKIN = np.float32(2) * np.float32(0.005)  # b2_polygonRadius
AWAKE = 0x0002  # of the flags of a body
TABLE_START = 16  # bytes before the first function in the symbol of a class's table: its objects point behind them
