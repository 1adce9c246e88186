"""Which frames of a clip a method looks at, as the method's `Segments` say.

A clip is looked at T times, in the order of time. What is drawn depends on (seed, iteration, clip) when a clip is
trained on and on (seed, view, clip) when it is scored, and on nothing else: not on the other clips of the batch.

    random  one frame of each of T segments, drawn. Further views are further draws. ActionCLIP's training (TSN's rule);
            X-CLIP scores four such draws.
    middle  the frame in the middle of each segment. ActionCLIP's test. Of V views, the v-th takes the frame in the
            middle of the v-th part of V of each segment (ours; ActionCLIP has one view).
    start   the first frame of each segment. BIKE's test. Of V views, the first takes the first frame of each segment,
            the last one its last, the others lie evenly between (BIKE's rule for several clips).
    stride  frames that are `stride` apart, the last frame again where the clip ends. The first of them is drawn when
            the clip is trained on; in scoring, one view lies in the middle of the clip and several lie evenly from its
            first frame to its last (Vita-CLIP and STDD, which spread the starts of their views with another rounding).

Not here, because one method alone has each: A5's drawn frame rate, the segments of Vita-CLIP and BIKE that share their
ends when they train, ViCLIP's frames floor(n / T) apart.

Segments are divided by whole numbers. The published codes divide floating numbers; for T a power of two these are the
same to the bit.

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
    """The frames of each clip that a step of training looks at, int64 [N, T], from 0, never falling.

    frames_N: how many frames each clip has, int64, at least 1. clip_N: a number that names the clip, int64.
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
    """Raise DataError, naming the first such clip, where a clip is too short for what `segments` say.

    names: of the clips, in the order of `frames_N`. A clip without a frame is always too short.
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
    """A frame of each segment [floor(i n / T), floor((i + 1) n / T)); of a clip with at most T frames all of them, and
    more of them drawn with replacement, in order."""
    place_T = np.arange(frames)
    first_NT = place_T * frames_N[:, None] // frames
    end_NT = (place_T + 1) * frames_N[:, None] // frames
    short_N1 = frames_N[:, None] <= frames
    drawn_NT = draw(np.where(short_N1, frames_N[:, None], end_NT - first_NT))
    repeated_NT = np.sort(np.where(place_T < frames_N[:, None], place_T, drawn_NT), axis=1)
    chosen_NT: Ints = np.where(short_N1, repeated_NT, first_NT + drawn_NT)
    return chosen_NT


def _share(sampling: str, view: int, views: int) -> tuple[int, int]:
    """Where a segment is looked at, from its first frame (0) to its last (1), as numerator and denominator."""
    if sampling == "middle":
        return 2 * view + 1, 2 * views
    return (view, views - 1) if views > 1 else (0, 1)


def _place(frames: int, frames_N: Ints, share: int, parts: int) -> Ints:
    """The frame floor(i n / T + share / parts (n / T - 1)) of each segment i; floor(i n / T) of a clip of at most T."""
    spare_N = np.maximum(frames_N - frames, 0)
    times_NT = parts * np.arange(frames) * frames_N[:, None] + (share * spare_N)[:, None]
    placed_NT: Ints = times_NT // (parts * frames)
    return placed_NT


def _stride(segments: Segments, frames_N: Ints, start_N: Ints) -> Ints:
    ahead_NT = start_N[:, None] + np.arange(segments.frames) * segments.stride
    strided_NT: Ints = np.minimum(ahead_NT, frames_N[:, None] - 1)
    return strided_NT


def _span(segments: Segments) -> int:
    """Frames from the first to the last that are looked at, these included."""
    return (segments.frames - 1) * segments.stride + 1


def _spare(segments: Segments, frames_N: Ints) -> Ints:
    """By how many frames each clip is longer than the span."""
    return np.maximum(frames_N - _span(segments), 0)
