import pytest
from zsstad_core.heads import HEADS

from tests.heads.contract import HeadContract


@pytest.mark.parametrize("name", [name for name, entry in HEADS.items() if entry.path])
class TestEveryHead(HeadContract):
    pass
