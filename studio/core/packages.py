"""Packages and versions as files of an environment name them: pip's and conda's."""

from __future__ import annotations

import json
import re

#: The record that the SDK and the runner keep of a run.
RECORD_NAME = "environment.json"
#: The names of files that say what a script's environment is.
FILE_NAMES = (
    RECORD_NAME,
    "requirements.txt",
    "conda.yaml",
    "conda.yml",
    "conda_dependencies.yml",
    "conda_dependencies.yaml",
    "environment.yml",
    "environment.yaml",
    "python_env.yaml",
    "pip-freeze.txt",
)
_PINNED = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.\-]*)(\[[^\]]*\])?\s*"
    r"(?P<version>(===?|~=|>=|<=|!=|<|>|=)\s*[^\s;#]+(\s*,\s*[<>=!~]+[^\s;#]+)*)"
)
_BARE = re.compile(r"(?P<name>[A-Za-z0-9][\w.\-]*)(\[[^\]]*\])?")
_SECTION = re.compile(r"[\w\-]+:(\s|$)")


def read_packages(text: str, *, name: str) -> dict[str, str]:
    """Versions by package, as the file `name` has them; `any` where it names none."""
    if name.rpartition("/")[2] == RECORD_NAME:
        return _read_record(text)
    found: dict[str, str] = {}
    is_list = name.endswith(".txt")
    named = is_list
    for line in text.splitlines():
        # As for pip: a `#` without a blank before it is part of a URL.
        item = line.partition(" #")[0].strip()
        if not item or item.startswith("#"):
            continue
        item = item[2:].strip() if item.startswith("- ") else item
        if _SECTION.match(item):
            # In conda's files other lists, such as channels, look the same as packages.
            named = item.startswith(("dependencies:", "pip:"))
            key, _, value = item.partition(":")
            if key == "python" and value.strip():
                found["python"] = value.strip().strip("\"'")
            continue
        _add_package(found, item.strip("\"'"), is_named=named)
    return found


def _read_record(text: str) -> dict[str, str]:
    """The packages of a run's record; none of another file of its name."""
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    packages = record.get("packages") if isinstance(record, dict) else None
    found: dict[str, str] = {}
    for item in packages if isinstance(packages, list) else ():
        name, _, version = str(item).partition("==")
        found[_normalized_name(name)] = version or "any"
    return found


def _add_package(found: dict[str, str], item: str, *, is_named: bool) -> None:
    pinned = _PINNED.match(item)
    if pinned:
        version = pinned["version"].lstrip("=").strip()
        found[_normalized_name(pinned["name"])] = version
        return
    bare = _BARE.fullmatch(item.partition(";")[0].strip())
    if bare and is_named:
        # A version that is named elsewhere in the file counts more.
        found.setdefault(_normalized_name(bare["name"]), "any")


def _normalized_name(name: str) -> str:
    """As pip compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()
