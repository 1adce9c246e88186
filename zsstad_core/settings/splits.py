"""Settings of label splits: their names, and training on another dataset."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from zsstad_core.settings.base import Section


def _name(value: Any) -> Any:
    """A number is a name too: `split: 2`."""
    if isinstance(value, int | str) and not isinstance(value, bool) and value != "":
        return str(value)
    raise PydanticCustomError("split_name", "it must be the name of a label split, such as 2 or 50/50-0")


type SplitName = Annotated[str, BeforeValidator(_name)]


class TrainedOn(Section):
    """Training on another dataset: the head learns the seen classes of that dataset, under its own recipes, and is
    scored on this one. Nothing of this dataset is trained then, and the seen classes of `split` are left out."""

    dataset: str | None = None
    """The dataset to train on, empty: this one, as usual. TRAINED_ON= on the command line."""

    split: SplitName = "full"
    """Label split of that dataset; its seen classes are learned."""

    shared: Literal["keep", "drop"] = "keep"
    """Classes of `split` that read as one that was learned there (case and underscores aside), which are not unseen
    then: `keep` scores them and names them in the result, `drop` leaves them out."""
