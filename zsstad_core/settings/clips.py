"""Settings of what a clip is, for methods that judge clips."""

from typing import Literal

from zsstad_core.settings.base import Section


class Clips(Section):
    """What a clip is. Read by methods that judge clips, and in the keys of these alone."""

    of: Literal["video", "tracklet"] = "video"
    """A clip is a whole `video`, whose every person gets its answer (paper 002, section 5.1: J-HMDB, UCF101-24); or a
    `tracklet`, the track of one person, where a video holds several actions (AVA). Detected persons are tracked by
    ByteTrack (`tracks`); an annotated person is one for as long as frame follows frame."""

    tracklet: Literal["crops", "frames"] = "crops"
    """For `of: tracklet`: what is seen of it, the person's `crops`, or the whole `frames` of its time. Paper 002 does
    not say; with whole frames, persons who are there at one time get nearly the same answer."""
