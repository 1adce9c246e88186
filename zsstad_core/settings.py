"""Every setting of the pipeline, typed, with its explanation under it.

The same texts are the comments of pipeline.yaml and the table of docs/settings.md (`zsstad_core.settings_text` writes
both). How files, recipes and overrides become one `Settings` is in `zsstad_core.configure`.

A field marked `HOW` says how to compute, not what (batch sizes, devices, logging): it never enters a cache key.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from zsstad_core.recipes import RECIPES

HOW = "how"  # marks a field that changes speed or place, not content

type Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, types are not guessed, values do not change."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    def content(self) -> dict[str, Any]:
        """The fields that decide what is computed, as plain data; what is marked `HOW` is left out."""
        chosen: dict[str, Any] = {}
        for name, field in type(self).model_fields.items():
            if HOW in field.metadata:
                continue
            value = getattr(self, name)
            chosen[name] = value.content() if isinstance(value, Section) else value
        return chosen


class Jhmdb(Section):
    """J-HMDB: 928 trimmed clips of 21 actions, one annotated person a frame."""

    root: Annotated[str, HOW] = "data/jhmdb"
    """Folder that the other paths of this section start from."""

    videos: Annotated[str, HOW] = "videos"
    """Folder of clips, `CLASS/NAME.avi`, or of the official frames, `CLASS/NAME/00001.png` (Rename_Images)."""

    groundtruth: Annotated[str, HOW] = "JHMDB-GT.pkl"
    """`JHMDB-GT.pkl`, or the official `puppet_mask` folder (`CLASS/NAME/puppet_mask.mat`)."""

    official_splits: Annotated[str, HOW] = "splits"
    """Folder of the official lists (`CLASS_test_split1.txt`); read only with puppet masks, the pickle has its own."""

    official_split: Literal[1, 2, 3] = 1
    """Which of the three official splits says what is training and what is test. Papers 001 and 002: 1."""

    clips_per_class: Annotated[Annotated[int, Field(ge=1)] | None, HOW] = None
    """Take only so many training and so many test clips of each class, the first by name; empty takes all."""


class Stickworld(Section):
    """stickworld: jointed figures in 18 actions, rendered from a seed when they are first asked for."""

    root: Annotated[str, HOW] = "data/stickworld"
    """Folder where clips are rendered to, in a folder of their own for each seed and number of clips."""

    seed: Annotated[int, Field(ge=0)] = 0
    """Seed of the clips; another one gives other people, places and cameras."""

    train_clips: Annotated[int, Field(ge=1)] = 10
    """Training clips a class. In most of them others do other actions beside."""

    test_clips: Annotated[int, Field(ge=1)] = 6
    """Test clips a class. A clip is the same whatever these numbers are."""


class Datasets(Section):
    """One section a dataset."""

    jhmdb: Jhmdb = Jhmdb()
    stickworld: Stickworld = Stickworld()


class Cache(Section):
    """Where artifacts land and how they are cut into units."""

    root: Annotated[str, HOW] = "cache"
    """Folder of all artifacts."""

    clips_per_unit: Annotated[int, HOW, Field(ge=1)] = 32
    """Clips that are computed, published and, if need be, redone together."""

    failures_allowed: Annotated[Fraction, HOW] = 0.01
    """Share of the clips that a stage may fail to read and still end well. They are set aside, tried again by the next
    run, and their ground truth counts as missed; `make status` lists them."""


class Slurm(Section):
    """What a SLURM job of one worker asks for (dask-jobqueue; the checkout must be on a shared file system)."""

    partition: Annotated[str, HOW] = ""
    """Partition to submit to; empty: the cluster's own default."""

    account: Annotated[str, HOW] = ""
    """Account to charge."""

    cores: Annotated[int, HOW, Field(ge=1)] = 8
    """CPU cores of a job."""

    memory: Annotated[str, HOW] = "32GB"
    """Memory of a job."""

    hours: Annotated[int, HOW, Field(ge=1)] = 4
    """Hours after which a job ends; what it had not finished goes to another worker."""

    options: Annotated[str, HOW] = ""
    """More options of sbatch, such as `--gres=gpu:1 --constraint=a100`."""


class Workers(Section):
    """Where index, detect and encode run: in one process, or as tasks on dask workers."""

    count: Annotated[int, HOW, Field(ge=0)] = 0
    """Workers to start; 0: no workers, everything in one process. Several share this host's GPUs in turn."""

    kind: Annotated[Literal["local", "slurm"], HOW] = "local"
    """Processes on this host, or SLURM jobs."""

    scheduler: Annotated[str, HOW] = ""
    """Address of a dask scheduler whose workers are to be used, `tcp://HOST:8786`, instead of starting any. They must
    see the same files and run in this environment, with `--nthreads 1`."""

    slurm: Slurm = Slurm()


