"""The frames of a video, whether it is a file or a folder of images."""

from collections.abc import Collection, Iterator

from zsstad_core.errors import DataError
from zsstad_core.video.file import decode_file
from zsstad_core.video.folder import decode_folder
from zsstad_core.video.source import Decoded, Frame, VideoSource, must_exist


def decode(source: VideoSource, wanted: Collection[int] | None = None) -> Iterator[Frame]:
    """Every frame once, in order: (number from 0, time in seconds, RGB uint8 [H, W, 3]); or only the `wanted` numbers.

    Other frames are decoded, since wanted frames may be made from them, but not converted to RGB; nothing is read after
    the last wanted frame. This function never seeks: a frame that is found by seeking may differ from the frame that
    decoding in order gives (it may refer to pictures before the one that was sought), and its number is not known.

    Times come from the file, and rise from each frame to the next: the first may be other than 0, also below it, and
    steps need not be even (J-HMDB's clips leave out about every sixth tick of a 30 fps clock). Where the times of a
    file fall, stand still or are missing, they go on (`zsstad_core.video.clock`). A frame of a folder gets number /
    fps.

    The picture is the one that players show: of several streams the film (`zsstad_core.video.film`), turned or mirrored
    as the file asks for (`zsstad_core.video.orientation`). Grey, 10-bit and transparent pictures become plain 8-bit
    RGB.

    Raises MissingFileError if there is nothing at `source.path`, and DataError, with the file, the frame and the
    decoder's words, if the file does not open, or has no video, no frame, a damaged frame, or frames of two sizes. A
    damaged frame is never returned: the picture that a decoder invents in its place would be cached like any other.
    This holds for codecs that can tell, such as MPEG-4 and H.264; VP8, VP9, HEVC and Motion JPEG decode anything.
    """
    last = None if wanted is None else max(wanted, default=-1)
    for number, seconds, _, rgb in _frames(source, wanted) if last != -1 else ():
        if rgb is not None:
            yield number, seconds, rgb
        if number == last:
            return


def times(source: VideoSource) -> Iterator[tuple[float, int, int]]:
    """Time in seconds, height and width of every frame, in the order of `decode`, without its pixels.

    In a folder only the first frame is opened. Raises as `decode`.
    """
    for _, seconds, (height, width), _ in _frames(source, frozenset()):
        yield seconds, height, width


def _frames(source: VideoSource, wanted: Collection[int] | None) -> Iterator[Decoded]:
    must_exist(source.path)
    first = None
    for frame in (decode_folder if source.path.is_dir() else decode_file)(source, wanted):
        number, _, size, _ = frame
        first = first or size
        if size != first:
            raise DataError(
                f"{source.path}: frame {number} is {_size(size)}, the first is {_size(first)}; "
                "a video must keep one size"
            )
        yield frame
    if first is None:
        raise DataError(f"{source.path}: holds no frame that decodes; fetch the file again or remove it")


def _size(shape: tuple[int, ...]) -> str:
    return f"{shape[1]}x{shape[0]}"
