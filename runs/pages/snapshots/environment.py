"""The section *Environment*: what a run depended on, next to another run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from runs.models import Run
from runs.render.formats import filesize
from runs.search.snapshots import (
    Environment,
    PackageRow,
    compare_packages,
    read_environments,
)
from studio.core.launcher_properties import (
    COMMAND_PROPERTY,
    CPUS_PROPERTY,
    ENVIRONMENT_PROPERTY,
    EXECUTABLE_PROPERTY,
    GPUS_PROPERTY,
    HOST_PROPERTY,
    MEMORY_PROPERTY,
    PYTHON_PROPERTY,
    SYSTEM_PROPERTY,
)

#: Packages that are listed; those with differences come first.
MAX_PACKAGES = 2000
MAX_FACT_CHARS = 2000
#: Packages whose version is that of CUDA.
CUDA_PACKAGES = (
    "nvidia-cuda-runtime-cu13",
    "nvidia-cuda-runtime-cu12",
    "nvidia-cuda-runtime-cu11",
    "nvidia-cuda-runtime",
)
_LABELS: tuple[tuple[str, Promise], ...] = (
    (COMMAND_PROPERTY, pgettext_lazy("what a run executes", "Command")),
    ("folder", _("Working folder")),
    (ENVIRONMENT_PROPERTY, _("Environment")),
    ("image", pgettext_lazy("of a container", "Image")),
    (PYTHON_PROPERTY, _("Python")),
    (EXECUTABLE_PROPERTY, _("Interpreter")),
    ("cuda", _("CUDA")),
    (GPUS_PROPERTY, _("GPUs")),
    (HOST_PROPERTY, _("Host")),
    (SYSTEM_PROPERTY, _("Operating system")),
    (CPUS_PROPERTY, _("Processors")),
    (MEMORY_PROPERTY, _("Memory")),
)


@dataclass(frozen=True)
class Fact:
    """A row: the value of this run and of the other one."""

    label: str
    value: str
    other: str = ""
    differs: bool = False


@dataclass(frozen=True)
class EnvironmentSection:
    """`source` is the file that the packages are from, `more` those not listed."""

    facts: Sequence[Fact]
    variables: Sequence[Fact]
    packages: Sequence[PackageRow]
    differences: int
    total: int
    more: int
    source: str
    other_source: str

    @property
    def is_empty(self) -> bool:
        return not (self.facts or self.packages or self.variables)


def environment_section(
    run: Run, known: Mapping[str, str], other: Run | None, others: Mapping[str, str]
) -> EnvironmentSection:
    """`known` and `others` are the properties of the two runs."""
    found = read_environments([run, other] if other else [run])
    mine, theirs = found[0], found[1] if other else Environment()
    rows = (
        compare_packages(theirs.packages, mine.packages)
        if other
        else [PackageRow(*item, "", "same") for item in sorted(mine.packages.items())]
    )
    return EnvironmentSection(
        _fact_rows(_LABELS, _facts(known, mine), _facts(others, theirs), bool(other)),
        _variable_rows(mine, theirs, bool(other)),
        rows[:MAX_PACKAGES],
        sum(row.change != "same" for row in rows),
        len(mine.packages),
        max(len(rows) - MAX_PACKAGES, 0),
        mine.source,
        theirs.source,
    )


def _facts(known: Mapping[str, str], environment: Environment) -> dict[str, str]:
    """Texts by the key of their label: properties, and what only the record has."""
    record = environment.facts
    facts = {key: known[key] for key, _label in _LABELS if known.get(key)}
    memory = facts.get(MEMORY_PROPERTY, "")
    if memory.isascii() and memory.isdecimal() and len(memory) < 19:
        facts[MEMORY_PROPERTY] = filesize(int(memory))
    for key in ("folder", "image"):
        if isinstance(record.get(key), str) and record[key]:
            facts[key] = record[key]
    versions = (environment.packages.get(name) for name in CUDA_PACKAGES)
    # Images of containers have this variable.
    variable = _variables(record).get("CUDA_VERSION", "")
    cuda = next(filter(None, versions), variable)
    if cuda:
        facts["cuda"] = cuda
    return facts


def _variable_rows(
    mine: Environment, theirs: Environment, has_other: bool
) -> list[Fact]:
    texts, others = _variables(mine.facts), _variables(theirs.facts)
    labels = [(name, name) for name in sorted(texts.keys() | others.keys())]
    return _fact_rows(labels, texts, others, has_other)


def _variables(facts: Mapping[str, Any]) -> dict[str, str]:
    found = facts.get("variables")
    return (
        {str(key): str(text) for key, text in found.items()}
        if isinstance(found, dict)
        else {}
    )


def _fact_rows(
    labels: Sequence[tuple[str, Promise | str]],
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    has_other: bool,
) -> list[Fact]:
    rows = []
    for key, label in labels:
        value, other = mine.get(key, ""), theirs.get(key, "")
        if value or other:
            differs = has_other and value != other
            texts = value[:MAX_FACT_CHARS], other[:MAX_FACT_CHARS]
            rows.append(Fact(str(label), *texts, differs))
    return rows
