"""What is trained on and what is scored, out of a cache: the right persons, each with its own token."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from tests.end_to_end.made import LOST, SHORT, TEST, TRAIN, frames_of
from tests.learning.made_cache import extract, made_plan, text_of, write_dataset
from zsstad_core.cache.read import read_artifact_tokens
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.errors import CacheError, DataError
from zsstad_core.learning.bank import Bank
from zsstad_core.learning.banks import scoring_bank, training_bank
from zsstad_core.learning.cached_labels import scoring_labels, training_labels
from zsstad_core.learning.cached_rows import persons_to_score
from zsstad_core.methods.common.features import FrameTokens
from zsstad_core.plan.plan import Plan
from zsstad_core.work import Content, run_whole

KEY = ["video_id", "frame", "box"]
SEEN_TRAIN = [name for name in TRAIN if not name.startswith(("run/", "stand/"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("from_cache")
    write_dataset(folder)
    for changed in ({}, {"scoring.boxes": "groundtruth"}):
        extract(made_plan(folder, **changed))
    return folder


def plan(folder: Path, **changed: object) -> Plan:
    return made_plan(folder, **changed)


def by_row(made: Plan, kind: TokenKind) -> dict[tuple[object, ...], list[float]]:
    """Each token of a kind by its row's key."""
    rows, tokens = read_artifact_tokens(made.tokens(kind), "boxes")
    keys = rows[KEY].itertuples(index=False, name=None)
    return dict(zip(keys, tokens.astype(np.float32).tolist(), strict=True))


def gathered(bank: Bank[FrameTokens]) -> dict[tuple[object, ...], list[float]]:
    """Each person's token by its row's key, as a head gets it."""
    found = bank.gather(np.arange(len(bank.samples)))
    keys = bank.samples.table.iloc[found.row_N][KEY].itertuples(index=False, name=None)
    return dict(zip(keys, found.batch.features.person_ND.tolist(), strict=True))


# ---- training


def test_training_takes_annotated_persons_of_seen_classes_and_training_clips_only(folder: Path):
    bank = training_bank(plan(folder), "cpu")
    assert set(bank.samples.table["video_id"]) == set(SEEN_TRAIN) == set(bank.samples.index.names)
    assert len(bank.samples.table) == sum(map(frames_of, SEEN_TRAIN))
    assert (bank.samples.table["score"] == 1).all()


def test_a_target_is_the_number_of_the_class_among_the_seen(folder: Path):
    made = plan(folder)
    bank = training_bank(made, "cpu")
    names = np.array(made.split.seen)[bank.target_R]
    assert (names == bank.samples.table["video_id"].str.split("/").str[0]).all()


def test_each_person_in_training_has_its_own_token(folder: Path):
    made = plan(folder)
    found, wanted = gathered(training_bank(made, "cpu")), by_row(made, TokenKind.groundtruth)
    assert found == {key: token for key, token in wanted.items() if key[0] in SEEN_TRAIN}
    assert len({tuple(token) for token in found.values()}) > len(SEEN_TRAIN)


def test_each_frame_has_its_own_token(folder: Path):
    made = plan(folder)
    rows, tokens = read_artifact_tokens(made.tokens(TokenKind.frame), "frames")
    wanted = dict(
        zip(rows[KEY[:2]].itertuples(index=False, name=None), tokens.astype(np.float32).tolist(), strict=True)
    )
    bank = training_bank(made, "cpu")
    found = bank.gather(np.arange(len(bank.samples)))
    persons = bank.samples.table.iloc[found.row_N[found.batch.rows.place_N == 0]]
    keys = persons[KEY[:2]].itertuples(index=False, name=None)
    assert found.batch.features.frame_BD.tolist() == [wanted[key] for key in keys]


def test_objects_that_touch_a_person_in_training_are_there(folder: Path):
    made = plan(folder)
    bank = training_bank(made, "cpu")
    features = bank.gather(np.arange(len(bank.samples))).batch.features
    tokens = set(map(tuple, features.object_BOD[features.object_BO].tolist()))
    chairs = {tuple(token) for key, token in by_row(made, TokenKind.object).items() if key[0] in SEEN_TRAIN}
    assert tokens
    assert tokens <= chairs


def test_a_person_with_two_classes_is_refused_by_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = plan(folder)
    from zsstad_core.learning import banks

    annotated = banks.read_artifact_table(made.groundtruth, "groundtruth")
    both = pd.concat([annotated, annotated[annotated["video_id"] == "wave/clip_a"].assign(class_name="golf")])
    monkeypatch.setattr(banks, "read_artifact_table", lambda artifact, name: both)
    with pytest.raises(DataError, match="wave/clip_a frame 0: a person has several classes; the softmax losses need"):
        training_bank(made, "cpu")


# ---- scoring


def test_scoring_takes_the_detected_persons_that_the_settings_choose(folder: Path):
    persons, tokens = persons_to_score(plan(folder), TEST)
    frames = sum(map(frames_of, TEST)) - LOST
    assert (len(persons), len(tokens)) == (frames, frames)  # the second person of each frame is below 0.2
    assert persons["box"].eq(0).all()
    everybody, _ = persons_to_score(plan(folder, **{"scoring.select": "all"}), TEST)
    assert len(everybody) == 2 * frames


@pytest.mark.parametrize("select", ["threshold", "all"])
def test_each_person_that_is_scored_has_its_own_token(folder: Path, select: str):
    made = plan(folder, **{"scoring.select": select})
    wanted, found = by_row(made, TokenKind.person), gathered(scoring_bank(made, "cpu", TEST))
    assert found == {key: wanted[key] for key in found}
    assert len(found) == len(wanted) // (1 if select == "all" else 2)


