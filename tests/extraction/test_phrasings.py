"""Several texts of a class: one token, whose direction is CLIP's for ensembles of prompts."""

import numpy as np

from zsstad_core.extraction.phrasings import combine_phrasings, flat

TEXTS = ["golf", ["run", "a person runs"], "sit"]
TOKENS = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32) * np.float32([[1], [3], [9], [0.1]])


def test_every_text_is_encoded_once_in_order():
    assert flat(TEXTS) == ["golf", "run", "a person runs", "sit"]


def test_a_class_with_one_text_keeps_its_token_to_the_bit():
    got = combine_phrasings(TOKENS, TEXTS)
    assert (got[0] == TOKENS[0]).all()
    assert (got[2] == TOKENS[3]).all()


def test_a_long_token_weighs_no_more_than_a_short_one():
    run = combine_phrasings(TOKENS, TEXTS)[1]
    one, two = (token / np.linalg.norm(token) for token in TOKENS[1:3])
    mean = (one + two) / 2
    np.testing.assert_allclose(run / np.linalg.norm(run), mean / np.linalg.norm(mean), rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(run), (np.linalg.norm(TOKENS[1]) + np.linalg.norm(TOKENS[2])) / 2, rtol=1e-5
    )


def test_the_same_text_twice_is_that_text():
    token = TOKENS[1]
    np.testing.assert_allclose(combine_phrasings(np.stack([token, token]), [["run", "run"]])[0], token, rtol=1e-5)
