"""stickworld in small: one training and one test clip a class, rendered once."""

import pytest

from zsstad_core.datasets.stickworld import Stickworld
from zsstad_core.settings import datasets as settings


@pytest.fixture(scope="session")
def stickworld(tmp_path_factory: pytest.TempPathFactory) -> settings.Stickworld:
    chosen = settings.Stickworld(root=str(tmp_path_factory.mktemp("stickworld")), train_clips=1, test_clips=1)
    Stickworld(chosen).videos()
    return chosen
