"""Two commands on one cache at the same time end well, and nothing is mixed up."""

import pytest

from tests.end_to_end import runs
from tests.end_to_end.caches import LATER, artifacts, ledger, leftovers, manifests
from tests.end_to_end.conftest import ByMake, Work
from tests.waiting import until


@pytest.mark.fault(11)
def test_two_extracts_at_once_give_the_bytes_of_one(empty: Work, by_make: ByMake):
    both = [empty.start("extract"), empty.start("extract")]
    for running in both:
        running.wait().ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []


@pytest.mark.slow
def test_a_second_extract_that_starts_in_the_middle_shares_the_work(empty: Work, by_make: ByMake):
    first = empty.start("extract")
    until(lambda: len(manifests(empty.cache)) >= 15)
    second = empty.start("extract")
    for running in (first, second):
        running.wait().ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []


@pytest.mark.fault(11)
@pytest.mark.fault(23)
@pytest.mark.slow
def test_two_real_makes_at_once_each_with_two_jobs(empty: Work, by_make: ByMake):
    both = [runs.popen("extract", empty.settings, "-j2") for _ in range(2)]
    for process in both:
        out, err = process.communicate()
        assert process.returncode == 0, out + err
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert leftovers(empty.cache) == []


def test_extracts_for_two_heads_at_once_share_what_they_have_in_common(empty: Work, by_make: ByMake):
    both = [empty.start("extract", head=head) for head in ("clip_frame", "iclip")]
    for running in both:
        running.wait().ok()
    assert artifacts(empty.cache) == artifacts(by_make.cache, without=LATER)
    assert len({line["stage"] for line in ledger(empty.cache)}) == 8
