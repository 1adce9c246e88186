"""Settings become the graph of artifacts: what each depends on, its key, its folder. Imports no torch.

    index ─► groundtruth ─► tokens-groundtruth ─┐
      │           └► (finetune ─┐)              │
      ├────► detect ◄───────────┘               │
      │         └────► tokens-person, -object ──┤
      └────► tokens-frame ──────────────────────┼─► train ─► score ─► evaluate
                                    text ───────┘

Each property below is one artifact, and its `inputs` are all that can change its content. An artifact that is divided
by videos names what it reads by key; one that is not (train, score, evaluate) also by the set of videos.
"""

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zsstad_core import trained_elsewhere, video
from zsstad_core.cache import set_aside
from zsstad_core.cache.artifact import Artifact, whole
from zsstad_core.cache.digests import DigestMemo
from zsstad_core.cache.stages import (
    DETECT,
    EVALUATE,
    FINETUNE,
    GROUNDTRUTH,
    INDEX,
    PHRASINGS,
    SCORE,
    TEXT,
    TRAIN,
    Stage,
)
from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.units import short_digest
from zsstad_core.datasets import open_dataset
from zsstad_core.datasets.label_types import refuse_unfit
from zsstad_core.datasets.stclip_boxes import deciding_files
from zsstad_core.datasets.token_files import token_file
from zsstad_core.errors import SettingsError, UnfitHeadError
from zsstad_core.frozen import detector_config, encoder_identity
from zsstad_core.heads import HEADS
from zsstad_core.settings import Encoder, Settings
from zsstad_core.splits import LabelSplit, load_split


