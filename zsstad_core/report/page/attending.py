"""Attention weights of persons in the form of the page: over patches of the frame, or over the keys of each block."""

from collections.abc import Iterable, Iterator, Sequence
from string import ascii_uppercase

from zsstad_core.report.block_attention import FrameBlocks
from zsstad_core.report.page.clips import rounded
from zsstad_core.report.page.content import AttendingPerson, Attention, Block, LetteredObject
from zsstad_core.report.page.stills import picture
from zsstad_core.report.patch_attention import FramePatches
from zsstad_core.report.shown_persons import ScoredPerson


def attention_on(frames: Iterable[FramePatches | FrameBlocks], side: int) -> Iterator[Attention]:
    """The frames in the form of the page, with pictures of at most `side` pixels."""
    for frame in frames:
        yield _patches(frame, side) if isinstance(frame, FramePatches) else _blocks(frame, side)


def _patches(frame: FramePatches, side: int) -> Attention:
    return Attention(
        video_id=frame.video_id,
        frame=frame.frame,
        caption=f"Attention of block {frame.block} of the encoder's {frame.blocks}.",
        picture=picture(frame.picture, side),
        patches=tuple(tuple(rounded(patch) for patch in row) for row in frame.patch_RC4),
        persons=tuple(
            AttendingPerson(
                number=person.number,
                corners=rounded(person.box_4),
                text=_text(person),
                chosen=tuple(tuple(bool(cell) for cell in row) for row in person.chosen_RC) if person.tokens else (),
                weight=tuple(tuple(round(float(cell), 5) for cell in row) for row in person.weight_RC),
                others=_others(person.class_token, person.persons),
            )
            for person in frame.persons
        ),
    )


def _blocks(frame: FrameBlocks, side: int) -> Attention:
    return Attention(
        video_id=frame.video_id,
        frame=frame.frame,
        caption="",
        picture=picture(frame.picture, side),
        patches=(),
        objects=tuple(
            LetteredObject(_letter(place), rounded(corners), what)
            for place, (corners, what) in enumerate(frame.objects)
        ),
        persons=tuple(
            AttendingPerson(
                number=person.number,
                corners=rounded(person.box_4),
                text=_text(person),
                blocks=tuple(
                    Block(
                        kind=block.kind,
                        keys=block.keys,
                        weight=tuple(round(share, 6) for share in block.weight),
                        empty=round(block.empty, 6),
                        empties=block.empties,
                    )
                    for block in blocks
                ),
            )
            for person, blocks in frame.persons
        ),
    )


def _text(person: ScoredPerson) -> str:
    annotated = f"; annotated: {', '.join(person.annotated)}" if person.annotated else ""
    group = "unseen" if person.unseen else "seen"
    return f"{person.action} {person.probability:.2f}, {group}{annotated}".replace("_", " ")


def _others(class_token: bool, persons: Sequence[int]) -> str:
    named = [*(["the class token"] if class_token else []), *(f"person {number}" for number in persons)]
    return f"Chosen besides patches: {', '.join(named)}." if named else ""


def _letter(place: int) -> str:
    """The letter of an object: A to Z, then A2 to Z2, and so on."""
    turn, at = divmod(place, len(ascii_uppercase))
    return ascii_uppercase[at] + (str(turn + 1) if turn else "")
