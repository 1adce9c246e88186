"""For every setting what a change of it redoes, and that it redoes no more.

A setting that is new stands in `zsstad_core/settings/` first; this table then asks what it means for the cache.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.every_setting import SETTINGS
from tests.made_changes import (
    BY_BOXES,
    BY_IMAGES,
    BY_TEXT,
    LEARNED,
    NOTHING,
    SCORED,
    TOKENS,
    redone,
    write_dataset_and_copies,
)
from tests.made_plans import members, plan
from zsstad_core.settings.base import HOW

TABLE: dict[str, tuple[Any, set[str]]] = {
    "dataset": ("jhmdb", NOTHING),  # the other one would have to be rendered
    "split": ("2", LEARNED),
    "head": ("clip_crop", SCORED),
    "device": ("cpu", NOTHING),
    "trained_on.dataset": ("jhmdb", LEARNED),  # on all classes of the same clips
    "trained_on.split": ("2", NOTHING),  # nothing is trained elsewhere; see tests/test_plan_settings_together.py
    "trained_on.shared": ("drop", NOTHING),
    "cache.root": ("another", NOTHING),
    "cache.clips_per_unit": (1, NOTHING),
    "cache.failures_allowed": (0.5, NOTHING),
    "workers.count": (2, NOTHING),
    "workers.kind": ("slurm", NOTHING),
    "workers.scheduler": ("tcp://nowhere:8786", NOTHING),
    "workers.slurm.partition": ("gpu", NOTHING),
    "workers.slurm.account": ("mine", NOTHING),
    "workers.slurm.cores": (2, NOTHING),
    "workers.slurm.memory": ("8GB", NOTHING),
    "workers.slurm.hours": (1, NOTHING),
    "workers.slurm.options": ("--gres=gpu:1", NOTHING),
    "datasets.jhmdb.root": ("copy", NOTHING),
    "datasets.jhmdb.videos": ("videos_again", NOTHING),
    "datasets.jhmdb.groundtruth": ("again.pkl", NOTHING),
    "datasets.jhmdb.official_splits": ("nowhere", NOTHING),  # the pickle has its own
    "datasets.jhmdb.official_split": (2, LEARNED),
    "datasets.jhmdb.clips_per_class": (1, LEARNED),
    "datasets.ucf101_24.root": ("another", NOTHING),  # another dataset is chosen
    "datasets.ucf101_24.videos": ("rgb-images", NOTHING),
    "datasets.ucf101_24.groundtruth": ("finalAnnots.mat", NOTHING),
    "datasets.ucf101_24.test_list": ("testlist02.txt", NOTHING),
    "datasets.ucf101_24.train_list": ("trainlist01.txt", NOTHING),
    "datasets.ucf101_24.clips_per_class": (1, NOTHING),
    "datasets.folder.root": ("another", NOTHING),
    "datasets.folder.videos": (["one.mp4"], NOTHING),
    "datasets.folder.every": (5, NOTHING),  # another dataset is chosen; see tests/datasets/test_folder_sampled.py
    "datasets.folder.per_second": (2.0, NOTHING),
    "datasets.folder.labels": (["reading", "walking"], NOTHING),
    "datasets.folder.texts": ("texts.yaml", NOTHING),
    "datasets.folder.annotation": ("boxes.csv", NOTHING),
    "datasets.folder.train_list": ("train.txt", NOTHING),
    "datasets.ava.root": ("another", NOTHING),  # another dataset is chosen; see tests/datasets/test_ava_plan.py
    "datasets.ava.videos": ("clips", NOTHING),
    "datasets.ava.frame_files": ("img_{number}.jpg", NOTHING),
    "datasets.ava.fps": (25.0, NOTHING),
    "datasets.ava.start": (0.0, NOTHING),
    "datasets.ava.first_second": (0, NOTHING),
    "datasets.ava.last_second": (1900, NOTHING),
    "datasets.ava.around": (4, NOTHING),
    "datasets.ava.step": (2.0, NOTHING),
    "datasets.ava.step_unit": ("frames", NOTHING),
    "datasets.ava.train": ("ava_train_v2.1.csv", NOTHING),
    "datasets.ava.val": ("ava_val_v2.1.csv", NOTHING),
    "datasets.ava.labelmap": ("ava_action_list_v2.1.pbtxt", NOTHING),
    "datasets.ava.excluded_train": (None, NOTHING),
    "datasets.ava.excluded_val": (None, NOTHING),
    "datasets.stickworld.root": ("another", NOTHING),  # another dataset is chosen
    "datasets.stickworld.seed": (1, NOTHING),
    "datasets.stickworld.train_clips": (2, NOTHING),
    "datasets.stickworld.test_clips": (2, NOTHING),
    "detector.boxes_from": ("boxes.csv", BY_BOXES),
    "detector.kind": ("tests.frozen.made_kinds:WITHOUT_WEIGHTS", BY_BOXES),
    "detector.options": ({}, NOTHING),  # mmdet has none; see tests/frozen/test_detector_kinds.py
    "detector.config": ("yolox/yolox_nano_8xb8-300e_coco.py", BY_BOXES),
    "detector.checkpoint": ("https://example.org/other.pth", BY_BOXES),
    "detector.person_class": ("pedestrian", BY_BOXES),
    "detector.person_score": (0.1, BY_BOXES),
    "detector.persons_per_frame": (5, BY_BOXES),
    "detector.object_score": (0.1, BY_BOXES),
    "detector.objects_per_frame": (5, BY_BOXES),
    "detector.batch": (1, NOTHING),
    "detector.finetune.epochs": (10, BY_BOXES | {"finetune"}),
    "detector.finetune.every": (1, NOTHING),  # of a detector that stays as it is; see test_plan_finetune
    "detector.finetune.batch": (4, NOTHING),
    "detector.finetune.lr": (1e-2, NOTHING),
    "detector.finetune.weight_decay": (0.0, NOTHING),
    "detector.finetune.seed": (1, NOTHING),
    "detector.finetune.checkpoint_every": (1, NOTHING),
    "detector.finetune.log_every": (1, NOTHING),
    "encoder.tokens_from": ("tokens", BY_IMAGES | BY_TEXT),
    "encoder.model": ("ViT-B-32", BY_IMAGES | BY_TEXT),
    "encoder.pretrained": ("laion2b_s34b_b88k", BY_IMAGES | BY_TEXT),
    "encoder.seed": (1, NOTHING),  # the weights are not random; see tests/test_plan_settings_together.py
    "encoder.crop": ("pad", BY_IMAGES),
    "encoder.precision": ("bf16", BY_IMAGES | BY_TEXT),
    "encoder.pixels": ("decoded", NOTHING),
    "encoder.texts": ("texts.yaml", BY_TEXT),
    "encoder.phrasings": ("max", NOTHING),  # no class has several texts; see tests/test_phrasings.py
    "encoder.template": ("a video of {}", BY_TEXT),
    "encoder.underscores": ("space", BY_TEXT),
    "encoder.batch": (1, NOTHING),
    "heads.clip_frame.temperature": (1.0, NOTHING),  # another head is chosen; see tests/test_plan_settings_together.py
    "heads.clip_crop.temperature": (1.0, NOTHING),
    "heads.iclip.blocks": ("POCM", LEARNED),
    "heads.iclip.padding": ("masked", LEARNED),
    "heads.iclip.persons": (5, LEARNED),
    "heads.iclip.objects": (7, LEARNED),
    "heads.iclip.object_choice": ("random", LEARNED),
    "heads.iclip.context_slots": (5, LEARNED),
    "heads.iclip.memory_before": (5, LEARNED),
    "heads.iclip.memory_after": (5, LEARNED),
    "heads.iclip.memory_slots": (5, LEARNED),
    "heads.iclip.memory": ("all", LEARNED),
    "heads.iclip.memory_frames": ("with_persons", LEARNED),
    "heads.iclip.context_weight": (0.1, LEARNED),
    "heads.iclip.prompting_layers": (1, LEARNED),
    "heads.iclip.prompting_scale": (1.0, LEARNED),
    "heads.iclip.dropout": (0.0, LEARNED),
    "heads.iclip.temperature": (1.0, LEARNED),
    "heads.iclip.block_lr_factor": (1.0, LEARNED),
    "heads.iclip.bias_lr_factor": (1.0, LEARNED),
    "heads.stclip.frames_before": (3, NOTHING),  # another head is chosen; see tests/test_plan_stclip.py
    "heads.stclip.frames_after": (3, NOTHING),
    "heads.stclip.temporal": ("none", NOTHING),
    "heads.stclip.temporal_layers": (2, NOTHING),
    "heads.stclip.person_tokens": ("patches", NOTHING),
    "heads.stclip.adapter": ("fc", NOTHING),
    "heads.stclip.whole_frame": (False, NOTHING),
    "heads.stclip.lora_rank": (4, NOTHING),
    "heads.stclip.lora_in_crops": (False, NOTHING),
    "heads.stclip.prompting": ("last", NOTHING),
    "heads.stclip.prompt_tokens": ("interest", NOTHING),
    "heads.stclip.interest_tokens": (50, NOTHING),
    "heads.stclip.interest_class_token": (False, NOTHING),
    "heads.stclip.prompt_scale": (1.0, NOTHING),
    "heads.stclip.persons": (5, NOTHING),
    "heads.stclip.temperature": (1.0, NOTHING),
    "heads.stclip.checkpointing": (True, NOTHING),
    "heads.oracle.knows": ("person", NOTHING),
    "heads.actionclip.frames": (4, NOTHING),  # another head is chosen; see tests/test_plan_clips.py
    "heads.actionclip.views": (2, NOTHING),
    "heads.actionclip.layers": (2, NOTHING),
    "heads.actionclip.templates": (["{}"], NOTHING),
    "heads.actionclip.loss": ("classes", NOTHING),
    "heads.actionclip.temperature": (0.1, NOTHING),
    "clips.of": ("tracklet", NOTHING),
    "clips.tracklet": ("frames", NOTHING),
    "training.iterations": (8_000, LEARNED),
    "training.optimiser": ("adamw", LEARNED),
    "training.schedule": ("cosine", LEARNED),
    "training.final_lr_factor": (0.1, LEARNED),
    "training.beta1": (0.95, LEARNED),
    "training.beta2": (0.98, LEARNED),
    "training.clip_norm": (1.0, LEARNED),
    "training.warmup": (0, LEARNED),
    "training.warmup_factor": (0.5, LEARNED),
    "training.lr": (1e-3, LEARNED),
    "training.momentum": (0.0, LEARNED),
    "training.weight_decay": (0.0, LEARNED),
    "training.batch": (4, LEARNED),
    "training.loss": ("cross_entropy", LEARNED),
    "training.focal_gamma": (1.0, LEARNED),
    "training.pose_weight": (1.0, LEARNED),
    "training.object_weight": (2.0, LEARNED),
    "training.person_weight": (2.0, LEARNED),
    "training.videos": ("without_unseen", LEARNED),
    "training.videos_at_most": (2, LEARNED),
    "training.videos_seed": (1, LEARNED),
    "training.seed": (3, LEARNED),
    "training.precision": ("amp", LEARNED),
    "training.processes": (2, NOTHING),
    "training.checkpoint_every": (1, NOTHING),
    "training.log_every": (1, NOTHING),
    "scoring.boxes": ("groundtruth", SCORED),
    "scoring.select": ("all", SCORED),
    "scoring.threshold": (0.5, SCORED),
    "scoring.first": (1, SCORED),
    "scoring.margin": (0.7, SCORED),
    "scoring.labels": ("all", SCORED),
    "scoring.voting": ("mean", SCORED),
    "scoring.similarities": (True, SCORED),
    "scoring.batch": (1, NOTHING),
    "evaluation.iou": (0.75, {"evaluate"}),
    "evaluation.frames": ("decoded", {"evaluate"}),
    "evaluation.protocol": ("act", {"evaluate"}),
    "evaluation.video_iou": ([], {"evaluate"}),
    "tracks.lost_after": (0.5, NOTHING),  # persons are not judged by tracks; see tests/test_plan_clips.py
    "tracks.high_score": (0.6, NOTHING),
    "ask.threshold": (0.5, NOTHING),
    "ask.similarity": (0.2, NOTHING),
    "ask.smoothing": ("none", NOTHING),
    "ask.seconds": (2.0, NOTHING),
    "report.clips": (3, NOTHING),
    "report.frames": (10, NOTHING),
    "report.moments": (1, NOTHING),
    "report.picture": (64, NOTHING),
    "report.megabytes": (1.0, NOTHING),
    "recipes": ({}, NOTHING),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset_and_copies(tmp_path_factory.mktemp("plan"))


def test_no_setting_is_forgotten_here() -> None:
    assert set(TABLE) == set(SETTINGS)


@pytest.mark.fault(15)
@pytest.mark.parametrize("name", TABLE)
def test_a_setting_redoes_what_it_must_and_no_more(folder: Path, name: str) -> None:
    value, stages = TABLE[name]
    assert value != SETTINGS[name].get_default() or name in ("dataset", "detector.options")
    assert redone(folder, name, value) == stages


def test_what_only_says_how_redoes_nothing() -> None:
    for name, (_, stages) in TABLE.items():
        if HOW in SETTINGS[name].metadata:
            assert stages == NOTHING, name


def test_taking_fewer_clips_takes_them_from_what_is_there(folder: Path) -> None:
    all_clips, few = members(plan(folder)), members(plan(folder, **{"datasets.jhmdb.clips_per_class": 1}))
    for stage in ("index", "groundtruth", "detect", *TOKENS):
        assert few[stage].items() < all_clips[stage].items()
        assert len(few[stage]) * 2 == len(all_clips[stage])
