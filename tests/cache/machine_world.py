"""A cache in small: an index, and tokens of frames and of boxes made in one pass, of clips that are only a digest.

What is right follows by hashing from a clip's digest and the settings, so a model without a cache knows it too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from zsstad_core import tables
from zsstad_core.cache.artifact import Artifact, Group
from zsstad_core.cache.read import read_artifact_table, read_artifact_tokens
from zsstad_core.cache.stages import INDEX, Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.work import Compute, Content, Work, run

PART_OF = {"catch/a": "train", "catch/b": "test", "golf/c": "train", "golf/é": "test", "run/e": "test"}
WIDTH = 3
FRAMES, OBJECTS = Stage.encoding(TokenKind.frame), Stage.encoding(TokenKind.object)

type Clips = Mapping[str, str]  # id -> digest
type Rows = tuple[pd.DataFrame, np.ndarray | None]


@dataclass(frozen=True)
class World:
    """Everything that decides what a read gives: the clips and two settings. And one setting that decides nothing."""

    clips: tuple[tuple[str, str], ...]
    scan: int = 0  # in the key of the index, so of all
    encoder: int = 0  # in the keys of tokens
    clips_per_unit: int = 2  # in no key

    def artifacts(self, root: Path) -> tuple[Artifact, Artifact, Artifact]:
        """Index, tokens-frame and tokens-object, of which the last wants the test part only."""
        index = self._artifact(root, INDEX, {"schema": 1, "scan": self.scan})
        tokens = {"needs": {"index": index.key}, "encoder": {"seed": self.encoder, "floor": 1e-7}}
        frames = self._artifact(root, FRAMES, {**tokens, "kind": "frame"})
        return index, frames, self._artifact(root, OBJECTS, {**tokens, "kind": "object"}, only_test=True)

    def _artifact(self, root: Path, stage: Stage, inputs: dict[str, object], only_test: bool = False) -> Artifact:
        members = {name: digest for name, digest in self.clips if not only_test or PART_OF[name] == "test"}
        return Artifact(root, stage, inputs, members, self.clips_per_unit, PART_OF)

    def rows(self, stage: Stage, clips: Clips) -> Rows:
        """The table and the tokens of some clips."""
        parts = [self._rows_of(stage, name, clips[name]) for name in sorted(clips)]
        table = tables.concat("boxes" if stage == OBJECTS else "frames", [rows for rows, _ in parts])
        tokens = [tokens for _, tokens in parts]
        return table, None if stage == INDEX else np.concatenate([np.empty((0, WIDTH), np.float16), *tokens])

    def _rows_of(self, stage: Stage, name: str, digest: str) -> Rows:
        """Frames 0, 1, … of a clip, or its boxes, of which there may be none."""
        decided_by = f"{stage.name} {digest} {self.scan} {'' if stage == INDEX else self.encoder}"
        rng = np.random.default_rng(list(hashlib.sha256(decided_by.encode()).digest()))
        frames = 1 + len(digest) % 3
        if stage == OBJECTS:
            corner = rng.random((rng.integers(0, 4), 2), np.float32)
            rows = pd.DataFrame({"video_id": name, "frame": 0, "box": range(len(corner))}).assign(
                x1=corner[:, 0], y1=corner[:, 1], x2=corner[:, 0] + 1, y2=corner[:, 1] + 2, score=0.5, what="chair"
            )
        else:
            rows = pd.DataFrame({"video_id": name, "frame": range(frames), "pts": rng.random(frames)})
        return rows, rng.normal(size=(len(rows), WIDTH)).astype(np.float16)

    def content(self, stage: Stage, clips: Clips) -> Content:
        table, tokens = self.rows(stage, clips)
        return Content({"boxes" if stage == OBJECTS else "frames": table}, tokens, made_with={"weights": "w"})


type Computed = set[tuple[str, str, str]]
"""Name of the artifact, id of the clip, its digest."""


def extract(root: Path, world: World, computed: Computed) -> None:
    """Make what is missing, stage by stage; says in `computed` what for. Raises CacheError."""
    index, frames, objects = world.artifacts(root)

    def compute(group: Group, artifacts, clock):  # type: ignore[no-untyped-def]
        computed.update((artifact.path.name, *clip) for artifact in artifacts for clip in group.members.items())
        return {artifact.stage: world.content(artifact.stage, group.members) for artifact in artifacts}

    def prepare() -> Compute:
        read_artifact_table(index, "frames")  # what is made of the index begins with reading it
        return compute

    run(Work("index", [index], lambda: compute))
    run(Work("encode", [frames, objects], prepare))


def read(root: Path, world: World) -> dict[Stage, Rows]:
    """All that the cache gives, by stage. Raises CacheError."""
    index, frames, objects = world.artifacts(root)
    return {
        INDEX: (read_artifact_table(index, "frames"), None),
        FRAMES: read_artifact_tokens(frames, "frames"),
        OBJECTS: read_artifact_tokens(objects, "boxes"),
    }


def same_as_model(root: Path, world: World, got: Mapping[Stage, Rows]) -> None:
    """Fails where a value is not, to the bit, what the clips and settings make it."""
    for artifact in world.artifacts(root):
        rows, tokens = world.rows(artifact.stage, artifact.members)
        got_rows, got_tokens = got[artifact.stage]
        pd.testing.assert_frame_equal(got_rows, rows, check_exact=True)
        if tokens is not None and artifact.members:  # of no clips there is no width either
            assert got_tokens is not None
            assert (got_tokens.dtype, got_tokens.shape) == (tokens.dtype, tokens.shape)
            assert np.array_equal(got_tokens, tokens)
