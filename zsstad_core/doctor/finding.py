"""A finding of `make doctor`: a mistake that ruins a mAP, or a symptom of one."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A finding, printed as one line: what is wrong, how many, an example, what to do.

    cause: False for a symptom (no overlap, scores no better than chance), which is shown only if no finding explains
    it.
    """

    what: str
    how_many: str
    example: str
    do: str
    cause: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.how_many}; for example {self.example}; {self.do}"
