"""A digest that is remembered is the digest of what is there now."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.waiting import until_files_have_another_time
from zsstad_core.cache import digests
from zsstad_core.cache.digests import DigestMemo, sha256
from zsstad_core.errors import MissingFileError


@pytest.fixture(autouse=True)
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of this very second count as settled; a test waits for nothing."""
    monkeypatch.setattr(digests, "_SETTLED_S", -1)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "clip.avi"
    path.write_text("pictures")
    return path


class Counted:
    """SHA-256 that knows how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, path: Path) -> str:
        self.times += 1
        return sha256(path) if path.is_file() else hashlib.sha256(str(sorted(os.listdir(path))).encode()).hexdigest()  # noqa: PTH208


def test_a_digest_is_that_of_the_bytes(file: Path) -> None:
    assert sha256(file) == hashlib.sha256(b"pictures").hexdigest()
    assert DigestMemo(file.parent / "memo.json")(file) == sha256(file)


def test_a_file_is_read_once_for_many_plans(file: Path) -> None:
    compute = Counted()
    for _ in range(3):
        memo = DigestMemo(file.parent / "cache" / "memo.json")
        assert memo(file, compute) == memo(file, compute) == sha256(file)
        memo.save()
    assert compute.times == 1


@pytest.mark.parametrize("content", ["other pictures", "PICTURES"])
def test_a_changed_file_is_read_again(file: Path, content: str) -> None:
    memo = DigestMemo(file.parent / "memo.json")
    before, status = memo(file), file.stat()
    until_files_have_another_time(file.parent)
    file.write_text(content)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # as `cp -p` and `tar x` leave it
    assert memo(file) == sha256(file) != before


@pytest.mark.fault(16)
@pytest.mark.fault(22)
def test_another_file_moved_into_its_place_is_read(file: Path) -> None:
    other = file.with_name("other")
    other.write_text("PICTURES")
    status = file.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    memo = DigestMemo(file.parent / "memo.json")
    before = memo(file)
    until_files_have_another_time(file.parent)
    other.replace(file)
    assert memo(file) == sha256(file) != before


@pytest.mark.fault(22)
def test_a_file_that_has_just_changed_is_not_trusted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_SETTLED_S", 60)
    memo, compute = DigestMemo(file.parent / "memo.json"), Counted()
    memo(file, compute)
    memo(file, compute)
    memo.save()
    assert compute.times == 2
    assert not (file.parent / "memo.json").exists()


def test_a_folder_is_digested_by_the_callers_way_and_read_again_when_an_entry_changes(tmp_path: Path) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    (folder / "00001.png").write_text("one")
    memo, compute = DigestMemo(tmp_path / "memo.json"), Counted()
    for change in (lambda: None, lambda: (folder / "00001.png").write_text("eno"), (folder / "00002.png").touch):
        until_files_have_another_time(tmp_path)
        change()
        assert memo(folder, compute) == memo(folder, compute)
    assert compute.times == 3


def test_a_link_and_what_it_links_to_are_one(file: Path) -> None:
    link = file.with_name("link.avi")
    link.symlink_to(file)
    memo, compute = DigestMemo(file.parent / "memo.json"), Counted()
    assert memo(link, compute) == memo(file, compute)
    assert compute.times == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match=r"lost\.pth: No such file or directory; check the path"):
        DigestMemo(tmp_path / "memo.json")(tmp_path / "lost.pth")


@pytest.mark.fault(10)
@pytest.mark.parametrize(
    "damage", ["", "{", "[]", "null", "5", b"\xff", '{"PATH": 5}', '{"PATH": []}', '{"PATH": [1, 2]}']
)
def test_a_damaged_memo_costs_only_time(file: Path, damage: str | bytes) -> None:
    path = file.parent / "memo.json"
    path.write_bytes(damage if isinstance(damage, bytes) else damage.replace("PATH", str(file)).encode())
    memo = DigestMemo(path)
    assert memo(file) == sha256(file)
    memo.save()
    assert list(json.loads(path.read_text())) == [str(file)]


@pytest.mark.fault(10)
def test_an_entry_in_which_a_single_character_has_changed_counts_as_absent(file: Path) -> None:
    path = file.parent / "memo.json"
    memo = DigestMemo(path)
    digest = memo(file)
    memo.save()
    text = path.read_text()
    start = text.index(digest)
    for place in range(start, start + len(digest)):
        path.write_text(text[:place] + ("0" if text[place] != "0" else "1") + text[place + 1 :])
        memo, compute = DigestMemo(path), Counted()
        assert memo(file, compute) == digest
        assert compute.times == 1


def test_an_entry_of_another_file_proves_nothing(file: Path) -> None:
    path = file.parent / "memo.json"
    other = file.with_name("other.avi")
    os.link(file, other)  # of the same size and times
    memo = DigestMemo(path)
    memo(file)
    memo.save()
    path.write_text(path.read_text().replace("clip.avi", "other.avi"))
    compute = Counted()
    assert DigestMemo(path)(other, compute) == sha256(other)
    assert compute.times == 1


def test_files_of_a_linked_folder_are_those_of_the_folder(file: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    memo, compute = DigestMemo(tmp_path / "memo.json"), Counted()
    assert memo(tmp_path / "link" / file.name, compute) == memo(file, compute)
    assert compute.times == 1


def test_a_memo_that_cannot_be_kept_stops_nobody(file: Path) -> None:
    memo = DigestMemo(file / "memo.json")  # a file is no folder
    assert memo(file) == sha256(file)
    memo.save()
