"""Tests of the methods: what every head must hold, and one folder a method."""

import pytest

pytest.register_assert_rewrite("tests.methods.clip_contract", "tests.methods.person_contract")
