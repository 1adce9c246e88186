"""The artifacts of `make extract`: everything that is computed once, before a head is trained."""

from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from zsstad_core.cache.artifact import WHOLE, Artifact
from zsstad_core.cache.stages import DETECT, FINETUNE, GROUNDTRUTH, INDEX, PHRASINGS, TEXT, TRACK, WORDS, Stage
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.units import short_digest
from zsstad_core.datasets.base import Part
from zsstad_core.plan import graph, inputs, refusals
from zsstad_core.plan.basis import Basis

_TRAIN: tuple[Part, ...] = ("train",)
_TEST: tuple[Part, ...] = ("test",)
_BOTH: tuple[Part, ...] = ("train", "test")


class Extraction(Basis):
    """The artifacts that are computed once. Each property states what its artifact needs; `plan.inputs` says what else
    decides the content."""

    @cached_property
    def index(self) -> Artifact:
        """Tables videos and frames: what really decodes. In a dataset with keyframes also table keyframes."""
        return self._divided(INDEX, [], inputs.decoding(self.settings, self.inventory))

    @cached_property
    def groundtruth(self) -> Artifact:
        """Table groundtruth."""
        return self._divided(GROUNDTRUTH, [self.index], inputs.annotation(self.inventory))

    @cached_property
    def finetune(self) -> Artifact | None:
        """The detector fine-tuned on the split's seen classes; None if it is not fine-tuned, or boxes come from a file.

        Of the split, only the set of seen classes decides the result.
        """
        settings = self.settings.detector
        if not settings.finetune.epochs or settings.boxes_from:
            return None
        refusals.refuse_finetuning_on_nothing(self.settings, self.split)
        own = {**inputs.finetuned_detector(settings, self.inventory), "seen": sorted(self.split.seen)}
        return self._whole(FINETUNE, [self.index, self.groundtruth], own, "train")

    @cached_property
    def detect(self) -> Artifact:
        """Table boxes: from a detector, or from a file."""
        settings = self.settings.detector
        if settings.boxes_from:
            return self._divided(
                DETECT, [self.index], inputs.boxes_from_file(Path(settings.boxes_from), self.inventory)
            )
        return self._divided(
            DETECT, _without_none(self.index, self.finetune), inputs.detector(settings, self.inventory)
        )

    @cached_property
    def tracks(self) -> Artifact | None:
        """Table tracks of the detected persons of the test part; None if no score depends on it."""
        tracklets = self.method.classifies == "clip" and self.settings.clips.of == "tracklet"
        if not tracklets or self.settings.scoring.boxes != "detected":
            return None
        return self._divided(TRACK, [self.index, self.detect], inputs.tracking(self.settings), _TEST)

    def tokens(self, kind: TokenKind) -> Artifact:
        """The tokens of one kind, from the encoder or from a file; views (kinds of form `pixel`) need neither.

        Detected persons are needed in the test part only. Annotated persons are needed in the training part, and in
        the test part if annotated boxes are scored.
        """
        if kind not in self._made_tokens:
            own = {**self._token_maker(kind), "kind": kind.name}
            self._made_tokens[kind] = self._divided(
                Stage.encoding(kind), [self.index, *self._boxes_of(kind)], own, self._parts_of(kind)
            )
        return self._made_tokens[kind]

    @cached_property
    def _made_tokens(self) -> dict[TokenKind, Artifact]:
        return {}

    def _boxes_of(self, kind: TokenKind) -> list[Artifact]:
        """The artifact with the boxes that become tokens of the kind; none for whole frames."""
        if kind.rows == "frame":
            return []
        return [self.groundtruth if kind.rows == "groundtruth" else self.detect]

    def _parts_of(self, kind: TokenKind) -> Collection[Part]:
        """The parts of the official split in which tokens of the kind are needed."""
        if kind.rows != "groundtruth":
            return _TEST if kind.rows == "person" else _BOTH
        if self.settings.scoring.boxes != "groundtruth":
            return _TRAIN
        return _BOTH if self.trains_here else _TEST

    def _token_maker(self, kind: TokenKind) -> inputs.Inputs:
        """The inputs that describe what makes tokens of the kind."""
        encoder, digest = self.settings.encoder, self.inventory.digest
        if kind.form == "pixel":
            return inputs.views(encoder)
        return inputs.tokens_from_file(encoder, kind.name, digest) or inputs.image_encoder(encoder, digest)

    @cached_property
    def text(self) -> Artifact:
        """Text tokens of all classes: by the encoder, or from a file."""
        encoder, digest = self.settings.encoder, self.inventory.digest
        if given := inputs.tokens_from_file(encoder, TEXT.name, digest):
            return self._whole(TEXT, [], {**given, "classes": list(self.dataset.classes)})
        return self._whole(TEXT, [], {**inputs.text_encoder(encoder, digest), "texts": self.class_texts})

    @cached_property
    def phrasings(self) -> Artifact | None:
        """Text tokens of every text of all classes, class after class, if the method reads phrasings, or if the best
        text of a class counts (`encoder.phrasings`). None if each class has one text, or if the mean of several texts
        counts. A file of tokens (`encoder.tokens_from`) has one text per class."""
        encoder = self.settings.encoder
        if "phrasings" in self.reads.texts:
            return self._phrasings([*self.phrasings_of_classes.values()])
        if encoder.phrasings == "mean" or encoder.tokens_from or not self.reads.texts:
            return None
        if all(isinstance(texts, str) for texts in self.class_texts):
            return None
        return self._phrasings(self.class_texts)

    def _phrasings(self, texts: Sequence[str | list[str]]) -> Artifact:
        own = {**inputs.text_encoder(self.settings.encoder, self.inventory.digest), "each of": texts}
        return self._whole(PHRASINGS, [], own)

    @cached_property
    def words(self) -> Artifact | None:
        """Word tokens of every text of all classes, class after class; None if the method reads none."""
        if "words" not in self.reads.texts:
            return None
        own = inputs.text_encoder(self.settings.encoder, self.inventory.digest)
        return self._whole(WORDS, [], {**own, "words of": [*self.phrasings_of_classes.values()]})

    def texts(self) -> list[Artifact]:
        """The text tokens that the method reads."""
        return [*([self.text] if "mean" in self.reads.texts else []), *_without_none(self.phrasings, self.words)]

    def text_made_with(self) -> dict[str, Any]:
        """What made the text tokens that the method reads; empty if it reads none."""
        return self.texts()[0].made_with() if self.reads.texts else {}

    # ---- the artifacts that the method needs

    def extract(self) -> list[Artifact]:
        """Everything that is computed once, before a head is trained; each artifact after what it needs."""
        return self._made(graph.upstream(self._scoring_needs()))

    def kinds(self) -> list[TokenKind]:
        """The token kinds that are extracted: those that are read, without views that are decoded on reading."""
        return [kind for kind in self.read_kinds() if not self._is_decoded(kind)]

    def read_kinds(self) -> list[TokenKind]:
        """The token kinds that the chosen head reads, for the chosen boxes."""
        kinds = [kind for kind in self.reads.kinds if kind.rows != "person"]
        detected = self.settings.scoring.boxes == "detected"
        for kind in self.reads.kinds:
            if kind.rows == "person":
                kinds += [kind] if detected else []
                kinds += [kind.annotated] if self.trains_here or not detected else []
        return kinds

    def _scoring_needs(self) -> list[Artifact]:
        """What scoring reads besides the trained head. Every extracted artifact is one of these or needed by one."""
        detected = self.settings.scoring.boxes == "detected" or TokenKind.object in self.reads.kinds
        boxes = _without_none(self.finetune, self.detect) if detected else []
        tokens = [self.tokens(kind) for kind in self.read_kinds()]
        return [self.groundtruth, *boxes, *_without_none(self.tracks), *tokens, *self.texts()]

    def _made(self, artifacts: Sequence[Artifact]) -> list[Artifact]:
        """The artifacts without the views that are decoded whenever they are read."""
        return [artifact for artifact in artifacts if not self._is_decoded(artifact.stage.tokens)]

    def _is_decoded(self, kind: TokenKind | None) -> bool:
        return self.settings.encoder.pixels == "decoded" and kind is not None and kind.form == "pixel"

    # ---- making an artifact from its needs

    def _divided(
        self, stage: Stage, needs: Sequence[Artifact], own: inputs.Inputs, parts: Collection[Part] = ("train", "test")
    ) -> Artifact:
        """An artifact that is divided by videos, for the videos of some parts of the official split."""
        members = {name: sha for name, sha in self.members.items() if self.official_split[name] in parts}
        decided_by = {"schema": stage.schema, **({"needs": _keys(needs)} if needs else {}), **own}
        clips = self.settings.cache.clips_per_unit
        return Artifact(self.root, stage, decided_by, members, clips, self.official_split, tuple(needs))

    def _whole(self, stage: Stage, needs: Sequence[Artifact], own: inputs.Inputs, part: Part | None = None) -> Artifact:
        """An artifact that is not divided by videos; its key depends on the videos of `part`, if a part is given."""
        keys = _keys(needs)
        if part is not None:
            videos = {name: sha for name, sha in self.members.items() if self.official_split[name] == part}
            keys[f"{part} videos"] = short_digest(videos)
        decided_by = {"schema": stage.schema, **({"needs": keys} if keys else {}), **own}
        return Artifact(self.root, stage, decided_by, WHOLE, needs=tuple(needs))


def _keys(artifacts: Sequence[Artifact]) -> dict[str, str]:
    return {artifact.stage.name: artifact.key for artifact in artifacts}


def _without_none(*artifacts: Artifact | None) -> list[Artifact]:
    return [artifact for artifact in artifacts if artifact is not None]
