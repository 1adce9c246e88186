"""The plans whose keys are kept, each as a user asks make for it. A plan is added by a line; none is taken away."""

from itertools import product

from tests.golden import plan_changes

DATASETS = ("jhmdb", "ucf101_24", "ava", "folder", "stickworld")
HEADS = ("clip_frame", "clip_crop", "iclip", "stclip", "oracle")
LABELS = "datasets.folder.labels=reading,walking,waving"
BOXES = "datasets.folder.annotation=boxes_and_parts.csv"


def lines() -> list[str]:
    """All of them, in groups; `SETTINGS=` names another file than pipeline.yaml."""
    persons = [*_methods(), *_splits(), *_recipes(), *_elsewhere(), *_datasets(), *_settings()]
    return list(dict.fromkeys([*persons, *_clips(), *_of_clips(), *_refused_clips(), *_optimisers()]))


def _line(dataset: str, *words: str, set_: str = "") -> str:
    words = (f"DATASET={dataset}", *words, *([f'SET="{set_}"'] if set_ else []))
    return " ".join(word for word in words if word)


def _methods() -> list[str]:
    """Every head on every dataset, on detected and on annotated persons, its views in the cache or not."""
    found = []
    for dataset, head, boxes in product(DATASETS, HEADS, ("", "scoring.boxes=groundtruth")):
        pixels = ("", "encoder.pixels=decoded") if head == "stclip" else ("",)
        split = "SPLIT=without-waving" if dataset == "folder" and head in ("iclip", "stclip") else ""
        needed = {"folder": BOXES}.get(dataset, "")
        for views in pixels:
            found.append(_line(dataset, split, f"HEAD={head}", set_=" ".join(filter(None, (needed, boxes, views)))))
    return found


def _splits() -> list[str]:
    """Every kind of label split, for a head that learns and one that does not."""
    drawn = ("50/50-0", "75/25-0", "50/50-1", "full", "all-unseen")
    of_dataset = {
        "jhmdb": ("1", "2", "3", "4", "75/25", "without-wave", "splits.yaml:mine", "splits.yaml:halves"),
        "ucf101_24": ("1", "2", "3", "4", "75/25", "without-SalsaSpin", "one_split.yaml"),
        "ava": ("1", "2", "3", "'without-hug (a person)'", "ava_split.yaml"),
        "stickworld": ("1", "2", "3", "without-wave"),
    }
    found = []
    for dataset, named in of_dataset.items():
        for head, split in product(("iclip", "clip_crop"), (*named, *drawn)):
            found.append(_line(dataset, f"SPLIT={split}", f"HEAD={head}"))
    for head, split in product(("iclip", "clip_crop"), ("without-reading", "50/50-0", "full", "own_words.yaml")):
        found.append(_line("folder", f"SPLIT={split}", f"HEAD={head}", set_=BOXES))
    return found


def _recipes() -> list[str]:
    """Every recipe, where it is not the dataset's own."""
    of_jhmdb = ("single-action", "finetune", "yolox-nano", "stickworld", "ava", "iclip/ucf101_24", "iclip/stickworld")
    of_stclip = ("single-action", "stclip/jhmdb", "stclip/ucf101_24", "stclip/ava", "stclip/stickworld")
    found = [_line("jhmdb", f"RECIPE={recipe}") for recipe in of_jhmdb]
    found += [_line("jhmdb", "HEAD=stclip", f"RECIPE={recipe}") for recipe in of_stclip]
    found += [_line("jhmdb", "HEAD=clip_crop", f"RECIPE={recipe}") for recipe in ("ava", "folder", "single-action")]
    found += [_line("jhmdb", "HEAD=oracle", f"RECIPE={recipe}") for recipe in ("oracle/ava", "oracle/ucf101_24")]
    found += [_line("jhmdb", "HEAD=iclip", "RECIPE=iclip/ava")]
    found += [_line("ucf101_24", f"HEAD={head}", "RECIPE=finetune") for head in HEADS]
    found += [_line("ucf101_24", f"SPLIT={split}", "RECIPE=finetune") for split in ("2", "all-unseen")]
    found += [_line("ava", f"HEAD={head}", "RECIPE=finetune") for head in ("iclip", "clip_frame")]
    return found


