"""The class texts of a dataset: what the text encoder reads for each class."""

from collections.abc import Iterable
from functools import cached_property

from zsstad_core.frozen import encoder_identity
from zsstad_core.plan.inventory import Inventory
from zsstad_core.settings.pipeline import Settings


class ClassTexts:
    """The texts of a dataset's classes under some settings. Raises SettingsError, MissingFileError or DataError."""

    def __init__(self, settings: Settings, inventory: Inventory) -> None:
        own = inventory.dataset.texts  # which replaces encoder.texts
        self._encoder = settings.encoder.model_copy(update={"texts": own}) if own else settings.encoder
        self._inventory = inventory
        self._classes = inventory.dataset.classes

    @cached_property
    def templated(self) -> list[str | list[str]]:
        """The text of each class in the template, or a list of several texts."""
        return encoder_identity.apply_templates(self._phrasings, self._encoder)

    def of(self, classes: Iterable[str]) -> dict[str, list[str]]:
        """The texts of some classes, without the template, by class."""
        texts = dict(zip(self._classes, self._phrasings, strict=True))
        return {name: texts[name] for name in classes}

    @property
    def _phrasings(self) -> list[list[str]]:
        deciding = [self._encoder.texts, self._encoder.underscores]
        return self._inventory.texts(deciding, lambda: encoder_identity.phrasings(self._classes, self._encoder))
