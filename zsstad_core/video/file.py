"""The frames of a video file: PyAV."""

from collections.abc import Collection, Iterator

from zsstad_core.errors import DataError
from zsstad_core.video.film import clock_of, open_film
from zsstad_core.video.orientation import orientation_of
from zsstad_core.video.source import Decoded, VideoSource


def decode_file(source: VideoSource, wanted: Collection[int] | None) -> Iterator[Decoded]:
    """The frames of a file; only the wanted ones are converted to RGB. Raises DataError as `decode`."""
    import av

    to_rgb = av.video.reformatter.VideoReformatter()
    number = 0
    try:
        with open_film(source.path) as (container, stream):
            clock = clock_of(stream)
            for frame in container.decode(stream):
                if frame.is_corrupt:
                    raise DataError(
                        f"{source.path}: frame {number} is damaged (the decoder had to conceal errors); "
                        "fetch the file again"
                    )
                seconds = clock.time(number, frame.time)
                shown = orientation_of(frame, source.path, number)
                rgb = None
                if wanted is None or number in wanted:
                    rgb = shown.show(to_rgb.reformat(frame, format="rgb24").to_ndarray())  # [H, W, 3]
                yield number, seconds, shown.size(frame.height, frame.width), rgb
                number += 1
    except av.error.FFmpegError as error:
        raise DataError(
            f"{source.path}: does not decode at frame {number}: {error.strerror}; fetch the file again"
        ) from error
