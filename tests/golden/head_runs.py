"""Trainings and scorings of every head, each as a user asks make for it.

QUICK, MORE: on the clips of `made_clips`; whatever a head does otherwise under some setting is in one of them. SAVED:
heads that were trained once and are kept as files. DEMO: the demo on a small stickworld, with its own frozen models.
"""

_JHMDB = "DATASET=jhmdb SPLIT=split.yaml"
_AVA = "DATASET=ava SPLIT=3"
_ALL = (
    "device=cpu scoring.threshold=0.3 training.iterations=12 training.warmup=4 training.batch=4 cache.clips_per_unit=8"
)
_OF_JHMDB = f"{_ALL} detector.boxes_from=boxes-jhmdb.csv"
_OF_AVA = (
    f"{_ALL} detector.boxes_from=boxes-ava.csv datasets.ava.fps=1 datasets.ava.start=901 "
    "datasets.ava.frame_files={video}_{number}.png"
)
_TOKENS = "encoder.tokens_from=tokens"
_ENCODER = "encoder.model=clip.json encoder.pretrained=clip.safetensors"
_ICLIP = (
    "heads.iclip.memory_before=2 heads.iclip.memory_after=3 heads.iclip.persons=2 heads.iclip.objects=1 "
    "heads.iclip.context_slots=3 heads.iclip.memory_slots=2 training.lr=0.01"
)
_SHORT = "heads.iclip.blocks=POCM heads.iclip.prompting_layers=1"
_STCLIP = "heads.stclip.frames_before=2 heads.stclip.frames_after=1 heads.stclip.persons=2"
_LEARNS = "training.lr=0.05"
_ACTIONCLIP = "heads.actionclip.layers=2 heads.actionclip.frames=4 training.lr=0.01"
_INTEREST = "heads.stclip.prompt_tokens=interest heads.stclip.interest_tokens=4 heads.stclip.prompting=last"
_SIMILAR = "scoring.similarities=true"

QUICK: dict[str, str] = {
    "clip_frame": f'{_JHMDB} HEAD=clip_frame SET="{_OF_JHMDB} {_TOKENS}"',
    "clip_crop": f'{_JHMDB} HEAD=clip_crop SET="{_OF_JHMDB} {_TOKENS} {_SIMILAR}"',
    "oracle": f'{_JHMDB} HEAD=oracle SET="{_OF_JHMDB}"',
    "iclip": f'{_JHMDB} HEAD=iclip SET="{_OF_JHMDB} {_TOKENS} {_ICLIP} {_SIMILAR}"',
    "iclip, masked": (
        f'{_JHMDB} HEAD=iclip SET="{_OF_JHMDB} {_TOKENS} {_ICLIP} {_SHORT} heads.iclip.padding=masked '
        "heads.iclip.memory=all heads.iclip.object_choice=random training.loss=cross_entropy scoring.labels=all "
        'scoring.boxes=groundtruth"'
    ),
    "iclip, ava": f'{_AVA} HEAD=iclip SET="{_OF_AVA} {_TOKENS} {_ICLIP} {_SHORT} {_SIMILAR}"',
    "stclip": f'{_JHMDB} HEAD=stclip SET="{_OF_JHMDB} {_ENCODER} {_STCLIP} {_LEARNS} {_SIMILAR}"',
    "actionclip": f'{_JHMDB} HEAD=actionclip SET="{_OF_JHMDB} {_ENCODER} {_ACTIONCLIP} {_SIMILAR}"',
    "actionclip, ava": (
        f'{_AVA} HEAD=actionclip RECIPE=actionclip-bare SET="{_OF_AVA} {_ENCODER} {_ACTIONCLIP} encoder.crop=squash"'
    ),
}
MORE: dict[str, str] = {
    "clip_crop, best phrasing": (
        f'{_JHMDB} HEAD=clip_crop SET="{_OF_JHMDB} {_ENCODER} encoder.texts=phrasings.yaml encoder.phrasings=max '
        f'{_SIMILAR} scoring.labels=all scoring.voting=mean"'
    ),
    "oracle, person": f'{_JHMDB} HEAD=oracle SET="{_OF_JHMDB} heads.oracle.knows=person scoring.select=first"',
    "iclip, weighted": (
        f'{_JHMDB} HEAD=iclip SET="{_OF_JHMDB} {_TOKENS} {_ICLIP} heads.iclip.prompting_layers=0 '
        'scoring.voting=weighted training.videos=without_unseen training.videos_at_most=4 evaluation.protocol=act"'
    ),
    "stclip, interest": (
        f'{_JHMDB} HEAD=stclip SET="{_OF_JHMDB} {_ENCODER} {_STCLIP} {_LEARNS} {_INTEREST} '
        "heads.stclip.temporal=average "
        'heads.stclip.adapter=fc heads.stclip.whole_frame=false encoder.pixels=decoded scoring.boxes=groundtruth"'
    ),
    "stclip, ava": (
        f'{_AVA} HEAD=stclip SET="{_OF_AVA} {_ENCODER} {_STCLIP} encoder.crop=squash heads.stclip.interest_tokens=6 '
        'datasets.ava.around=2 scoring.margin=0.3 training.lr=0.002"'  # more, and roundings grow
    ),
    "actionclip, tracklets of frames": (
        f'{_JHMDB} HEAD=actionclip SET="{_OF_JHMDB} {_ENCODER} {_ACTIONCLIP} clips.of=tracklet clips.tracklet=frames '
        'heads.actionclip.views=2 scoring.boxes=groundtruth training.optimiser=adamw training.schedule=cosine"'
    ),
}
SAVED: dict[str, str] = {
    "saved iclip": f'{_JHMDB} HEAD=iclip SET="{_OF_JHMDB} {_TOKENS} {_ICLIP} {_SHORT} {_SIMILAR}"',
    "saved stclip": f'{_JHMDB} HEAD=stclip SET="{_OF_JHMDB} {_ENCODER} {_STCLIP} {_LEARNS} {_SIMILAR}"',
}

_STICKWORLD = "device=cpu datasets.stickworld.train_clips=1 datasets.stickworld.test_clips=1"

DEMO: dict[str, str] = {
    f"{head} of stickworld": f'DATASET=stickworld SPLIT=1 HEAD={head} SET="{_STICKWORLD} {more}"'
    for head, more in {
        "clip_frame": "",
        "clip_crop": "",
        "oracle": "",
        "iclip": "training.iterations=40 training.warmup=4",
        "stclip": "training.iterations=8 training.warmup=2",
        "actionclip": "training.iterations=20 training.warmup=4",
    }.items()
}
"""They share a cache."""

TRAINED = [name for name in [*QUICK, *MORE] if name.startswith(("iclip", "stclip", "actionclip"))]
INITIAL: dict[str, tuple[str, int]] = {
    "initial iclip": ("iclip", 512),
    "initial iclip, narrow": ("iclip", 16),
    "initial stclip": ("stclip", 16),
    "initial actionclip": ("actionclip", 16),
}
"""Heads with their default settings at the start of a training, for tokens of that width."""
