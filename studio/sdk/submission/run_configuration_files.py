"""Where run configurations are in a project's folder, and YAML as v1 writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from studio.sdk.errors import UserErrorException

EXTENSION = ".runconfig"
FOLDERS = (".azureml", "aml_config")


def path_to_write(path: Path, name: str | None) -> Path:
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
    existing = [one for one in FOLDERS if (path / one).is_dir()]
    file = name if name.endswith(EXTENSION) else name + EXTENSION
    return path / (existing or FOLDERS)[0] / file


def find_path(path: Path, name: str | None) -> Path:
    """The existing file; see `RunConfiguration.load` for the order."""
    for candidate in _candidate_paths(path, name):
        if candidate.is_file():
            return candidate
    described = f"{name!r} in {path}" if name else str(path)
    raise UserErrorException(
        f"There is no run configuration {described}: looked for "
        f"{', '.join(f'{one}/<name>{EXTENSION}' for one in FOLDERS)}, and for the file "
        "itself"
    )


def _candidate_paths(path: Path, name: str | None) -> Iterator[Path]:
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
    """Read the mapping in a YAML file. Raises UserErrorException."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserErrorException(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserErrorException(f"{path} is not YAML: {error}") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, name: str) -> dict[str, Any]:
    """Parse the mapping in a YAML text, for errors with its name.

    Raises UserErrorException.
    """
    yaml = _import_yaml()
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserErrorException(f"{name} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise UserErrorException(f"{name} has no settings: it names no keys")
    return content


def write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Write a YAML file in one step: the old file stays until the new one is ready."""
    yaml = _import_yaml()
    try:
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
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


def _import_yaml() -> ModuleType:
    # Only these files need PyYAML: the client installs without it.
    try:
        import yaml
    except ImportError as error:
        raise UserErrorException(
            "Run configurations and files of packages are YAML: pip install pyyaml"
        ) from error
    return yaml
