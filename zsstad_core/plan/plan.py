"""The plan: the graph of all artifacts that settings ask for, with their needs, keys and folders. Imports no torch.

    index ─► groundtruth ─► tokens-groundtruth ─┐
      │           └► (finetune ─┐)              │
      ├────► detect ◄───────────┘               │
      │         └────► tokens-person, -object ──┤
      └────► tokens-frame ──────────────────────┼─► train ─► score ─► evaluate
                                    text ───────┘

Each artifact below states its edges, `needs`, once: its key, `all`, `extract`, `lineage`, the table of `make plan` and
the rules of make follow from them. What else decides its content is in `plan.inputs`. The key of an artifact holds the
keys of its needs; if the artifact is not divided by videos (train, score, evaluate), also the set of videos.
"""

from functools import cached_property
from pathlib import Path

from zsstad_core.cache.artifact import Artifact
from zsstad_core.cache.stages import EVALUATE, SCORE, TRAIN
from zsstad_core.cache.units import short_digest
from zsstad_core.plan import graph, inputs, refusals
from zsstad_core.plan.extraction import Extraction


class Plan(Extraction):
    """All artifacts of a dataset, a label split and a head. Raises SettingsError, MissingFileError or DataError."""

    @cached_property
    def train(self) -> Artifact | None:
        """The trained head; None for a head without weights. If `training_plan` is another plan, it is that plan's."""
        if not self.method.trains:
            return None
        if self.training_plan is not None:
            return self.training_plan.train
        refusals.refuse_training_on_nothing(self.settings, self.split)
        bars = self.settings.training.videos == "without_unseen"
        own = {
            **self._method_inputs(),
            **inputs.training(self.settings),
            "seen": list(self.split.seen),
            **({"unseen": sorted(self.split.unseen)} if bars else {}),
            **inputs.class_types(self.dataset.class_types, self.split.seen),
        }
        tokens = [self.tokens(kind.annotated) for kind in self.reads.kinds]
        return self._whole(TRAIN, [self.groundtruth, *self._learned_texts(), *tokens], own, "train")

    @cached_property
    def score(self) -> Artifact:
        """Table detections: the scores of every test person for its labels."""
        seen, unseen = self.split.seen, self.split.unseen
        own = {
            **self._method_inputs(),
            "scoring": self.settings.scoring.content(),
            **({"similarities": True} if self.keeps_similarities else {}),
            "seen": list(seen),
            "unseen": list(unseen),
            **inputs.class_types(self.dataset.class_types, (*seen, *unseen)),
        }
        needs = [*self._scoring_needs(), *([self.train] if self.train else [])]
        return self._whole(SCORE, needs, own, "test")

    @cached_property
    def evaluate(self) -> Artifact:
        """The file metrics.json."""
        missing = [video_id for video_id in self.missing if self.official_split[video_id] == "test"]
        own = {"evaluation": self.settings.evaluation.content(), "missing": short_digest(missing)}
        return self._whole(EVALUATE, [self.score, self.groundtruth], own, "test")

    # ---- the graph

    def all(self) -> list[Artifact]:
        """Every artifact that is made, each after what it reads."""
        return self._made(self.lineage())

    def lineage(self) -> list[Artifact]:
        """`all`, and the views that are decoded whenever they are read: everything that decides the result."""
        elsewhere = [self.train] if self.training_plan and self.train else []
        return graph.upstream([self.evaluate], leaves=elsewhere)

    def steps(self) -> list[graph.Step]:
        """What make runs for this plan, stage by stage. The training of a head on another dataset is not among it."""
        return [step for step in graph.steps(self.all()) if step.target != TRAIN.target or not self.training_plan]

    @property
    def runs(self) -> Path:
        """The folder of the training's checkpoints and TensorBoard files, named by its key; a training that was
        interrupted goes on from its checkpoints."""
        return (self.training_plan or self).root / "training" / (self.train.key if self.train else "")

    @property
    def finetune_runs(self) -> Path:
        """The folder of the fine-tuning's checkpoints and TensorBoard files, named as its artifact."""
        return self.root / "training" / (self.finetune.path.name if self.finetune else "")

    def _learned_texts(self) -> list[Artifact]:
        """The text tokens that the head learns from: phrasings and words if the method reads them, else one per class,
        even if several texts of a class count in scoring."""
        phrasings = self.phrasings if "phrasings" in self.reads.texts else None
        return [artifact for artifact in (phrasings or self.text, self.words) if artifact]

    def _method_inputs(self) -> inputs.Inputs:
        """The method; the definition of a clip if it classifies clips; the image encoder if that runs inside it."""
        encoder = inputs.image_encoder(self.settings.encoder, self.inventory.digest) if self.method.runs_encoder else {}
        clips = inputs.clips(self.settings) if self.method.classifies == "clip" else {}
        return {**inputs.method(self.settings), **clips, **encoder}
