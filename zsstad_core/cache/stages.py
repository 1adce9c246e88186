"""The stages whose artifacts the cache holds: the names of their artifacts, and the targets of make that make them."""

from dataclasses import dataclass

from zsstad_core.cache.token_kinds import TokenKind
from zsstad_core.cache.versions import SCHEMA


@dataclass(frozen=True)
class Stage:
    """One type of artifact.

    name: an artifact's folder is NAME-KEY; the name is also in the needs of other artifacts and in the ledger.
    target: the target of make, and the module of `stages/`, which makes such artifacts. Only `encode` and `text` make
    artifacts of several names.
    tokens: the kind of the tokens, for an artifact of `encode`.
    """

    name: str
    target: str
    tokens: TokenKind | None = None

    @property
    def schema(self) -> int:
        """The version of the stage's content (`cache.versions`)."""
        return SCHEMA[self.target]

    @classmethod
    def encoding(cls, kind: TokenKind) -> "Stage":
        """The stage of the tokens of a kind."""
        return cls(f"tokens-{kind.name}", "encode", kind)


INDEX = Stage("index", "index")
GROUNDTRUTH = Stage("groundtruth", "groundtruth")
FINETUNE = Stage("finetune", "finetune")
DETECT = Stage("detect", "detect")
TRACK = Stage("tracks", "track")
TEXT = Stage("text", "text")
PHRASINGS = Stage("texts", "text")
WORDS = Stage("words", "text")
TRAIN = Stage("train", "train")
SCORE = Stage("score", "score")
EVALUATE = Stage("evaluate", "evaluate")
