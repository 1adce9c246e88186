"""Small videos, made when a test needs them: each frame is of one grey, which tells it from its neighbours."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

STEP = 16  # grey levels between neighbours, far more than any codec is off by


def grey(number: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 16 + number * STEP, np.uint8)


def number_of(rgb: NDArray[np.uint8]) -> int:
    """The number that `grey` was given, whatever a codec did to the picture."""
    return round((float(rgb.mean()) - 16) / STEP)


def write_video(
    path: Path,
    frames: Sequence[NDArray[np.uint8]],
    codec: str = "mpeg4",
    rate: int = 30,
    pix_fmt: str = "yuv420p",
    pts: Sequence[int] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """A video of RGB frames [H, W, 3]; `pts` in milliseconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=rate, options=options or {})  # type: ignore[call-overload]
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if pts:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            if pts:
                frame.time_base, frame.pts = Fraction(1, 1000), pts[number]
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_folder(path: Path, frames: Sequence[NDArray[np.uint8]], name: str = "{:05d}.png") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for number, rgb in enumerate(frames, start=1):
        Image.fromarray(rgb).save(path / name.format(number))
    return path
