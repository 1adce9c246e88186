"""Which frames of a clip a method looks at, as its `Segments` say.

T frames are taken from a clip, in the order of time. Random choices depend on (seed, iteration, clip) when a clip is
trained on and on (seed, view, clip) when it is scored, and not on the other clips of the batch.

    random  one frame of each of T segments, drawn. Further views are further draws. ActionCLIP's training (TSN's rule);
            X-CLIP scores four such draws.
    middle  the frame in the middle of each segment. ActionCLIP's test. With V views, each segment is divided into V
            parts, and view v takes the middle frame of part v (our extension; ActionCLIP has one view).
    start   the first frame of each segment. BIKE's test. With V views, the first view takes the first frame of each
            segment, the last view its last frame, and the others lie evenly between (BIKE's rule for several clips).
    stride  frames that are `stride` apart; the last frame is repeated where the clip ends. The first frame is drawn
            when the clip is trained on. In scoring, a single view lies in the middle of the clip, and several views lie
            evenly from its first frame to its last (Vita-CLIP and STDD, which round the starts differently).

Left out, because only one method uses each: A5's drawn frame rate, the training segments of Vita-CLIP and BIKE, which
share their ends, and ViCLIP's frames floor(n / T) apart.

Segments are computed in whole numbers. The published codes use floating-point numbers; for T a power of two both agree
to the bit.

Shapes: N clips of a batch, T frames that are looked at.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from zsstad_core.errors import DataError
from zsstad_core.learning.draws import whole_numbers
from zsstad_core.learning.frame_index import Ints
from zsstad_core.methods.contract import Segments


def training_frames(segments: Segments, frames_N: Ints, clip_N: Ints, seed: int, iteration: int) -> Ints:
    """The frames of each clip that a step of training looks at, int64 [N, T], from 0, in ascending order.

    frames_N: how many frames each clip has, int64, at least 1. clip_N: a number that identifies the clip, int64.
    """
    draw = partial(whole_numbers, seed, iteration, clip_N)
    if segments.train == "random":
        return _draw(segments.frames, frames_N, draw)
    if segments.train == "stride":
        starts_N1 = _spare(segments, frames_N)[:, None] + 1
        return _stride(segments, frames_N, draw(starts_N1)[:, 0])
    return _place(segments.frames, frames_N, *_share(segments.train, 0, 1))


def scoring_frames(segments: Segments, frames_N: Ints, clip_N: Ints, seed: int, view: int) -> Ints:
    """The frames of each clip that view `view` of `segments.views` looks at, int64 [N, T]; as `training_frames`."""
    if segments.test == "random":
        return _draw(segments.frames, frames_N, partial(whole_numbers, seed, view, clip_N))
    if segments.test == "stride":
        share, parts = (view, segments.views - 1) if segments.views > 1 else (1, 2)
        return _stride(segments, frames_N, _spare(segments, frames_N) * share // parts)
    return _place(segments.frames, frames_N, *_share(segments.test, view, segments.views))


def refuse_short(segments: Segments, frames_N: Ints, names: Sequence[str]) -> None:
    """Raise DataError, naming the first such clip, where a clip is too short for `segments`.

    names: names of the clips, in the order of `frames_N`. A clip without a frame is always too short.
    """
    least = 1
    if segments.short == "refuse":
        least = _span(segments) if "stride" in (segments.train, segments.test) else segments.frames
    short = np.flatnonzero(frames_N < least)
    if len(short):
        first = int(short[0])
        raise DataError(
            f"{names[first]}: the clip has {int(frames_N[first])} frames, the method looks at {segments.frames} of a "
            f"clip of at least {least} ({len(short)} of {len(frames_N)} clips are shorter): leave these out, or take a "
            "method that repeats frames"
        )


def _draw(frames: int, frames_N: Ints, draw: Callable[[Ints], Ints]) -> Ints:
    """A frame of each segment [floor(i n / T), floor((i + 1) n / T)), drawn, int64 [N, T].

    A clip with at most T frames gives all of them, and the rest drawn with replacement, in order.
    """
    place_T = np.arange(frames)
    first_NT = place_T * frames_N[:, None] // frames
    end_NT = (place_T + 1) * frames_N[:, None] // frames
    short_N1 = frames_N[:, None] <= frames
    drawn_NT = draw(np.where(short_N1, frames_N[:, None], end_NT - first_NT))
    repeated_NT = np.sort(np.where(place_T < frames_N[:, None], place_T, drawn_NT), axis=1)
    chosen_NT: Ints = np.where(short_N1, repeated_NT, first_NT + drawn_NT)
    return chosen_NT


def _share(sampling: str, view: int, views: int) -> tuple[int, int]:
    """The place in a segment, from its first frame (0) to its last (1), as numerator and denominator."""
    if sampling == "middle":
        return 2 * view + 1, 2 * views
    return (view, views - 1) if views > 1 else (0, 1)


def _place(frames: int, frames_N: Ints, share: int, parts: int) -> Ints:
    """The frame floor(i n / T + share / parts (n / T - 1)) of each segment i; floor(i n / T) in a clip of at most T."""
    spare_N = np.maximum(frames_N - frames, 0)
    times_NT = parts * np.arange(frames) * frames_N[:, None] + (share * spare_N)[:, None]
    placed_NT: Ints = times_NT // (parts * frames)
    return placed_NT


def _stride(segments: Segments, frames_N: Ints, start_N: Ints) -> Ints:
    ahead_NT = start_N[:, None] + np.arange(segments.frames) * segments.stride
    strided_NT: Ints = np.minimum(ahead_NT, frames_N[:, None] - 1)
    return strided_NT


def _span(segments: Segments) -> int:
    """Number of frames from the first to the last frame that is looked at, both included."""
    return (segments.frames - 1) * segments.stride + 1


def _spare(segments: Segments, frames_N: Ints) -> Ints:
    """By how many frames each clip is longer than the span; 0 if it is not."""
    return np.maximum(frames_N - _span(segments), 0)
