"""Learned policies shown moving: one episode of a policy as an animated WebP of at most 300 KB.

Frames are Gymnasium's own (`render_mode="rgb_array"`), drawn off the screen. Where an environment cannot be drawn, on
a machine without an off-screen OpenGL driver for instance, the film is empty and says why: a report never fails on it.
Vector problems of our own have no picture; `chart` draws their states over time, growing as the episode goes on.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import closing
from ctypes.util import find_library
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from harness.interface import Floats

Act: TypeAlias = Callable[[Floats], Floats]

FRAMES = 150
WIDTH = 320  # pixels
BYTES = 300_000
SECONDS_PER_FRAME = 0.04
QUALITIES = (60, 40, 20, 5)
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


class Film(NamedTuple):
    """An episode to look at: WebP bytes, or b"" and the reason why there are none."""

    data: bytes
    score: float  # undiscounted return of the episode shown
    steps: int
    reason: str = ""


def film(act: Act, environment_id: str, options: dict[str, Any], horizon: int, seed: int) -> Film:
    """One episode of a policy in a Gymnasium environment.

    Args:
        act: observation [O] -> action [A] as a kernel gives it; of a discrete one action[0] is the index.
        environment_id: a Gymnasium id.
        options: keyword arguments of `gymnasium.make`.
        horizon: most steps shown.
        seed: of the first reset; the same policy and seed give the same film.

    Returns:
        The film; without data and with a reason if the environment could not be drawn here.
    """
    from harness.rollouts.gymnasium_engine import make

    off_screen()
    try:
        environment = make(environment_id, options | {"render_mode": "rgb_array", "max_episode_steps": horizon})
        observation, _ = environment.reset(seed=seed)
        first = _picture(environment)
    except _driver_errors() as error:  # the policy has not acted yet: its own errors are not hidden here
        return Film(b"", float("nan"), 0, sentence(error))
    with closing(environment):
        return _episode(environment, act, observation, first)


def _episode(environment: Any, act: Act, observation: Floats, first: Image.Image) -> Film:
    """Step as the engine does, and draw, until the end of the episode."""
    from harness.rollouts.gymnasium_engine import sent

    frames = Frames()
    frames.take(first)
    score, steps, ended = 0.0, 0, False
    while not ended:
        action = sent(environment.action_space, act(np.asarray(observation, np.float64)))
        observation, reward, terminated, truncated, _ = environment.step(action)
        score, steps, ended = score + float(reward), steps + 1, bool(terminated or truncated)
        if frames.wants(steps):
            frames.take(_picture(environment))
    return Film(encode(frames.pictures, frames.stride), score, steps)


class Frames:
    """At most FRAMES pictures, evenly spaced: whenever full, every second one is dropped and the stride doubles."""

    def __init__(self) -> None:
        self.pictures: list[Image.Image] = []
        self.stride = 1

    def wants(self, step: int) -> bool:
        """Whether this step is on the grid."""
        return step % self.stride == 0

    def take(self, picture: Image.Image) -> None:
        """Keep a picture."""
        self.pictures.append(picture)
        if len(self.pictures) > FRAMES:
            self.pictures = self.pictures[::2]
            self.stride *= 2


def _picture(environment: Any) -> Image.Image:
    """The present frame, at most WIDTH wide."""
    pixels: NDArray[np.uint8] = np.asarray(environment.render(), dtype=np.uint8)  # [height, width, 3]
    picture = Image.fromarray(pixels)
    width = min(WIDTH, picture.width)
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def chart(states: Floats, title: str) -> bytes:
    """States [N, S] over time as a growing line chart, S <= 6 lines drawn: for problems that have no picture."""
    finite = states[np.isfinite(states).all(axis=1)][:, : len(LINES)]  # [N, S]
    if len(finite) < 2 or not finite.size:
        return b""
    low, high = float(finite.min()), float(finite.max())
    ends = np.unique(np.linspace(2, len(finite), min(FRAMES, len(finite) - 1)).astype(int))
    return encode([_chart_frame(finite, int(end), low, high, title) for end in ends], 1)


def _chart_frame(states: Floats, end: int, low: float, high: float, title: str) -> Image.Image:
    """The first `end` rows of the states [N, S] in a frame whose axes do not move."""
    width, height, margin = 2 * WIDTH, WIDTH + 80, 28
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    scale = (height - 2 * margin) / max(high - low, 1e-12)
    x = margin + np.arange(len(states)) * (width - 2 * margin) / (len(states) - 1)  # [N] pixels
    y = height - margin - (states - low) * scale  # [N, S] pixels
    if low <= 0.0 <= high:
        zero = height - margin + low * scale
        pen.line([(margin, zero), (width - margin, zero)], fill="#bbbbbb", width=2)
    for number, colour in zip(range(states.shape[1]), LINES, strict=False):
        points = list(zip(x[:end].tolist(), y[:end, number].tolist(), strict=True))
        pen.line(points, fill=colour, width=4, joint="curve")
        pen.circle(points[-1], 6, fill=colour)
    pen.text((margin, 6), title, fill="#444444")
    return picture.resize((WIDTH, height // 2), Image.Resampling.LANCZOS)


def encode(pictures: list[Image.Image], stride: int) -> bytes:
    """An endless WebP of at most BYTES: first the quality falls, then every second frame goes."""
    step = max(1, min(stride, 2))
    while True:
        for quality in QUALITIES:
            data = _webp(pictures, quality, round(1000 * SECONDS_PER_FRAME * step))
            if len(data) <= BYTES:
                return data
        if len(pictures) == 1:
            return b""
        pictures, step = pictures[::2], 2 * step


def _webp(pictures: list[Image.Image], quality: int, milliseconds: int) -> bytes:
    """The pictures as one file."""
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=milliseconds,
        loop=0,
        quality=quality,
        method=3,
    )
    return buffer.getvalue()


def off_screen() -> None:
    """Ask the drawing libraries for drivers that need no screen; what the user has set is left alone."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    for backend, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if find_library(library):
            os.environ.setdefault("MUJOCO_GL", backend)


def _driver_errors() -> tuple[type[Exception], ...]:
    """What Gymnasium, PyOpenGL, pygame and MuJoCo raise where a picture cannot be made."""
    import gymnasium

    errors = (gymnasium.error.Error, ImportError, RuntimeError, AttributeError, TypeError)
    try:
        import mujoco
    except ImportError:
        return errors
    return (*errors, mujoco.FatalError)


def sentence(error: Exception) -> str:
    """One line that says why there is no film."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"could not be drawn on this machine ({first[:160]})"
