"""Frames of a video in order, with their times: PyAV for a video file, Pillow for a folder of numbered images.

The number of a frame is its place, from 0, among the pictures that really decode, in presentation order. This package
does not read the frame count of a container, which may be wrong (every J-HMDB clip claims 3 to 8 frames more than it
holds: its empty ticks).

source       what a video is, and the digest of its content
frames       decode, times: the frames of a file or a folder
file         the frames of a file
film         open a file, and choose the stream that is the film
clock        times that go on, where those of the file do not
orientation  the picture as players show it
folder       the frames of a folder

A decoder is imported only when a video is decoded: a plan lists videos without a decoder.
"""

from zsstad_core.video.frames import decode, times
from zsstad_core.video.source import Frame, VideoSource, decoder_versions, digest

__all__ = ["Frame", "VideoSource", "decode", "decoder_versions", "digest", "times"]
