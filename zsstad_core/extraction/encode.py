"""The encode stage's unit: tokens and views of frames and boxes, all wanted kinds from one pass over the clips."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.stages import Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import DataError, ModelError
from zsstad_core.extraction.footage import Wanted, decode_clip
from zsstad_core.frozen.encoder_identity import view_rules
from zsstad_core.frozen.views import Interpolation, views_of
from zsstad_core.progress import Clock
from zsstad_core.read_ahead import prefetch
from zsstad_core.settings.frozen import Encoder as EncoderSettings
from zsstad_core.video import VideoSource
from zsstad_core.work import Compute, Content

if TYPE_CHECKING:
    from zsstad_core.frozen.encoder import Encoder

_FRAMES_TOGETHER = 16  # cropped by several threads at once

type View = tuple[TokenKind, np.ndarray]  # the kind that the view is for, uint8 [S, S, 3]


def encode(
    sources: Mapping[str, VideoSource],
    encoder: "Encoder | None",
    settings: EncoderSettings,
    boxes: Mapping[TokenKind, pd.DataFrame],
    wanted: Wanted | None = None,
) -> Compute:
    """A function that makes the tokens of a group from all frames, or only from the wanted frames.

    encoder: may be None if only views are wanted (`pixel` and the like). boxes: table boxes for each kind whose tokens
    are of boxes; the tokens of the other kinds are of whole frames.
    """

    pool = ThreadPoolExecutor()
    size, interpolation = _views_for(encoder, settings)

    def cut_views(group: Group, kinds: Sequence[TokenKind], rows: Mapping[TokenKind, "TokenRows"]) -> Iterator[View]:
        for frames in batched(footage(group), _FRAMES_TOGETHER):
            cuts = [
                (kind, image, rows[kind].add(video_id, number, pts))
                for video_id, number, pts, image in frames
                for kind in kinds
            ]
            owners = [kind for kind, _, cut in cuts for _ in cut]
            items = [(image, cut) for _, image, cut in cuts]
            yield from zip(owners, views_of(items, size, settings.crop, pool, interpolation), strict=True)

    def kind_by_kind(group: Group, kinds: Sequence[TokenKind], rows: Mapping[TokenKind, "TokenRows"]) -> Iterator[View]:
        """Batches of one kind each, so that not even a token's lowest bits depend on the other kinds of the pass."""
        waiting: dict[TokenKind, list[np.ndarray]] = {kind: [] for kind in kinds}
        for kind, view in cut_views(group, kinds, rows):
            waiting[kind].append(view)
            if len(waiting[kind]) == settings.batch:
                yield kind, np.stack(waiting[kind])
                waiting[kind] = []
        yield from ((kind, np.stack(views)) for kind, views in waiting.items() if views)

    def footage(group: Group) -> Iterator[tuple[str, int, float, np.ndarray]]:
        for video_id in group.members:
            for number, pts, image in decode_clip(sources[video_id], wanted):
                yield video_id, number, pts, image

    def compute(group: Group, artifacts: Sequence[Artifact], clock: Clock) -> dict[Stage, Content]:
        stages = {artifact.stage.tokens: artifact.stage for artifact in artifacts if artifact.stage.tokens}
        kinds = [*stages]
        rows = {kind: TokenRows(group, boxes.get(kind)) for kind in kinds}
        tokens = {kind: [_no_tokens(kind, encoder, size)] for kind in kinds}
        batches = prefetch(kind_by_kind(group, kinds, rows))
        while True:
            with clock.on("decode and crop"):
                batch = next(batches, None)
            if batch is None:
                break
            with clock.on("encode"):
                kind, views_NSSC = batch
                if kind.form == "pixel":
                    tokens[kind].append(views_NSSC)
                    continue
                assert encoder is not None
                try:
                    tokens[kind].append(_encode_views(encoder, kind, views_NSSC))  # [N, D] fp16
                except ModelError as error:
                    first = sum(map(len, tokens[kind]))
                    raise _name_row(error, encoder, kind, views_NSSC, rows[kind].table()[first:]) from error
        made_with = {"encoder": encoder.description, "weights": encoder.weights} if encoder else {}
        return {
            stage: rows[kind].content(np.concatenate(tokens.pop(kind)), made_with if kind.form != "pixel" else {})
            for kind, stage in stages.items()
        }

    return compute


