"""Every head of the registry that judges persons holds the contract."""

import pytest

from tests.methods.person_contract import PersonContract
from zsstad_core.methods.registry import method, names


@pytest.mark.parametrize(
    "name", [name for name in names() if method(name).classifies == "person" and method(name).build]
)
class TestEveryHeadOfPersons(PersonContract):
    pass
