"""A page with something in every part, and names that would break out of a page that does not hold them."""

from tests.made_videos import grey
from zsstad_core.report.page.content import (
    AttendingPerson,
    Attention,
    Box,
    ClassRow,
    Clip,
    Confusion,
    Curve,
    ErrorKind,
    Errors,
    FixInTurn,
    Moment,
    Number,
    Page,
    Person,
    Picture,
    Provenance,
    Sight,
    Table,
    TruePerson,
    TrueSight,
)
from zsstad_core.report.page.jpeg import jpeg

QUOTED = 'say "hello" & <b>wave</b>'
CLOSING = "</script><img src=x onerror='window.broken=1'>"
MARKERS = "{{script}} ${x} %{y} </style><!--"
LABELS = (CLOSING, QUOTED, "sit_down")
GROUPS = ("unseen", "unseen", "seen")
FRAMES = 9
SECONDS = tuple(at / 30 for at in range(FRAMES))


def clip(video_id: str, group: str, first: int = 0) -> Clip:
    """Frames of one grey each; person 1 changes its label after a third, person 2 is there for a while."""
    seen = tuple(
        Sight(at, (10 + at, 5, 30 + at, 45), 0.9, (0.2, 0.7, 0.1) if at > 2 else (0.6, 0.3, 0.1), 1 if at > 2 else 0)
        for at in range(FRAMES)
    )
    other = tuple(Sight(at, (1, 1, 9, 20), 0.5, (0.3, 0.3, 0.4), None) for at in (4, 5))
    alone = (Sight(8, (50, 1, 60, 20), 0.3, (0.1, 0.1, 0.8), 2),)
    truth = tuple(TrueSight(at, (11, 5, 31, 45), (QUOTED,)) for at in range(FRAMES))
    return Clip(
        video_id=video_id,
        why=f"one of {QUOTED}",
        group=group,
        width=64,
        height=48,
        frames=tuple(range(first, first + FRAMES)),
        every=FRAMES if first == 0 else 400,
        seconds=SECONDS,
        jpegs=tuple(jpeg(grey(at), 480) for at in range(FRAMES)),
        labels=LABELS,
        groups=GROUPS,
        persons=(Person(0, alone), Person(1, seen), Person(2, other)),
        truth=(TruePerson(1, truth),),
    )


def moment(good: bool, frame: int) -> Moment:
    boxes = (
        Box((10, 5, 30, 45), QUOTED, "annotated"),
        Box((12, 5, 32, 45), f"{QUOTED} 0.70", "detected", right=good, reason=True),
        Box((40, 5, 60, 45), "sit_down 0.40", "detected", right=False),
    )
    return Moment(good, QUOTED, "As it was.", "unseen", "b/two", frame, Picture(64, 48, jpeg(grey(3), 480)), boxes)


def whole_page() -> Page:
    """Every part has something."""
    curves = tuple(
        Curve(name, group, 0.5, (0.1, 0.5, 0.9), (1.0, 0.7, 0.4), (0.9, 0.5, 0.2), best=1)
        for name, group in zip(LABELS, GROUPS, strict=True)
    )
    classes = tuple(
        ClassRow(name, group, ap, 0.9, 12, 40, {"at 0.5": None})
        for name, group, ap in zip(LABELS, GROUPS, (0.5, None, 0.25), strict=True)
    )
    kinds = tuple(
        ErrorKind(name, f"What {name} is.", 100, 10, {"unseen": 0.25, "seen": 0.0})
        for name in ("wrong action", "wrong place", "both", "background", "duplicate", "missed")
    )
    steps = (("as is", 0.3), *((kind.name, 0.4 + 0.12 * place) for place, kind in enumerate(kinds)))
    person = AttendingPerson(
        1, (10, 5, 30, 45), QUOTED, ((True, False), (False, True)), ((0.4, 0.1), (0.2, 0.3)), "none."
    )
    patches = tuple(tuple((x, y, x + 32, y + 24) for x in (0, 32)) for y in (0, 24))
    return Page(
        title=f"made on {CLOSING}, split {MARKERS}",
        lead="Made up.",
        notes=(MARKERS,),
        numbers=(
            Number("unseen", "58.41", "frame mAP"),
            Number("seen", "36.27", "the same"),
            Number("harmonic", "44.75", ""),
        ),
        tables=(
            Table(CLOSING, ("", "unseen", "seen"), (("ours", "58.41", "36.27"), (QUOTED, "50.00", None)), 1, "A note."),
        ),
        classes=classes,
        curves=curves,
        confusions=(
            Confusion("one", LABELS, (*LABELS, "missed"), ((5, 1, 0, 2), (0, 4, 1.5, 0), (0, 0, 0, 0)), LABELS[:2]),
            Confusion("two", LABELS[:2], LABELS[:2], ((1, 0), (0, 1)), ()),
        ),
        errors=Errors(kinds, (FixInTurn("unseen", steps), FixInTurn("seen", steps))),
        moments=(moment(True, 1), moment(False, 105), moment(False, 999)),
        clips=(clip("a/one", "seen"), clip("b/two", "unseen", first=100)),
        clips_note="2 clips.",
        attention=(
            Attention("b/two", 100, "Block 1.", Picture(64, 48, jpeg(grey(2), 480)), patches, (person, person)),
        ),
        made=(Provenance("In short", (("head", QUOTED),)), Provenance("All settings", (("encoder.model", MARKERS),))),
    )


def page_without_groundtruth() -> Page:
    """What is left of a video that nobody annotated."""
    alone = clip("match.mp4", "")
    return Page(title="match.mp4", clips=(alone.__class__(**{**vars(alone), "truth": (), "groups": ("", "", "")}),))
