"""Videos with sound, and answers about them, made when a test needs them."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE = 44_100


def write_film(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]],
    times: Sequence[int],
    sound: str | None = "aac",
    codec: str = "libx264",
    rotation: int = 0,
    layout: str = "stereo",
) -> Path:
    """RGB pictures [H, W, 3] at times in milliseconds, and a tone that lasts from the first to the last of them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        film: Any = container.add_stream(codec, rate=25)  # type: ignore[call-overload]
        film.height, film.width = pictures[0].shape[:2]
        film.pix_fmt = "yuv444p" if pictures[0].shape[0] % 2 or pictures[0].shape[1] % 2 else "yuv420p"
        film.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            film.set_display_rotation(rotation)
        tone: Any = container.add_stream(sound, rate=RATE, layout=layout) if sound else None  # type: ignore[call-overload]
        for pixels, time in zip(pictures, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame.time_base, frame.pts = Fraction(1, 1000), time
            container.mux(film.encode(frame))
        container.mux(film.encode())
        if tone is not None:
            for start in range(0, times[-1] * RATE // 1000, 1024):
                wave = np.sin(np.arange(start, start + 1024) * (2 * np.pi * 440 / RATE)) * 8_000
                channels = {"mono": 1, "stereo": 2}[layout]
                heard = av.AudioFrame.from_ndarray(
                    np.repeat(wave.astype(np.int16), channels)[None], format="s16", layout=layout
                )
                heard.sample_rate, heard.pts, heard.time_base = RATE, start, Fraction(1, RATE)
                container.mux(tone.encode(heard))
            container.mux(tone.encode())
    return path


def pictures(count: int, height: int = 96, width: int = 128) -> list[NDArray[np.uint8]]:
    """A light square that moves to the right over a grey ground."""
    made = []
    for number in range(count):
        picture = np.full((height, width, 3), 90, np.uint8)
        picture[10:40, 4 + 2 * number : 34 + 2 * number] = (230, 60, 20)
        made.append(picture)
    return made