def _elsewhere() -> list[str]:
    """Heads that are trained on another dataset."""
    found = []
    for head, boxes in product(HEADS, ("", "scoring.boxes=groundtruth")):
        words = ("SPLIT=all-unseen", f"HEAD={head}", "TRAINED_ON=jhmdb")
        found.append(_line("ucf101_24", *words, set_=boxes))
    for changed in ("", "trained_on.split=2", "trained_on.split=without-wave", "trained_on.shared=drop"):
        labels = "datasets.folder.labels=Wave,reading"  # of which jhmdb has one
        found.append(_line("folder", "HEAD=iclip", "TRAINED_ON=jhmdb", set_=f"{labels} {changed}".strip()))
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=iclip", "TRAINED_ON=ucf101_24"))
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=iclip", "TRAINED_ON=ucf101_24", set_="trained_on.shared=drop"))
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=clip_crop", "TRAINED_ON=ucf101_24", set_="detector.finetune.epochs=2"))
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=iclip", "TRAINED_ON=ava", set_="encoder.model=ViT-B-16"))
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=iclip", "TRAINED_ON=ava"))  # another encoder
    found.append(_line("ava", "HEAD=iclip", "TRAINED_ON=jhmdb", set_="encoder.model=ViT-L-14"))
    for head in ("iclip", "stclip", "clip_crop"):
        found.append(_line("folder", f"HEAD={head}", "TRAINED_ON=jhmdb", set_=LABELS))
    own_texts = f"{LABELS} datasets.folder.texts=data/folder/texts.yaml encoder.phrasings=max"
    found.append(_line("folder", "HEAD=iclip", "TRAINED_ON=jhmdb", set_=own_texts))
    return found


def _datasets() -> list[str]:
    """Settings of the datasets, and videos that are missing or set aside."""
    of_dataset = {
        "jhmdb": (
            "datasets.jhmdb.official_split=2",
            "datasets.jhmdb.clips_per_class=1",
            "datasets.jhmdb.videos=frames",
            "datasets.jhmdb.videos=one_is_missing",
            "datasets.jhmdb.groundtruth=puppet_mask",
            "cache.root=noted",
            "cache.clips_per_unit=1",
        ),
        "ucf101_24": ("datasets.ucf101_24.train_list=trainlist01.txt",),
        "ava": (
            "datasets.ava.around=2",
            "datasets.ava.step=2.5",
            "datasets.ava.around=31 datasets.ava.step_unit=frames",
            "datasets.ava.start=0 datasets.ava.fps=25",
            "datasets.ava.excluded_train=null datasets.ava.excluded_val=null",
        ),
        "folder": (
            LABELS,
            f"{LABELS} datasets.folder.every=5",
            f"{LABELS} datasets.folder.per_second=2",
            f"{LABELS} datasets.folder.texts=data/folder/texts.yaml",
            f"{LABELS} datasets.folder.videos=data/folder/clip.avi,data/folder/other/clip.avi",
            "datasets.folder.annotation=boxes.csv",
            "datasets.folder.annotation=boxes.csv datasets.folder.train_list=train.txt",
        ),
        "stickworld": ("datasets.stickworld.seed=1", "datasets.stickworld.train_clips=2"),
    }
    learns_nothing = {"folder": "HEAD=clip_crop"}
    found = [
        _line(dataset, learns_nothing.get(dataset, ""), set_=changed)
        for dataset, of_it in of_dataset.items()
        for changed in of_it
    ]
    found.append(_line("jhmdb", set_="datasets.jhmdb.groundtruth=puppet_mask datasets.jhmdb.clips_per_class=1"))
    found.append(_line("ava", "HEAD=stclip", set_="datasets.ava.around=2"))  # windows that nothing extracts
    found.append(_line("folder", "SETTINGS=folder.yaml", "HEAD=clip_frame"))
    return found


