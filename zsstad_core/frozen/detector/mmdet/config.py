"""mmdet config files: where a config is, and which other files it inherits from by `_base_`.

Imports neither torch nor mmengine, so that a plan can quickly digest a detector's configs. The rules for `_base_` are
mmengine's (`mmengine.config.Config._get_base_files`): a literal path or list of paths, relative to the file, or
`PACKAGE::PATH` for a config that comes with an installed package.
"""

import ast
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from zsstad_core.errors import MissingFileError, ModelError, did_you_mean
from zsstad_core.plain_text import encoding_of, read_text


def resolve_config(config: str) -> Path:
    """The file that `settings.detector.config` names: the user's own file, or else one of mmdet's configs.

    Raises MissingFileError where neither exists, with the nearest name among mmdet's configs.
    """
    own = Path(config)
    if own.is_file():
        return own
    configs = _packaged_configs("mmdet")
    if (configs / config).is_file():
        return configs / config
    names = [path.relative_to(configs).as_posix() for path in configs.glob("*/*.py")]
    longer = sorted(name for name in names if name.startswith(config.removesuffix(".py")))  # a name that was cut short
    near = f" (did you mean {' or '.join(longer[:2])}?)" if longer else did_you_mean(config, names)
    raise MissingFileError(f"detector.config: {config} is neither a file nor one of mmdet's configs{near}")


def config_files(config: str) -> list[Path]:
    """`resolve_config(config)` and every file it inherits from by `_base_`, each once, in the order mmengine reads
    them.

    Raises ModelError where `_base_` cannot be read without running the config, MissingFileError where a base file does
    not exist.
    """
    files: list[Path] = []
    waiting = [resolve_config(config)]
    while waiting:
        file = waiting.pop(0)
        if any(file.samefile(known) for known in files):
            continue
        files.append(file)
        waiting = [_base_path(base, file) for base in _bases(file)] + waiting
    return files


def versions() -> dict[str, str]:
    """Versions of the libraries that determine a detector's boxes: models, operators, resizing."""
    names = ["mmdet", "mmengine", "torch", "torchvision", "opencv-python"]
    try:
        return {"mmcv": version("mmcv"), **{name: version(name) for name in names}}
    except PackageNotFoundError:  # no compiled mmcv
        return {"mmcv-lite": version("mmcv-lite"), **{name: version(name) for name in names}}


def _bases(file: Path) -> list[str]:
    text = read_text(file)
    if encoding_of(file) != "utf-8":
        raise ModelError(f"{file}:1: begins with a byte-order mark, which mmengine cannot read; save it without one")
    try:
        lines = ast.parse(text).body
    except SyntaxError as error:
        raise ModelError(f"{file}: not an mmdet config ({error}); it must be a Python file") from error
    for line in lines:
        if isinstance(line, ast.With) and "read_base" in ast.unparse(line.items[0]):
            raise ModelError(f"{file}:{line.lineno}: read_base() is not supported; name the parents in `_base_`")
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "_base_":
            try:
                bases = ast.literal_eval(line.value)
            except ValueError as error:
                raise ModelError(f"{file}:{line.lineno}: `_base_` must be a path or a list of paths") from error
            return [bases] if isinstance(bases, str) else list(bases)
    return []


def _base_path(base: str, file: Path) -> Path:
    package, is_packaged, inside = base.rpartition("::")
    path = _packaged_configs(package) / inside if is_packaged else file.parent / base
    if not path.is_file():
        raise MissingFileError(f"{file}: `_base_` names {base}, but there is no file {path}")
    return path


def _packaged_configs(package: str) -> Path:
    spec = find_spec(package)  # finds a top-level package without importing it
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"configs of {package} are wanted, but {package} is not installed; see requirements.txt")
    return Path(spec.submodule_search_locations[0]) / ".mim" / "configs"
