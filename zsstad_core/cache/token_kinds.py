"""The kinds of tokens: whose tokens they are, and in which form.

| kind | rows: what has a token each | form |
|---|---|---|
| frame | frames | token |
| groundtruth, person, object | annotated persons, detected persons, detected objects | token |
| pixel | frames | pixel |
| groundtruth_pixel, person_pixel | annotated persons, detected persons | pixel |
| groundtruth_unprojected, person_unprojected | annotated persons, detected persons | unprojected |

A `token` is the encoder's token in the joint embedding, `unprojected` the same before the projection, and `pixel` the
encoder's view, which no weights have seen.
"""

from enum import Enum
from typing import Literal

type Rows = Literal["frame", "groundtruth", "person", "object"]
type Form = Literal["token", "pixel", "unprojected"]


class TokenKind(Enum):
    """A kind of tokens. Its `name` stands in keys, in settings of `make export` and in folders (`tokens-NAME`)."""

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
        """The table that stands beside the tokens, row by row."""
        return "frames" if self.rows == "frame" else "boxes"

    @property
    def annotated(self) -> "TokenKind":
        """Of a kind of detected persons the kind of annotated persons in the same form; any other kind is itself."""
        if self.rows != "person":
            return self
        return next(kind for kind in TokenKind if (kind.rows, kind.form) == ("groundtruth", self.form))
