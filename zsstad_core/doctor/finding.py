"""What `make doctor` says of one thing that makes a mAP vanish."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line: what is wrong, how many, an example, what to do.

    cause: False for a symptom (nobody overlaps, scores no better than chance), which is said only where no finding says
    why.
    """

    what: str
    how_many: str
    example: str
    do: str
    cause: bool = True

    def __str__(self) -> str:
        return f"{self.what}: {self.how_many}; for example {self.example}; {self.do}"