class Detector(Section):
    """Person and object boxes: an mmdet model, or a file."""

    boxes_from: Annotated[str | None, HOW] = None
    """A file of boxes instead of a detector: ST-CLIP's JSON, or our own columns in Parquet or CSV."""

    config: str = "faster_rcnn/faster-rcnn_r50_fpn_1x_coco.py"
    """mmdet config: a path inside mmdet's own configs, or a file of yours. Papers 001 and 002: Faster R-CNN R50-FPN."""

    checkpoint: str = (
        "https://download.openmmlab.com/mmdetection/v2.0/faster_rcnn/faster_rcnn_r50_fpn_1x_coco/"
        "faster_rcnn_r50_fpn_1x_coco_20200130-047c8118.pth"
    )
    """Weights: a URL that mmengine fetches, or a local file."""

    person_score: Fraction = 0.05
    """Persons below this detection score are not kept."""

    persons_per_frame: Annotated[int, Field(ge=1)] = 20
    """At most so many persons a frame, best first."""

    object_score: Fraction = 0.05
    """Objects (every COCO class but person) below this detection score are not kept."""

    objects_per_frame: Annotated[int, Field(ge=0)] = 10
    """At most so many objects a frame, best first."""

    batch: Annotated[int, HOW, Field(ge=1)] = 8
    """Frames that go through the detector together."""


class Encoder(Section):
    """The frozen CLIP encoders (open_clip), or tokens that were made elsewhere."""

    tokens_from: Annotated[str | None, HOW] = None
    """A folder of tokens instead of the encoders: files as `make export` writes them (docs/export.md)."""

    model: str = "ViT-B-16"
    """open_clip model name, or the path of a model config (JSON). Papers 001 and 002: ViT-B/16."""

    pretrained: str = "openai"
    """open_clip pretrained tag, or a local weights file; `random` for random weights, which every result then says."""

    seed: int = 0
    """Seed of the weights when `pretrained` is `random`."""

    crop: Literal["clip", "squash", "pad"] = "clip"
    """How a frame or box becomes the encoder's square: `clip` (short side, then centre crop; the papers' and
    open_clip's own), `squash` (aspect ratio ignored), `pad` (whole, with grey borders)."""

    precision: Literal["fp32", "bf16"] = "fp32"
    """Arithmetic of the encoders. bf16 is two to four times as fast where the processor (AVX-512 BF16, AMX) or GPU has
    it, and moves a token by a hundredth of its length."""

    template: str = "{}"
    """What the text encoder reads for a class; `{}` is the class name. Papers 001 and 002: the bare name."""

    underscores: Literal["keep", "space"] = "keep"
    """Whether `brush_hair` is read as it stands (as the published code does) or as `brush hair`."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Views that go through the image encoder together."""


class ClipFrame(Section):
    """Baseline: CLIP's feature of the whole frame against the class names, the same for every person of the frame."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""


class ClipCrop(Section):
    """Baseline: CLIP's feature of the person's crop against the class names."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this before the softmax. The published code of iCLIP and ST-CLIP: 0.07."""


class Iclip(Section):
    """iCLIP (paper 001). Defaults are what made the published numbers, where code and paper differ the code."""

    blocks: Annotated[str, Field(pattern="^[POCM]*$")] = "POCMPOCM"
    """Interaction blocks in order: P(erson), O(bject), C(ontext), M(emory). The code has two rounds, the paper draws
    one; order from table 5."""

    padding: Literal["zeros", "masked"] = "zeros"
    """Empty key slots: `zeros` take part in the softmax as in the published code, `masked` do not."""

    persons: Annotated[int, Field(ge=1)] = 25
    """Person key slots a frame."""

    objects: Annotated[int, Field(ge=1)] = 5
    """Object key slots a frame."""

    object_choice: Literal["score", "random"] = "score"
    """Which objects touching a person are taken when there are more than slots: the best scores, or a choice drawn
    afresh from the frame's identity and the seed (the published code draws at random, also at test time)."""

    context_slots: Annotated[int, Field(ge=1)] = 25
    """Context key slots, of which one is the frame's feature."""

    memory_before: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames before the current one in memory."""

    memory_after: Annotated[int, Field(ge=0)] = 30
    """Neighbouring frames after the current one in memory."""

    memory_slots: Annotated[int, Field(ge=1)] = 10
    """Memory key slots a neighbouring frame, of which one is that frame's feature."""

    memory: Literal["visited", "all"] = "visited"
    """Neighbours available in training: frames that an earlier iteration has visited (as published), or all."""

    context_weight: Fraction = 0.5
    """Share of the whole frame's feature in the interaction feature; the rest is the person's."""

    prompting_layers: Annotated[int, Field(ge=0)] = 2
    """Layers of Interaction-Aware Prompting; 0 turns it off. Code: 2 (14.8 M trainable), the paper's 11.6 M fit 1."""

    prompting_scale: float = 0.1
    """Initial value of the learned scale on the prompt. 1.0 is the paper's equation 4."""

    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Dropout on each interaction block's output."""

    temperature: Annotated[float, Field(gt=0)] = 0.07
    """Cosines are divided by this; fixed, as published."""


class Heads(Section):
    """One section a method."""

    clip_frame: ClipFrame = ClipFrame()
    clip_crop: ClipCrop = ClipCrop()
    iclip: Iclip = Iclip()


