"""What iCLIP's persons attend to is called rightly: keys have the tokens of those that they are named after."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from tests.learning.made_tokens import WIDTH, Made, iclip_reads, made
from tests.methods.enliven import enliven
from zsstad_core.learning.bank import Bank
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.methods.iclip.explain import explain
from zsstad_core.methods.iclip.interaction import InteractionBlock
from zsstad_core.methods.iclip.model import Iclip
from zsstad_core.methods.iclip.settings import Iclip as IclipSettings
from zsstad_core.methods.registry import Heads
from zsstad_core.report.block_attention import BlockOfPerson, Object, frame_blocks
from zsstad_core.report.shown_persons import number_persons, samples_of
from zsstad_core.settings.pipeline import Settings
from zsstad_core.tables import BOX


def head_and_bank(data: Made, blocks: str, **changes: Any) -> tuple[Iclip, Bank[FrameTokens]]:
    own = IclipSettings(blocks=blocks, padding="masked", memory_before=3, memory_after=2, objects=3, **changes)
    settings = Settings(heads=Heads(iclip=own))
    return enliven(Iclip(settings, WIDTH)).eval(), data.bank(iclip_reads(settings))


def rows_of(data: Made, video_id: str, frame: int) -> pd.DataFrame:
    """The persons as `best_actions` has them; the worst detection is the one that is annotated."""
    persons = data.persons[(data.persons["video_id"] == video_id) & (data.persons["frame"] == frame)]
    worst = persons["score"].idxmin()
    annotated = [("run",) if row == worst else () for row in persons.index]
    best = persons.assign(annotated=annotated, box_score=persons["score"], class_name="run", probability=0.5)
    return number_persons(best, video_id, frame)


def of_frame(
    head: Iclip, bank: Bank[FrameTokens], rows: pd.DataFrame
) -> tuple[tuple[Object, ...], dict[int, tuple[BlockOfPerson, ...]]]:
    """The objects of a frame, and the blocks of each person by its number."""
    samples = [
        (sample, numbers, explain(head, bank.gather(sample).batch)) for sample, numbers in samples_of(bank, rows)
    ]
    place = (str(rows["video_id"].iloc[0]), int(rows["frame"].iloc[0]))
    shown = frame_blocks(place, np.zeros((8, 8, 3), np.uint8), rows, samples, (), bank)
    return shown.objects, {person.number: blocks for person, blocks in shown.persons}


def shares(block: InteractionBlock, person_D: np.ndarray, keys: list[np.ndarray]) -> list[float]:
    """Softmax over some keys' tokens."""
    query_D = block.query(torch.from_numpy(person_D.astype(np.float32)))
    scores = [query_D @ block.key(torch.from_numpy(key_D.astype(np.float32))) / WIDTH**0.5 for key_D in keys]
    found: list[float] = torch.stack(scores).softmax(0).tolist()
    return found


def person_token(data: Made, row: Any) -> np.ndarray:
    """The token of a person by its video, frame and box."""
    keys = ["video_id", "frame", "box"]
    (place,) = np.flatnonzero((data.persons[keys] == [getattr(row, key) for key in keys]).all(axis=1))
    return data.person_tokens[place]


def crowded(data: Made, least: int) -> list[tuple[str, int]]:
    counts = data.persons.groupby(["video_id", "frame"]).size()
    return [(str(video), int(frame)) for video, frame in counts[counts >= least].index]


def test_a_number_is_the_person_whose_token_the_key_is_also_where_a_crowd_is_split() -> None:
    data = made(5, persons=5)
    head, bank = head_and_bank(data, "P", persons=2)
    for video_id, frame in crowded(data, 4)[:5]:
        rows = rows_of(data, video_id, frame)
        token = [person_token(data, row) for row in rows.itertuples()]
        _, found = of_frame(head, bank, rows)
        assert sorted(found) == list(range(1, len(rows) + 1))
        for number, (block,) in found.items():
            assert number in block.keys
            assert len(block.keys) <= 2
            wanted = shares(head.blocks[0], token[number - 1], [token[key - 1] for key in block.keys])
            assert block.weight == pytest.approx(wanted, abs=1e-5)
        assert rows["annotated"][0] == ("run",)  # number 1


def test_a_letter_is_the_object_whose_token_the_key_is() -> None:
    data = made(7, objects=8)
    data = replace(data, objects=data.objects.assign(what=[f"thing {row}" for row in range(len(data.objects))]))
    head, bank = head_and_bank(data, "O")
    several = 0
    for video_id, frame in crowded(data, 1):
        rows = rows_of(data, video_id, frame)
        objects, found = of_frame(head, bank, rows)
        places = [int(what.removeprefix("thing ")) for _, what in objects]
        for place, (corners, _) in zip(places, objects, strict=True):
            assert tuple(data.objects.iloc[place][["video_id", "frame"]]) == (video_id, frame)
            np.testing.assert_array_equal(corners, data.objects.iloc[place][BOX].to_numpy(np.float64))
        person_D = person_token(data, rows.iloc[0])
        (block,) = found[1]
        assert block.keys == tuple(range(len(places)))
        if places:
            wanted = shares(head.blocks[0], person_D, [data.object_tokens[place] for place in places])
            assert block.weight == pytest.approx(wanted, abs=1e-5)
        else:
            assert block == BlockOfPerson("objects", (), (), 0.0, 0)
        several += len(places) > 1
    assert several >= 3


def test_an_offset_is_the_frame_whose_token_the_key_is_and_frames_that_are_not_there_have_none() -> None:
    data = made(2, longest=12, gaps=True)
    head, bank = head_and_bank(data, "M")
    head.blocks[0].time_key_TD.data.zero_()
    token = {(row.video_id, row.frame): data.frame_tokens[place] for place, row in enumerate(data.frames.itertuples())}
    partly = 0
    for video_id, frame in crowded(data, 1):
        rows = rows_of(data, video_id, frame)
        _, found = of_frame(head, bank, rows)
        (block,) = found[1]
        there = [offset for offset in (-3, -2, -1, 1, 2) if (video_id, frame + offset) in token]
        assert list(block.keys) == there
        partly += 0 < len(there) < 5
        if there:
            person_D = person_token(data, rows.iloc[0])
            keys = [token[video_id, frame + offset] for offset in there]
            assert block.weight == pytest.approx(shares(head.blocks[0], person_D, keys), abs=1e-5)
    assert partly >= 3