class Plan:
    """All artifacts of a dataset, a label split and a head. Raises SettingsError, MissingFileError or DataError.

    Videos that a stage has set aside are not wanted of any artifact, unless they are to be tried again (`retry`).
    """

    def __init__(self, settings: Settings, retry: bool = False) -> None:
        self.settings = settings
        if strange := re.search(r"[^\w./,+@-]", settings.cache.root):
            raise SettingsError(
                f'cache.root is "{settings.cache.root}"; make cannot handle "{strange[0]}" in it: choose another'
            )
        self.head = HEADS[settings.head]
        if settings.trained_on.dataset is not None and self.head.trains:
            trained_elsewhere.refuse_unlike(settings, settings.source())
        self.root = Path(settings.cache.root) / settings.dataset
        self.dataset = open_dataset(settings.dataset, settings)
        self._listed = load_split(settings.dataset, settings.split, self.dataset.classes)
        self._retry = retry
        refuse_unfit(settings, self.dataset, self.trains_here)
        self.head.refuse(settings)
        self.reads = self.head.reads(settings)
        self._refuse_windows_that_are_not_extracted()
        self.official = self.dataset.official()
        self._digest = DigestMemo(Path(settings.cache.root) / "digests.json")
        self.sources = {source.video_id: source for source in self.dataset.videos()}
        on_disk = {name: self._source_digest(source) for name, source in self.sources.items()}
        self.set_aside = set_aside.noted(self.root, on_disk)
        left_out = {} if retry else self.set_aside
        self.members = {name: digest for name, digest in on_disk.items() if name not in left_out}

    def _source_digest(self, source: video.VideoSource) -> str:
        return self._digest(source.path, lambda _: video.digest(source))

    def _refuse_windows_that_are_not_extracted(self) -> None:
        """Of a dataset with keyframes, only the frames around them are in the index."""
        reach = max(self.reads.window_before, self.reads.window_after)
        if self.dataset.keyframes is not None and not self.dataset.keyframes.holds_window(reach):
            key = f"datasets.{self.settings.dataset}.around"
            raise UnfitHeadError(
                f"{key} is {self.dataset.keyframes.around}; windows of {self.settings.head} hold {reach} frames on a "
                f"side of the keyframe, which nothing extracts then: set {key}={reach}, or shorten the window "
                f"(heads.{self.settings.head}.frames_before, frames_after)"
            )

    def save(self) -> None:
        """Remember the digests that were computed, for the next plan."""
        self._digest.save()

    # ---- label split

    @cached_property
    def source(self) -> "Plan | None":
        """The plan that the head is trained under, where that is another dataset's (`trained_on`)."""
        if self.settings.trained_on.dataset is None:
            return None
        return Plan(self.settings.source(), self._retry)

    @cached_property
    def split(self) -> LabelSplit:
        """The label split; of a head that is trained elsewhere its unseen classes alone."""
        if self.source is None:
            return self._listed
        dropped = self.shared if self.settings.trained_on.shared == "drop" else {}
        return trained_elsewhere.unseen_alone(self._listed, dropped)

    @cached_property
    def shared(self) -> dict[str, str]:
        """Unseen classes that read as one which was learned on another dataset, and that class."""
        if self.source is None:
            return {}
        here, there = self._texts(self._listed.unseen), self.source._texts(self.source.split.seen)
        return trained_elsewhere.shared(here, there)

    def _texts(self, classes: Iterable[str]) -> dict[str, list[str]]:
        every = encoder_identity.phrasings(self.dataset.classes, self._reads_texts)
        texts = dict(zip(self.dataset.classes, every, strict=True))
        return {name: texts[name] for name in classes}

    @property
    def _reads_texts(self) -> Encoder:
        """Settings of the encoder, with the texts of this dataset where it has its own."""
        own = self.dataset.texts
        return self.settings.encoder.model_copy(update={"texts": own}) if own else self.settings.encoder

    @cached_property
    def class_texts(self) -> list[str | list[str]]:
        """What the text encoder reads for each class of the dataset: a text, or several."""
        return encoder_identity.class_texts(self.dataset.classes, self._reads_texts)

    def missing(self) -> list[str]:
        """Wanted videos that nothing can be found in: not on disk, or set aside. Sorted."""
        return sorted([*self.dataset.missing(), *self.set_aside])

    # ---- extract

    @cached_property
    def index(self) -> Artifact:
        """Tables videos and frames: what really decodes; of a dataset with keyframes what is wanted of it, and them."""
        keyframes = self.dataset.keyframes
        wanted = {"keyframes": keyframes.content()} if keyframes else {}
        return self._divided(INDEX, {"dataset": self.settings.dataset, "decoder": video.decoder_versions(), **wanted})

    @cached_property
    def groundtruth(self) -> Artifact:
        """Table groundtruth."""
        files = self._digests(self.dataset.annotation_files())
        # The name of a single file decides nothing; of many, which digest belongs to which name does.
        annotation = {"files": len(files), "digest": short_digest(files if len(files) > 1 else [*files.values()])}
        return self._divided(GROUNDTRUTH, {"needs": _keys(self.index), "annotation": annotation})

    @cached_property
    def detect(self) -> Artifact:
        """Table boxes: from a detector, or from a file."""
        settings = self.settings.detector
        if settings.boxes_from:
            file, *beside = deciding_files(Path(settings.boxes_from))
            files = {"file": self._digest(file), **self._digests(beside)}
            return self._divided(DETECT, {"needs": _keys(self.index), "boxes from": files})
        own = {name: value for name, value in settings.content().items() if name != "finetune"}
        needs = _keys(self.index, *([self.finetune] if self.finetune else []))
        return self._divided(DETECT, {"needs": needs, "detector": {**own, **self._detector()}})

    @cached_property
    def finetune(self) -> Artifact | None:
        """The detector fine-tuned on the seen classes of the split; None where it stays as it is, or boxes are given.

        Of the split it depends on which classes are seen, and on nothing else.
        """
        settings = self.settings.detector
        if not settings.finetune.epochs or settings.boxes_from:
            return None
        if not self.split.seen:
            raise SettingsError(
                f"detector.finetune.epochs is {settings.finetune.epochs}, but split {self.settings.split} has no seen "
                "class whose persons could be learned; set it to 0, or give the boxes (detector.boxes_from)"
            )
        inputs = {
            "schema": FINETUNE.schema,
            "needs": self._sets("train", [self.index, self.groundtruth]),
            "detector": {"finetune": settings.finetune.content(), **self._detector()},
            "seen": sorted(self.split.seen),
        }
        return whole(self.root, FINETUNE, inputs)

    @property
    def finetune_runs(self) -> Path:
        """Checkpoints and TensorBoard files of the fine-tuning, by its artifact's name."""
        return self.root / "training" / (self.finetune.path.name if self.finetune else "")

    def _detector(self) -> dict[str, Any]:
        """The detector's model and the weights that it starts from."""
        settings = self.settings.detector
        return {
            "config": self._digests(detector_config.config_files(settings.config)),
            "checkpoint": settings.checkpoint
            if "://" in settings.checkpoint
            else self._digest(Path(settings.checkpoint)),
            "versions": detector_config.versions(),
        }

    def tokens(self, kind: TokenKind) -> Artifact:
        """Tokens of one kind (`cache.token_kinds`): of frames, annotated persons, detected persons, or objects.

        Detected persons are needed of the test part only, annotated persons of the training part, and of the test part
        where they are what is scored. By the encoder, or from a file; views by neither.
        """
        of = kind.rows
        boxes = [] if of == "frame" else [self.groundtruth if of == "groundtruth" else self.detect]
        parts = {"person": {"test"}, "groundtruth": {"train"}}.get(of, {"train", "test"})
        if of == "groundtruth" and self.settings.scoring.boxes == "groundtruth":
            parts = {"test"} if not self.trains_here else {"train", "test"}
        needs = _keys(self.index, *boxes)
        made = self._views() if kind.form == "pixel" else self._given(kind.name) or self._image_encoder()
        return self._divided(Stage.encoding(kind), {"needs": needs, **made, "kind": kind.name}, parts)

    def _views(self) -> dict[str, Any]:
        return {"views": encoder_identity.view_identity(self.settings.encoder)}

    def _image_encoder(self) -> dict[str, Any]:
        return {"encoder": encoder_identity.image_identity(self.settings.encoder, self._digest)}

    @cached_property
    def text(self) -> Artifact:
        """Text tokens of all classes: by the encoder, or from a file."""
        if given := self._given("text"):
            classes = list(self.dataset.classes)
            return whole(self.root, TEXT, {"schema": TEXT.schema, **given, "classes": classes})
        return whole(self.root, TEXT, {"schema": TEXT.schema, **self._text_encoder(), "texts": self.class_texts})

    @cached_property
    def phrasings(self) -> Artifact | None:
        """Text tokens of every text of all classes, one after the other, where the best of a class counts
        (`encoder.phrasings`); None where each class has one, or the mean of several counts. A file of tokens
        (`encoder.tokens_from`) has one a class."""
        encoder = self.settings.encoder
        if encoder.phrasings == "mean" or encoder.tokens_from or not self.reads.tokens:
            return None
        if all(isinstance(texts, str) for texts in self.class_texts):
            return None
        inputs = {"schema": TEXT.schema, **self._text_encoder(), "each of": self.class_texts}
        return whole(self.root, PHRASINGS, inputs)

    def _text_encoder(self) -> dict[str, Any]:
        return {"encoder": encoder_identity.text_identity(self.settings.encoder, self._digest)}

    def _given(self, name: str) -> dict[str, Any]:
        """The digest of the file that the tokens of a kind come from; empty where an encoder makes them."""
        folder = self.settings.encoder.tokens_from
        return {"tokens from": {"file": self._digest(token_file(folder, name))}} if folder else {}

    @property
    def trains_here(self) -> bool:
        """Whether the head learns from the videos of this dataset."""
        return self.head.trains and self.settings.trained_on.dataset is None

    def kinds(self) -> list[TokenKind]:
        """Token kinds that are extracted: those that are read, without views that are decoded when they are read."""
        decoded = self.settings.encoder.pixels == "decoded"
        return [kind for kind in self.read_kinds() if not (decoded and kind.form == "pixel")]

    def read_kinds(self) -> list[TokenKind]:
        """Token kinds that the chosen head and boxes ask for."""
        kinds = [kind for kind in self.reads.tokens if kind.rows != "person"]
        detected = self.settings.scoring.boxes == "detected"
        for kind in self.reads.tokens:
            if kind.rows == "person":
                kinds += [kind] if detected else []
                kinds += [kind.annotated] if self.trains_here or not detected else []
        return kinds

    def extract(self) -> list[Artifact]:
        """Everything that is computed once, before a head is trained."""
        return self._extract(self.kinds())

    def _extract(self, kinds: Iterable[TokenKind]) -> list[Artifact]:
        detected = self.settings.scoring.boxes == "detected" or TokenKind.object in self.reads.tokens
        boxes = [*([self.finetune] if self.finetune else []), self.detect] if detected else []
        text = [self.text, *([self.phrasings] if self.phrasings else [])] if self.reads.tokens else []
        return [self.index, self.groundtruth, *boxes, *(self.tokens(kind) for kind in kinds), *text]

    # ---- train, score, evaluate

    @cached_property
    def train(self) -> Artifact | None:
        """The trained head; None for a head without weights. Of a head that is trained elsewhere it is that plan's."""
        if not self.head.trains:
            return None
        if self.source is not None:
            return self.source.train
        if not self.split.seen:
            raise SettingsError(
                f"split is {self.settings.split}: no class is seen, and {self.settings.head} learns from seen ones; "
                "choose another SPLIT=, a HEAD= that is not trained, or train it elsewhere with TRAINED_ON="
            )
        inputs = {
            "schema": TRAIN.schema,
            "needs": self._sets("train", [self.groundtruth, self.text, *self._read_in_training()]),
            **self._head(),
            "training": self.settings.training.content(),
            "seen": list(self.split.seen),
            **({"unseen": sorted(self.split.unseen)} if self.settings.training.videos == "without_unseen" else {}),
            **self._types(self.split.seen),
            "torch": version("torch").partition("+")[0],  # the build (+cu130) is a place
        }
        return whole(self.root, TRAIN, inputs)

    @property
    def runs(self) -> Path:
        """Checkpoints and TensorBoard files of the training, by its key; an interrupted one goes on from there."""
        root = self.root if self.source is None else self.source.root
        return root / "training" / (self.train.key if self.train else "")

    @cached_property
    def score(self) -> Artifact:
        """Table detections: every test person against its labels."""
        reads = [artifact for artifact in self._extract(self.read_kinds()) if artifact is not self.index]
        inputs = {
            "schema": SCORE.schema,
            "needs": self._sets("test", [*reads, *([self.train] if self.train else [])]),
            **self._head(),
            "scoring": self.settings.scoring.content(),
            **({"similarities": True} if self.keeps_similarities else {}),
            "seen": list(self.split.seen),
            "unseen": list(self.split.unseen),
            **self._types((*self.split.seen, *self.split.unseen)),
        }
        return whole(self.root, SCORE, inputs)

    @property
    def keeps_similarities(self) -> bool:
        """Whether the scores come with table similarities; the oracle knows of none."""
        return self.settings.scoring.similarities and bool(self.reads.tokens)

    @cached_property
    def evaluate(self) -> Artifact:
        """metrics.json."""
        inputs = {
            "schema": EVALUATE.schema,
            "needs": self._sets("test", [self.score, self.groundtruth]),
            "evaluation": self.settings.evaluation.content(),
            "missing": short_digest([video_id for video_id in self.missing() if self.official[video_id] == "test"]),
        }
        return whole(self.root, EVALUATE, inputs)

    def all(self) -> list[Artifact]:
        """Every artifact of the plan, each after what it reads."""
        return [*self.extract(), *([self.train] if self.train else []), self.score, self.evaluate]

    def deciding(self) -> list[Artifact]:
        """`all`, and the views that are decoded whenever they are read: everything that decides the result."""
        extracted = self._extract(self.read_kinds())
        return [*extracted, *([self.train] if self.train else []), self.score, self.evaluate]

    def _types(self, class_names: Iterable[str]) -> dict[str, Any]:
        """The type of each class, which decides loss and probabilities; nothing where a person does one action."""
        types = self.dataset.class_types
        return {"types": {name: types[name] for name in class_names}} if types is not None else {}

    def _head(self) -> dict[str, Any]:
        """The head's name and its own settings, and the image encoder where that runs inside it."""
        name = self.settings.head
        own = getattr(self.settings.heads, name, None)
        encoder = self._image_encoder() if self.head.runs_encoder else {}
        return {"head": name, "heads": {name: own.content()} if own else {}, **encoder}

    def _read_in_training(self) -> list[Artifact]:
        return [self.tokens(kind.annotated) for kind in self.reads.tokens]

    def _digests(self, paths: Iterable[Path]) -> dict[str, str]:
        return {name: self._digest(path) for name, path in _own_names(paths).items()}

    def _divided(self, stage: Stage, inputs: dict[str, Any], parts: Iterable[str] = ("train", "test")) -> Artifact:
        """An artifact divided by videos, of some parts of the official split."""
        members = {video_id: digest for video_id, digest in self.members.items() if self.official[video_id] in parts}
        inputs = {"schema": stage.schema, **inputs}
        return Artifact(self.root, stage, inputs, members, self.settings.cache.clips_per_unit, self.official)

    def _sets(self, part: str, artifacts: Iterable[Artifact]) -> dict[str, str]:
        """Key of each artifact, and of those divided by videos the digest of the part's videos."""
        videos = {video_id: digest for video_id, digest in self.members.items() if self.official[video_id] == part}
        return {**_keys(*artifacts), f"{part} videos": short_digest(videos)}


def _own_names(paths: Iterable[Path]) -> dict[str, Path]:
    """Paths by their shortest ends that tell them apart, so that the folder they lie in decides nothing."""
    names: dict[str, Path] = {}
    left, depth = list(dict.fromkeys(paths)), 0
    while left:
        depth += 1
        ends = {path: "/".join(path.parts[-depth:]) for path in left}
        times = Counter(ends.values())
        names |= {end: path for path, end in ends.items() if times[end] == 1}
        left = [path for path in left if times[ends[path]] > 1]
    return names


def _keys(*artifacts: Artifact) -> dict[str, str]:
    return {artifact.stage.name: artifact.key for artifact in artifacts}
