"""Where run configurations lie in a project's folder, and YAML as v1 writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from studio.sdk.errors import UserErrorException

EXTENSION = ".runconfig"
FOLDERS = (".azureml", "aml_config")


def place_to_write(path: Path, name: str | None) -> Path:
    """The file for a project's folder and a name, or the path itself without one."""
    if name is None:
        if path.is_dir():
            raise UserErrorException(
                f"{path} is a folder: give the name of the run configuration, too"
            )
        return path
    if not path.is_dir() or Path(name).name != name:
        raise UserErrorException(
            f"{name!r} cannot be saved in {path}: give a project's folder and a name "
            "without a folder"
        )
    there = [one for one in FOLDERS if (path / one).is_dir()]
    file = name if name.endswith(EXTENSION) else name + EXTENSION
    return path / (there or FOLDERS)[0] / file


def place_found(path: Path, name: str | None) -> Path:
    """The file that is there; see `RunConfiguration.load` for the order."""
    for place in _places(path, name):
        if place.is_file():
            return place
    said = f"{name!r} in {path}" if name else str(path)
    raise UserErrorException(
        f"There is no run configuration {said}: looked for "
        f"{', '.join(f'{one}/<name>{EXTENSION}' for one in FOLDERS)}, and for the file "
        "itself"
    )


def _places(path: Path, name: str | None) -> Iterator[Path]:
    if not name:
        yield path
        return
    names = (name, f"{name}{EXTENSION}")
    for folder in (*FOLDERS, ""):
        yield from (path / folder / one for one in names)
    for folder in FOLDERS:
        for one in names:
            yield from sorted(path.glob(f"*/{folder}/{one}"))


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a file holds. Raises UserErrorException where it holds none."""
    yaml = _yaml()
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserErrorException(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserErrorException(f"{path} is not YAML: {error}") from error
    if not isinstance(said, dict):
        raise UserErrorException(f"{path} is not a run configuration: it names no keys")
    return said


def write_yaml(path: Path, said: dict[str, Any]) -> None:
    """Whole or not at all: a file that is there stays until the new one is."""
    yaml = _yaml()
    try:
        text = yaml.safe_dump(said, sort_keys=False, allow_unicode=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        raise UserErrorException(f"{path} cannot be written: {error}") from error
    except yaml.YAMLError as error:
        raise UserErrorException(
            f"{path} cannot be written, use numbers, texts and lists: {error}"
        ) from error


def _yaml() -> ModuleType:
    # Only these files need it: the client itself installs without.
    try:
        import yaml
    except ImportError as error:
        raise UserErrorException(
            "Run configurations are YAML: pip install pyyaml"
        ) from error
    return yaml
