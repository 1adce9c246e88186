"""What ST-CLIP's persons attend to, and which tokens they were interested in, on frames of the test clips.

Shapes: R, C rows and columns of patches of a view, N = R C patches.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zsstad_core.cache.read import read_artifact_table
from zsstad_core.errors import DataError
from zsstad_core.extraction.seek import near
from zsstad_core.frozen.encoder_identity import view_rules
from zsstad_core.frozen.views import Crop, placed
from zsstad_core.plan.plan import Plan
from zsstad_core.scoring import oracle
from zsstad_core.tables import BOX

if TYPE_CHECKING:
    from zsstad_core.heads.base import Batch, Head
    from zsstad_core.heads.stclip import Stclip
    from zsstad_core.learning.token_bank import Extra, TokenBank

type Place = tuple[str, int]
"""A video and the number of its frame."""

_PERSON = ["video_id", "frame", "box"]


@dataclass(frozen=True)
class ScoredPerson:
    """A scored person of a frame, and its best action.

    number: from 1, the annotated persons first, then by falling detection score. unseen: whether no training clip
    showed the action. annotated: what the annotated person does that it is (IoU at least 0.5); empty where it is none.
    """

    number: int
    box_4: NDArray[np.float64]
    action: str
    probability: float
    unseen: bool
    annotated: tuple[str, ...]


@dataclass(frozen=True)
class Person(ScoredPerson):
    """A person, how much it attends to each patch, and the tokens that prompt its labels, where the head chooses some.

    persons: numbers of the persons among its tokens.
    """

    chosen_RC: NDArray[np.bool_]
    weight_RC: NDArray[np.float32]
    class_token: bool
    persons: tuple[int, ...]

    @property
    def tokens(self) -> int:
        """How many tokens prompt its labels."""
        return int(self.chosen_RC.sum()) + int(self.class_token) + len(self.persons)


@dataclass(frozen=True)
class FrameInterest:
    """A frame and its persons.

    picture: uint8 [height, width, 3]. patch_RC4: as `patch_boxes`. block: the block of the encoder, from 1, whose
    attention it is, of `blocks`.
    """

    video_id: str
    frame: int
    picture: NDArray[np.uint8]
    patch_RC4: NDArray[np.float64]
    block: int
    blocks: int
    persons: tuple[Person, ...]


def patch_boxes(
    grid: tuple[int, int], patch: int, size: int, width: int, height: int, crop: Crop
) -> NDArray[np.float64]:
    """Where each patch of the view of a frame lies in the frame, [R, C, 4] `x1, y1, x2, y2` in pixels of the frame.

    grid: rows and columns of patches, each `patch` pixels wide and high, of a view of `size` pixels. With `clip` the
    patches leave out the ends of the frame's long side; with `pad` those that see grey alone have no area.
    """
    row_RC, column_RC = np.indices(grid)
    view_RC4 = patch * np.stack([column_RC, row_RC, column_RC + 1, row_RC + 1], -1).astype(np.float64)
    return placed(width, height, size, crop).in_picture(view_RC4.reshape(-1, 4), width, height).reshape(*grid, 4)


def best_actions(detections: pd.DataFrame, groundtruth: pd.DataFrame) -> pd.DataFrame:
    """Each person's best row of table detections, with `annotated`: what it really does, as in `Person`."""
    best = detections.loc[detections.groupby(_PERSON)["score"].idxmax()]
    persons = best.assign(score=best["box_score"])
    true = oracle(persons, groundtruth, list(groundtruth["class_name"].unique()), "person")
    named = true.groupby(_PERSON)["class_name"].agg(tuple).rename("annotated").reset_index()
    best = best.merge(named, on=_PERSON, how="left")
    best["annotated"] = [names if isinstance(names, tuple) else () for names in best["annotated"]]
    return best


def frames_to_show(best: pd.DataFrame, groups: Sequence[Sequence[str]], each: int) -> list[Place]:
    """Some frames for each group of classes, the same for the same detections.

    best: as `best_actions`. A frame counts by its best person whose best action is of the group. Those come first whose
    action is right, of them those on which at least two persons are annotated ones, of them the best score. A video
    and a class are shown once; so a group may give fewer than `each` frames.
    """
    real = best[best["annotated"].map(len) > 0].groupby(["video_id", "frame"]).size().rename("real").reset_index()
    rows = best.merge(real, on=["video_id", "frame"], how="left")
    rows["right"] = [name in names for name, names in zip(rows["class_name"], rows["annotated"], strict=True)]
    rows["several"] = rows["real"] >= 2
    rows = rows.sort_values(
        ["right", "several", "score", "video_id", "frame"], ascending=[False, False, False, True, True], kind="stable"
    )
    places: list[Place] = []
    videos: set[str] = set()
    for classes in groups:
        left, found = set(classes), 0
        of_group = rows[rows["class_name"].isin(left)]
        for name, video_id, frame in zip(of_group["class_name"], of_group["video_id"], of_group["frame"], strict=True):
            if found < each and name in left and video_id not in videos:
                places.append((video_id, int(frame)))
                videos.add(video_id)
                left.discard(name)
                found += 1
    return places


def places_to_show(plan: Plan, best: pd.DataFrame, each: int) -> list[Place]:
    """So many test frames of unseen classes, and of seen ones (`frames_to_show`). best: as `best_actions`."""
    return frames_to_show(best, (plan.split.unseen, plan.split.seen), each)


