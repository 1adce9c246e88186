"""Clips to files: H.264 in MP4, and what is in them as two tables.

    FOLDER/videos/ACTION/PART-NUMBER.mp4
    FOLDER/annotation.parquet   video_id, frame, person, x1, y1, x2, y2, class_name, visible
    FOLDER/objects.parquet      video_id, frame, what, x1, y1, x2, y2, visible

Boxes are pixels of the frame, half-open, around all that was drawn of a person inside the frame, also what something
else hides; `visible` is the share that nothing hides.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

from zsstad_core.progress import Progress
from zsstad_core.stickworld.canvas import HEIGHT, WIDTH, Pixels
from zsstad_core.stickworld.clips import ANNOTATION, OBJECTS, Clip, clips, video_file
from zsstad_core.stickworld.footage import Footage, footage

type Row = tuple[str | int | float, ...]

_BOX = ("x1", "y1", "x2", "y2")
_COLUMNS = {
    ANNOTATION: ("video_id", "frame", "person", *_BOX, "class_name", "visible"),
    OBJECTS: ("video_id", "frame", "what", *_BOX, "visible"),
}


def write_clips(folder: Path, seed: int, train_clips: int, test_clips: int) -> None:
    """Render the clips of a seed into a folder, on all cores. The same seed gives the same bytes."""
    wanted = clips(seed, train_clips, test_clips)
    persons: list[Row] = []
    objects: list[Row] = []
    progress = Progress("stickworld", len(wanted), "clips rendered")
    for of_clip in _render_all(folder, wanted):
        persons += of_clip[0]
        objects += of_clip[1]
        progress.advance(1)
    _write_table(folder / ANNOTATION, persons)
    _write_table(folder / OBJECTS, objects)


def _render_all(folder: Path, wanted: Sequence[Clip]) -> Iterator[tuple[list[Row], list[Row]]]:
    folders, workers = [folder] * len(wanted), min(len(os.sched_getaffinity(0)), len(wanted))
    if workers == 1:
        yield from map(write_clip, folders, wanted)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _one_thread) as pool:
        yield from pool.map(write_clip, folders, wanted, chunksize=4)


def _one_thread() -> None:
    import cv2

    cv2.setNumThreads(1)


def write_clip(folder: Path, clip: Clip) -> tuple[list[Row], list[Row]]:
    """Render one clip into its file; returns its rows of both tables."""
    made = footage(clip)
    persons: list[Row] = []
    objects: list[Row] = []

    def record_rows() -> Iterator[Pixels]:
        for frame, picture in enumerate(made.pictures()):
            for person in picture.persons:
                number = made.scene.number(person.unit, person.actor)
                persons.append((clip.video_id, frame, number, *person.box, str(person.action), person.visible))
            for thing in picture.objects:
                objects.append((clip.video_id, frame, thing.name, *thing.box, thing.visible))
            yield picture.image

    path = video_file(folder, clip.video_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    _encode(path, record_rows(), made)
    return persons, objects


def _encode(path: Path, images: Iterable[Pixels], made: Footage) -> None:
    import av
    import cv2

    # The same frames must give the same bytes. So: one thread; OpenCV's conversion to YUV; and of x264's code only what
    # answers alike on every processor (mbtree's fast code differs from run to run even on one).
    options = {
        "crf": str(made.crf),
        "preset": "veryfast",
        "x264-params": "threads=1:lookahead-threads=1:cpu-independent=1",
    }
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=made.fps, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, made.fps)
        stream.codec_context.thread_count = 1
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(cv2.cvtColor(image, cv2.COLOR_RGB2YUV_I420), format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, made.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"frame": pa.int32(), "person": pa.int32(), **dict.fromkeys((*_BOX, "visible"), pa.float32())}
    columns = zip(_COLUMNS[path.name], zip(*rows, strict=True), strict=True)
    table = pa.table({name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns})
    pq.write_table(table, path, compression="zstd")