def test_annotated_persons_are_scored_where_they_are_asked_for(folder: Path):
    made = plan(folder, **{"scoring.boxes": "groundtruth"})
    bank = scoring_bank(made, "cpu", TEST)
    assert (bank.samples.table["score"] == 1).all()
    assert len(bank.samples.table) == sum(map(frames_of, TEST)) - LOST
    assert bank.samples.table.query("video_id == @SHORT")["frame"].max() == frames_of(SHORT) - LOST - 1
    wanted = by_row(made, TokenKind.groundtruth)
    assert gathered(bank) == {key: wanted[key] for key in gathered(bank)}


def test_a_group_of_videos_holds_nothing_of_others(folder: Path):
    bank = scoring_bank(plan(folder), "cpu", ["run/clip_b"])
    assert set(bank.samples.table["video_id"]) == set(bank.samples.index.names) == {"run/clip_b"}


@pytest.mark.parametrize("head", ["clip_frame", "clip_crop", "oracle"])
def test_a_head_gets_persons_also_where_it_reads_no_token_of_theirs(folder: Path, head: str):
    made = plan(folder, head=head)
    persons, tokens = persons_to_score(made, TEST)
    whole, _ = persons_to_score(plan(folder), TEST)
    pd.testing.assert_frame_equal(persons, whole)
    assert (tokens is not None) == (head == "clip_crop")
    if head != "oracle":
        assert len(scoring_bank(made, "cpu", TEST).samples) == len(whole)


# ---- text, and what is not there


def test_text_tokens_come_in_the_order_asked_for(folder: Path):
    made = plan(folder)
    names = ["wave", "brush_hair", "run"]
    wanted = [made.dataset.classes.index(name) for name in names]
    labels = scoring_labels(made, names)
    assert labels.text_MD.tolist() == [[float(number)] * 4 for number in wanted]
    assert labels.text_MD.dtype == torch.float32
    assert (labels.names, labels.one_text_each, labels.types) == (tuple(names), True, None)
    assert training_labels(made).names == made.split.seen


def test_where_the_best_text_counts_every_text_of_a_class_comes_with_its_class(folder: Path):
    texts = {name: name for name in plan(folder).dataset.classes} | {"wave": ["wave", "a wave"], "run": ["run", "dash"]}
    made = plan(folder, **{"encoder.texts": texts, "encoder.phrasings": "max"})
    assert made.phrasings is not None
    flat = [text for of_class in made.phrasings_of_classes.values() for text in of_class]
    numbers = np.repeat(np.arange(len(flat), dtype=np.float32)[:, None], 4, axis=1)
    run_whole("texts", made.phrasings, lambda: Content(tokens=numbers))
    run_whole("text", made.text, lambda: Content(tokens=text_of(made)))
    labels = scoring_labels(made, ["wave", "brush_hair", "run"])
    assert labels.class_M.tolist() == [0, 0, 1, 2, 2]
    found = [flat[int(row)] for row in labels.text_MD[:, 0]]
    assert found == ["wave", "a wave", "brush_hair", "run", "dash"]
    assert training_labels(made).one_text_each  # training is on the mean of a class's texts


# ---- clips


def test_a_method_of_clips_trains_on_whole_videos_each_with_its_own_frames_and_class(folder: Path):
    made = plan(folder, head="actionclip")
    bank = training_bank(made, "cpu")
    videos = bank.samples.table["video_id"]
    assert set(videos) == set(SEEN_TRAIN)
    assert bank.samples.frames_C.tolist() == [frames_of(name) for name in videos]
    names = np.array(made.split.seen)[bank.target_R]
    assert (names == videos.str.split("/").str[0]).all()

    rows, tokens = read_artifact_tokens(made.tokens(TokenKind.frame), "frames")
    batch = bank.gather(np.arange(len(videos))).batch
    for name, token_TD in zip(videos, batch.features.frame_NTD, strict=True):
        (own,) = np.nonzero(rows["video_id"].to_numpy() == name)
        assert {tuple(token) for token in token_TD.tolist()} <= {tuple(token) for token in tokens[own].tolist()}
        assert len({tuple(token) for token in token_TD.tolist()}) == min(8, frames_of(name))


def test_a_method_of_clips_scores_the_videos_it_is_asked_for(folder: Path):
    bank = scoring_bank(plan(folder, head="actionclip"), "cpu", TEST)
    assert set(bank.samples.table["video_id"]) == set(TEST)
    assert bank.target_R is None
    assert len(scoring_bank(plan(folder, head="actionclip"), "cpu", ["run/clip_b"]).samples) == 1


@pytest.mark.fault(18)
def test_what_is_not_extracted_is_said_with_the_command_that_makes_it(folder: Path):
    with pytest.raises(CacheError, match=r"tokens-groundtruth-.* not complete; run `make encode`"):
        training_bank(plan(folder, **{"encoder.crop": "pad"}), "cpu")


def test_units_of_any_size_give_the_same_bank(folder: Path, tmp_path: Path):
    other = made_plan(folder, **{"cache.root": str(tmp_path / "cache"), "cache.clips_per_unit": 32})
    extract(other)
    banks = [training_bank(made, "cpu") for made in (plan(folder), other)]
    assert banks[0].identity() == banks[1].identity()
    first, second = ({key: token[:3] for key, token in gathered(bank).items()} for bank in banks)
    assert first == second  # the fake token's last number counts the views of its batch
