"""Damage to files of a cache, and what of it is still there."""

from pathlib import Path

from zsstad_core.cache.folders import INPUTS
from zsstad_core.cache.units import MANIFEST

type Content = bytes | None  # None: no such file


class Damage:
    """Remembers what was done to which file: it is undone when the file is as before, or as somebody wrote it anew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.times = 0
        self._before: dict[Path, Content] = {}
        self._after: dict[Path, Content] = {}

    def candidates(self) -> list[Path]:
        """Every file of every artifact, by name."""
        paths = sorted(self.root.glob("[!.]*-*/**/*"))
        return [
            path for path in paths if path.is_file() and path.name[0] != "." and path.name != "manifest.damaged.json"
        ]

    def do(self, path: Path, how: str, where: float) -> None:
        """Flip a bit, cut a file or delete it; `where`, from 0 to below 1, says which bit, or how much is left."""
        content = path.read_bytes()
        before = self._before[path] if path in self.files() else content
        match how:
            case "delete":
                path.unlink()
            case "cut":
                path.write_bytes(content[: int(where * len(content))])
            case "flip" if content:
                path.write_bytes(flipped(content, int(where * 8 * len(content))))
        self._before[path], self._after[path] = before, _content(path)
        self.times += 1

    def files(self) -> set[Path]:
        """Files that are still as they were left, but for small ones outside of units that are gone."""
        return {
            path
            for path, after in self._after.items()
            if after != self._before[path] and _content(path) == after and path.parent.is_dir()
            if after is not None or self._unit(path) != path
        }

    def units(self) -> set[Path]:
        """Folders of units that hold such a file, or have lost their manifest for it."""
        found = {path for path in map(self._unit, self.files()) if path.name.startswith("unit-")}
        return found | {unit for unit in self.root.glob("[!.]*/unit-*") if not (unit / MANIFEST).is_file()}

    def inputs(self) -> set[Path]:
        """`inputs.json` of artifacts that hold something, where it is damaged or gone."""
        holding = {path.parent for path in self.root.glob("[!.]*-*/[!.]*")}
        lost = {folder / INPUTS for folder in holding if not (folder / INPUTS).is_file()}
        return {path for path in self.files() if path.name == INPUTS} | lost

    def artifacts(self) -> set[Path]:
        return {self._unit(path).parent for path in self.files() | self.inputs() | self.units()}

    def _unit(self, path: Path) -> Path:
        """The unit that holds a file, or the file itself if none does."""
        return self.root.joinpath(*path.relative_to(self.root).parts[:2])


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def _content(path: Path) -> Content:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
