"""What runs depended on: the record of the run, else files that name packages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q

from runs.models import File, Run
from runs.search.compare import read_file_start
from studio.core.packages import FILE_NAMES, RECORD_NAME, read_packages

MAX_FILE_BYTES = 256 * 1024
#: Files that name packages of one run. Each logged model has several.
MAX_FILES = 50
ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"


@dataclass(frozen=True)
class Environment:
    """Packages with their versions, and the file that they are from.

    `facts` is the record of the run, empty without one.
    """

    packages: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PackageRow:
    """A package; a version is empty on the side that lacks the package."""

    name: str
    old: str
    new: str
    change: str


def read_environments(runs: Sequence[Run]) -> list[Environment]:
    """The environment of each run. One query, and the files that name packages."""
    keys = [run.pk for run in runs]
    rows = File.objects.filter(
        Q(run__in=keys) | Q(model__source_run__in=keys),
        replaced__isnull=True,
        name__in=FILE_NAMES,
    ).select_related("model")
    files: dict[int, list[File]] = {key: [] for key in keys}
    for file in rows.order_by("-pk")[: MAX_FILES * len(keys)]:
        owner = file.run_id or (file.model.source_run_id if file.model else None)
        if owner in files:
            files[owner].append(file)
    return [_read_environment(files[run.pk]) for run in runs]


def _read_environment(files: Sequence[File]) -> Environment:
    """Read the best file: the run's record, its other files, those of its models."""
    facts: dict[str, Any] = {}
    for file in sorted(files, key=_rank):
        data = read_file_start(file.blob, "", MAX_FILE_BYTES, file.size)
        text = (data or b"").decode("utf-8", "replace")
        if file.name == RECORD_NAME:
            facts = facts or _read_facts(text)
        packages = read_packages(text, name=file.path)
        if packages:
            return Environment(packages, file.path, facts)
    return Environment(facts=facts)


def _rank(file: File) -> tuple[bool, bool, int, int]:
    # The names are in the order of what they tell: MLflow's `python_env.yaml` has only
    # the packages that build others.
    place = FILE_NAMES.index(file.name)
    return file.name != RECORD_NAME, file.run_id is None, place, -(file.pk or 0)


def _read_facts(text: str) -> dict[str, Any]:
    """The record as an object; any client can write a file of its name."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def compare_packages(
    old: Mapping[str, str], new: Mapping[str, str]
) -> list[PackageRow]:
    """All packages of both, those with differences first."""
    rows = [
        PackageRow(name, old.get(name, ""), new.get(name, ""), _change(name, old, new))
        for name in sorted(old.keys() | new.keys())
    ]
    return sorted(rows, key=lambda row: row.change == SAME)


def _change(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if name not in old:
        return ADDED
    if name not in new:
        return REMOVED
    return SAME if old[name] == new[name] else CHANGED