def _views_for(encoder: "Encoder | None", settings: EncoderSettings) -> tuple[int, Interpolation]:
    """Size and interpolation of the views that are made for all kinds."""
    if encoder is not None:
        return encoder.size, encoder.interpolation
    rules = view_rules(settings)
    return rules.size, rules.interpolation


def _no_tokens(kind: TokenKind, encoder: "Encoder | None", size: int) -> np.ndarray:
    """An empty array with the shape and dtype of the kind's tokens."""
    if kind.form == "pixel":
        return np.empty((0, size, size, 3), np.uint8)
    assert encoder is not None
    return np.empty((0, encoder.width if kind.form == "token" else encoder.unprojected_width), np.float16)


def _encode_views(encoder: "Encoder", kind: TokenKind, views_NSSC: np.ndarray) -> np.ndarray:
    if kind.form == "token":
        return encoder.encode_views(views_NSSC)
    return encoder.encode_views(views_NSSC, projected=False)


def _name_row(
    error: ModelError, encoder: "Encoder", kind: TokenKind, views_NSSC: np.ndarray, rows: pd.DataFrame
) -> ModelError:
    """The error, with the video and the frame of the first view that fails; `rows` start with the batch's rows."""
    for number in range(len(views_NSSC)):
        try:
            _encode_views(encoder, kind, views_NSSC[number : number + 1])
        except ModelError as alone:
            row = rows.iloc[number]
            box = f" box {row['box']}" if "box" in rows else ""
            return ModelError(f"{row['video_id']} frame {row['frame']}{box}: {alone}")
    return error


class TokenRows:
    """The rows that tokens of one kind belong to, in the order in which their views come: by clip, frame and box."""

    def __init__(self, group: Group, boxes: pd.DataFrame | None) -> None:
        self._frames: list[tuple[str, int, float]] = []
        self._boxes = boxes
        if boxes is not None:
            own = boxes[boxes["video_id"].isin(group.members)]
            # Table boxes is sorted by video_id; clips of a group come in that order too.
            self._boxes = own.reset_index(drop=True)
            xyxy = self._boxes[tables.BOX].to_numpy(np.float32)
            places = self._boxes.groupby(["video_id", "frame"], sort=False).indices
            self._xyxy = {place: xyxy[index] for place, index in places.items()}

    def add(self, video_id: str, frame: int, pts: float) -> np.ndarray | list[None]:
        """Boxes [N, 4] to be cut from a frame; [None] means the whole frame."""
        self._frames.append((video_id, frame, pts))
        if self._boxes is None:
            return [None]
        return self._xyxy.get((video_id, frame), np.empty((0, 4), np.float32))

    def table(self) -> pd.DataFrame:
        """Table boxes, or table frames with the frames that were added so far."""
        if self._boxes is not None:
            return self._boxes
        return tables.table("frames", pd.DataFrame(self._frames, columns=["video_id", "frame", "pts"]))

    def content(self, tokens: np.ndarray, made_with: Mapping[str, str]) -> Content:
        """The rows with their tokens [rows, D]. Raises DataError if there are more or fewer tokens than rows."""
        table = self.table()
        if len(table) != len(tokens):
            raise DataError(
                f"{len(table)} boxes have {len(tokens)} tokens: some stand on frames that the clips do not have now; "
                f"run `make invalidate STAGE=index`, and extract again"
            )
        return Content({"frames" if self._boxes is None else "boxes": table}, tokens, made_with=made_with)
