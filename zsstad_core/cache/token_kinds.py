"""The kinds of tokens: what each token belongs to (a frame, a person, an object), and its form.

| kind | rows: one token for each of these | form |
|---|---|---|
| frame | frames | token |
| groundtruth, person, object | annotated persons, detected persons, detected objects | token |
| pixel | frames | pixel |
| groundtruth_pixel, person_pixel | annotated persons, detected persons | pixel |
| groundtruth_unprojected, person_unprojected | annotated persons, detected persons | unprojected |

A `token` is the encoder's token in the joint embedding space, `unprojected` the token before the projection, and
`pixel` the encoder's input view, which needs no weights.
"""

from enum import Enum
from typing import Literal

type Rows = Literal["frame", "groundtruth", "person", "object"]
type Form = Literal["token", "pixel", "unprojected"]


class TokenKind(Enum):
    """A kind of tokens. Its `name` is used in keys, in settings of `make export` and in folders (`tokens-NAME`)."""

    frame = ("frame", "token")
    groundtruth = ("groundtruth", "token")
    person = ("person", "token")
    object = ("object", "token")
    pixel = ("frame", "pixel")
    groundtruth_pixel = ("groundtruth", "pixel")
    person_pixel = ("person", "pixel")
    groundtruth_unprojected = ("groundtruth", "unprojected")
    person_unprojected = ("person", "unprojected")

    def __init__(self, rows: Rows, form: Form) -> None:
        self.rows = rows
        self.form = form

    @property
    def table(self) -> Literal["frames", "boxes"]:
        """The table that has one row for each token."""
        return "frames" if self.rows == "frame" else "boxes"

    @property
    def annotated(self) -> "TokenKind":
        """For a kind of detected persons the kind of annotated persons in the same form; else this kind itself."""
        if self.rows != "person":
            return self
        return next(kind for kind in TokenKind if (kind.rows, kind.form) == ("groundtruth", self.form))
