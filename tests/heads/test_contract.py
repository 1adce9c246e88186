import pytest

from tests.heads.contract import HeadContract
from zsstad_core.heads import HEADS


@pytest.mark.parametrize("name", [name for name, entry in HEADS.items() if entry.path])
class TestEveryHead(HeadContract):
    pass
