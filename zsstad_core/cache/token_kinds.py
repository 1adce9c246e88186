"""Kinds of tokens: whose they are, and in which form.

| kind | of | form |
|---|---|---|
| frame, groundtruth, person, object | frames, annotated persons, detected persons, objects | token |
| pixel | frames | pixel |
| groundtruth_pixel, person_pixel | annotated persons, detected persons | pixel |
| groundtruth_unprojected, person_unprojected | the same | unprojected |

`token` is the encoder's token in the joint embedding, `unprojected` the same before the projection, and `pixel` the
encoder's view, which no weights have seen.
"""

from typing import Literal, cast

type Rows = Literal["frame", "groundtruth", "person", "object"]
type Form = Literal["token", "pixel", "unprojected"]


def rows_of(kind: str) -> Rows:
    """Of what there is a token each."""
    return "frame" if kind == "pixel" else cast(Rows, kind.partition("_")[0])


def form_of(kind: str) -> Form:
    """What such a token is."""
    return "pixel" if kind == "pixel" else cast(Form, kind.partition("_")[2] or "token")


def table_of(kind: str) -> Literal["frames", "boxes"]:
    """The table that stands beside tokens of the kind."""
    return "frames" if rows_of(kind) == "frame" else "boxes"


def of_annotated(kind: str) -> str:
    """The kind of annotated persons in the form that `kind` has of detected ones; other kinds stay as they are."""
    return kind.replace("person", "groundtruth", 1) if rows_of(kind) == "person" else kind