def trained_on(plan: Plan, places: Sequence[Place]) -> tuple["Head", "TokenBank"]:
    """The trained head, as it scores, and the bank of the videos of some frames.

    Reads train, and what the head reads. Raises CacheError where one of them is not there.
    """
    from zsstad_core.frozen.device import choose_device
    from zsstad_core.heads import build
    from zsstad_core.learning.from_cache import scoring_bank
    from zsstad_core.learning.weights import load_into

    bank = scoring_bank(plan, choose_device(plan.settings.device), {video_id for video_id, _ in places})
    head = build(plan.settings, bank.width)
    assert plan.train is not None
    load_into(head, plan.train)
    return head.to(bank.device).eval(), bank


def on_test_frames(plan: Plan, each: int) -> Iterator[FrameInterest]:
    """So many test frames of unseen classes and of seen ones, with what the trained head chose.

    Reads score, groundtruth, and as `trained_on`. Raises DataError where nobody is scored, and as `trained_on` and
    `video.decode`.
    """
    detections = read_artifact_table(plan.score, "detections")
    best = best_actions(detections, read_artifact_table(plan.groundtruth, "groundtruth"))
    places = places_to_show(plan, best, each)
    if not places:
        raise DataError("interest: no person is scored on any test clip; choose another SPLIT=")
    yield from interest_of(plan, *trained_on(plan, places), best, places)


def interest_of(
    plan: Plan, head: "Head", bank: "TokenBank", best: pd.DataFrame, places: Sequence[Place]
) -> Iterator[FrameInterest]:
    """What the persons of some frames chose after the first block that prompts labels, as in the paper's figure 4:
    there no patch has taken up anything of the others yet. Where the head chooses nothing, what they attend to in the
    first block.

    head: ST-CLIP. bank: `scoring_bank` of the videos. best: as `best_actions`. Raises as `video.decode`, DataError
    where nobody is scored on a frame.
    """
    from zsstad_core.heads.stclip import Stclip

    assert isinstance(head, Stclip)
    rules = view_rules(plan.settings.encoder)
    for (video_id, frame), picture in pictures(plan, places):
        height, width = picture.shape[:2]
        block, persons = _persons(head, bank, numbered(best, video_id, frame), plan.split.unseen)
        boxes_RC4 = patch_boxes(head.tower.grid, head.tower.patch, rules.size, width, height, rules.crop)
        yield FrameInterest(video_id, frame, picture, boxes_RC4, block + 1, len(head.tower.blocks), persons)


def pictures(plan: Plan, places: Sequence[Place]) -> Iterator[tuple[Place, NDArray[np.uint8]]]:
    """The frames themselves, RGB uint8 [height, width, 3], one after the other. Raises as `video.decode`."""
    seconds = read_artifact_table(plan.index, "frames").set_index(["video_id", "frame"])["pts"]
    for video_id, frame in places:
        ((_, _, picture),) = near(plan.videos[video_id], {frame: float(seconds[video_id, frame])})
        yield (video_id, frame), picture


def numbered(best: pd.DataFrame, video_id: str, frame: int) -> pd.DataFrame:
    """The rows of a frame's persons, in the order of their numbers. Raises DataError where there is none."""
    rows = best[(best["video_id"] == video_id) & (best["frame"] == frame)]
    if rows.empty:
        raise DataError("no person is scored on the frame; choose another")
    order = ["real", "box_score", "box"]
    rows = rows.assign(real=rows["annotated"].map(bool)).sort_values(
        order, ascending=[False, False, True], kind="stable"
    )
    return rows.reset_index(drop=True)


def scored_person(rows: pd.DataFrame, number: int, unseen: Sequence[str]) -> ScoredPerson:
    """The person of that number. rows: as `numbered`."""
    row = rows.iloc[number - 1]
    return ScoredPerson(
        number,
        row[BOX].to_numpy(np.float64),
        str(row["class_name"]),
        float(row["probability"]),
        row["class_name"] in unseen,
        row["annotated"],
    )


def samples_of(bank: "TokenBank", rows: pd.DataFrame) -> Iterator[tuple["Batch", "Extra", list[int]]]:
    """The samples of a frame, several where it has more persons than slots: batches of one, each with the numbers of
    the persons in its slots. rows: as `numbered`."""
    number_of = {int(box): number for number, box in enumerate(rows["box"], 1)}
    frame_row = bank.index.rows(rows.iloc[:1], "detections")
    for sample in np.flatnonzero(bank.sample_frame == frame_row):
        batch, extra = bank.gather(np.array([sample]))
        yield batch, extra, [number_of[int(bank.persons["box"].iloc[row])] for row in extra.row_BP[0] if row >= 0]


def _persons(
    head: "Stclip", bank: "TokenBank", rows: pd.DataFrame, unseen: Sequence[str]
) -> tuple[int, tuple[Person, ...]]:
    """The block, and the persons of a frame; rows: as `numbered`."""
    import torch

    from zsstad_core.heads.pixel_batch import PixelBatch
    from zsstad_core.heads.stclip_interest import first_attention, spotted

    text_KD = torch.zeros(1, head.tower.joint, device=bank.device)  # the labels decide nothing of what is chosen
    found: dict[int, Person] = {}
    block = 0
    for batch, _, numbers in samples_of(bank, rows):
        assert isinstance(batch, PixelBatch)
        of_block = spotted(head, batch, text_KD) or {0: first_attention(head, batch, text_KD)}
        block, interest = next(iter(of_block.items()))
        for slot, number in enumerate(numbers):
            choice = interest.of_person(0, slot)
            found[number] = Person(
                **vars(scored_person(rows, number, unseen)),
                chosen_RC=choice.patch_N.numpy().reshape(head.tower.grid),
                weight_RC=choice.weight_N.numpy().reshape(head.tower.grid),
                class_token=choice.class_token,
                persons=tuple(numbers[other] for other in choice.persons),
            )
    return block, tuple(found[number] for number in sorted(found))