class Training(Section):
    """Optimisation of a head. Defaults are iCLIP's on J-HMDB; `recipes` holds the others."""

    iterations: Annotated[int, Field(ge=1)] = 7_000
    """Optimiser steps. Paper 001: 7,000 on J-HMDB, 10,000 on UCF101-24."""

    warmup: Annotated[int, Field(ge=0)] = 700
    """Steps over which the learning rate climbs linearly from `warmup_factor` of its value. At most `iterations`."""

    warmup_factor: Annotated[float, Field(gt=0, le=1)] = 0.25
    """Where the climb starts, as a share of the learning rate."""

    lr: Annotated[float, Field(gt=0)] = 2e-4
    """Learning rate (SGD), constant after the warm-up."""

    block_lr_factor: Annotated[float, Field(gt=0)] = 10.0
    """Learning rate of the interaction blocks, as a multiple of `lr`. iCLIP's code: 10."""

    bias_lr_factor: Annotated[float, Field(gt=0)] = 2.0
    """Learning rate of biases, as a multiple; biases have no weight decay. iCLIP's code: 2."""

    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    """Momentum of SGD."""

    weight_decay: Annotated[float, Field(ge=0)] = 1e-7
    """Weight decay of SGD."""

    batch: Annotated[int, Field(ge=1)] = 8
    """Frames a step."""

    loss: Literal["focal", "cross_entropy"] = "focal"
    """Softmax focal loss (published code) or cross-entropy (paper 001, equation 5)."""

    focal_gamma: Annotated[float, Field(ge=0)] = 2.0
    """Exponent of the focal loss."""

    seed: int = 2
    """Seed of initial weights, order of frames and dropout. iCLIP's code: 2."""

    precision: Literal["fp32", "amp"] = "fp32"
    """`amp` is bf16 mixed precision, on a GPU only."""

    checkpoint_every: Annotated[int, HOW, Field(ge=1)] = 1_000
    """Steps between checkpoints; the last two are kept, and an interrupted training goes on from the newest."""

    log_every: Annotated[int, HOW, Field(ge=1)] = 50
    """Steps between log lines and TensorBoard points."""

    @model_validator(mode="after")
    def _warmup_fits(self) -> "Training":
        if self.warmup > self.iterations:
            raise ValueError(
                f"warmup is {self.warmup}; it must be at most iterations ({self.iterations}): lower it, or train longer"
            )
        return self


class Scoring(Section):
    """Which boxes a head scores, against which labels."""

    boxes: Literal["detected", "groundtruth"] = "detected"
    """Detected persons, or the ground truth's boxes with detection score 1 (the papers' starred rows)."""

    select: Literal["threshold", "first", "margin", "all"] = "threshold"
    """Which detected persons of a frame: score at least `threshold` (iCLIP), the `first` best (ST-CLIP's code), those
    within `margin` of the best (ST-CLIP's paper), or all that were kept."""

    threshold: Fraction = 0.2
    """For `select: threshold`. iCLIP: 0.2."""

    first: Annotated[int, Field(ge=1)] = 3
    """For `select: first`. ST-CLIP's code: 3."""

    margin: Fraction = 0.001
    """For `select: margin`. ST-CLIP's paper: 0.001 on J-HMDB, 0.7 on UCF101-24 and AVA."""

    labels: Literal["own", "all"] = "own"
    """Softmax over the video's own group of labels, unseen or seen (the published way), or over all of them."""

    batch: Annotated[int, HOW, Field(ge=1)] = 64
    """Frames that are scored together."""


class Evaluation(Section):
    """Frame mAP, J-HMDB protocol (MultiSports' and ST-CLIP's lineage)."""

    iou: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Smallest overlap of a detection with the ground truth that counts."""

    frames: Literal["annotated", "decoded"] = "annotated"
    """Ground truth on every annotated frame (the field's evaluators), or only on frames that the video really has."""


class Settings(Section):
    """The whole of pipeline.yaml."""

    dataset: Literal["jhmdb", "stickworld"] = "jhmdb"
    """Dataset; DATASET= on the command line."""

    split: Annotated[int, Field(ge=1)] = 1
    """Label split of the dataset (zsstad_core/splits); SPLIT=."""

    head: Literal["clip_frame", "clip_crop", "iclip", "oracle"] = "iclip"
    """Method; HEAD=. `oracle` is not one: it gives each detection its video's true class, to measure a detector."""

    device: Annotated[str, HOW] = "auto"
    """Where models run: auto (a GPU where there is one), cpu, cuda, cuda:1."""

    cache: Cache = Cache()
    workers: Workers = Workers()
    datasets: Datasets = Datasets()
    detector: Detector = Detector()
    encoder: Encoder = Encoder()
    heads: Heads = Heads()
    training: Training = Training()
    scoring: Scoring = Scoring()
    evaluation: Evaluation = Evaluation()

    recipes: Annotated[dict[str, dict[str, Any]], HOW] = RECIPES
    """Named changes to the settings above. DATASET and HEAD/DATASET apply by themselves; any other is chosen by
    RECIPE=. They stand above this file's values and below SET=."""