def _settings() -> list[str]:
    """Settings of detector, encoder, heads, training, scoring and evaluation, one or few at a time."""
    found = [
        _line("jhmdb", f"HEAD={head}", set_=changed)
        for head, of_it in plan_changes.OF_HEADS_ON_PERSONS.items()
        for changed in of_it
    ]
    found += [_line("ava", set_=f"scoring.{changed}") for changed in ("voting=mean", "similarities=true")]
    found += [_line("ava", set_="training.pose_weight=1 training.loss=focal")]
    found += [_line("jhmdb", "SETTINGS=lists.yaml", set_="encoder.phrasings=max")]
    return found


def _clips() -> list[str]:
    """ActionCLIP on every dataset and label split: videos or tracklets, by detected or annotated boxes."""
    kinds = ("", "clips.of=video", "clips.of=tracklet", "clips.of=tracklet clips.tracklet=frames")
    found = []
    for dataset, boxes, clips in product(DATASETS, ("", "scoring.boxes=groundtruth"), kinds):
        split, needed = ("SPLIT=without-waving", BOXES) if dataset == "folder" else ("", "")
        set_ = " ".join(filter(None, (needed, boxes, clips)))
        found.append(_line(dataset, split, "HEAD=actionclip", set_=set_))
    splits = {
        "jhmdb": ("1", "2", "3", "4", "75/25", "50/50-0", "75/25-0", "full", "all-unseen", "without-wave"),
        "ucf101_24": ("2", "75/25", "50/50-0", "full", "one_split.yaml"),
        "ava": ("2", "50/50-0", "full", "ava_split.yaml"),
        "stickworld": ("2", "without-wave", "full"),
    }
    found += [_line(dataset, f"SPLIT={split}", "HEAD=actionclip") for dataset in splits for split in splits[dataset]]
    found += [_line("jhmdb", "SPLIT=splits.yaml:mine", "HEAD=actionclip", set_="clips.of=tracklet")]
    found += [_line("folder", f"SPLIT={split}", "HEAD=actionclip", set_=BOXES) for split in ("50/50-0", "full")]
    return found


def _of_clips() -> list[str]:
    """ActionCLIP's recipes and settings, and ActionCLIP that is trained on another dataset."""
    recipes = ("actionclip/jhmdb", "actionclip/ucf101_24", "actionclip/ava", "actionclip/stickworld", "actionclip-bare")
    found = [_line("jhmdb", "HEAD=actionclip", f"RECIPE={recipe}") for recipe in (*recipes, "finetune")]
    found += [_line(dataset, "HEAD=actionclip", "RECIPE=actionclip-bare") for dataset in ("ucf101_24", "ava")]
    for boxes, clips in product(("", "scoring.boxes=groundtruth"), ("", "clips.of=tracklet")):
        words = ("SPLIT=all-unseen", "HEAD=actionclip", "TRAINED_ON=jhmdb")
        found.append(_line("ucf101_24", *words, set_=f"{boxes} {clips}".strip()))
    found.append(_line("folder", "HEAD=actionclip", "TRAINED_ON=jhmdb", set_=LABELS))
    alike = "encoder.model=ViT-L-14 heads.actionclip.loss=classes"
    found.append(_line("jhmdb", "SPLIT=2", "HEAD=actionclip", "TRAINED_ON=ava", set_=alike))
    return [*found, *(_line("jhmdb", "HEAD=actionclip", set_=change) for change in plan_changes.OF_CLIPS)]


def _refused_clips() -> list[str]:
    """What ActionCLIP cannot run with."""
    found = [_line("jhmdb", "HEAD=actionclip", set_=change) for change in plan_changes.REFUSED_CLIPS]
    return [*found, _line("ava", "HEAD=actionclip", set_="heads.actionclip.loss=batch")]


def _optimisers() -> list[str]:
    """Optimisers, schedules and limits of the gradient other than the first ones."""
    return [
        _line("jhmdb", f"HEAD={head}", set_=change)
        for head, change in product(("iclip", "actionclip"), plan_changes.OPTIMISERS)
    ]
