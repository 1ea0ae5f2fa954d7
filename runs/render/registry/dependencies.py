"""The packages that a model needs, from the files that MLflow writes next to it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runs.render.registry.yaml_texts import load_texts

#: Larger files are not read.
MAX_REQUIREMENTS_BYTES = 128 << 10
MAX_PACKAGES = 1000

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*(?P<version>[^;#]*)"
)
_CONDA_VERSION = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>.*)")


@dataclass(frozen=True)
class DependencyDifference:
    """A package of either version; a text is empty if that version lacks it."""

    name: str
    before: str | None
    after: str | None

    @property
    def differs(self) -> bool:
        return self.before != self.after


def parse_requirements(text: str) -> dict[str, str]:
    """Return the version of each package of a requirements.txt, by its name.

    An exact version is without `==`, and empty if any version will do. Options and
    comments are left out.
    """
    found: dict[str, str] = {}
    # A backslash continues a line.
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        # Hashes and other options follow the requirement.
        stripped = line.split(" --")[0].strip()
        match = _REQUIREMENT.match(stripped)
        if match is None or len(found) >= MAX_PACKAGES:
            continue
        found.setdefault(_package_name(match["name"]), _version(match["version"]))
    return found


def parse_conda(text: str) -> dict[str, str]:
    """Return the packages of a conda.yaml, those of its `pip` included."""
    try:
        listed = load_texts(text).get("dependencies")
    except ValueError:
        return {}
    found: dict[str, str] = {}
    for each in listed if isinstance(listed, list) else ():
        if isinstance(each, dict):
            found |= parse_requirements("\n".join(_texts(each.get("pip"))))
        elif isinstance(each, str) and (match := _CONDA_VERSION.match(each)):
            found[_package_name(match["name"])] = _version(match["version"])
    found.pop("pip", None)
    return found


def compare_dependencies(
    before: Mapping[str, str], after: Mapping[str, str]
) -> list[DependencyDifference]:
    """Return all packages of both, the different ones first, each part by name."""
    rows = [
        DependencyDifference(name, before.get(name), after.get(name))
        for name in sorted({*before, *after})
    ]
    return sorted(rows, key=lambda row: not row.differs)


def _package_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _version(text: str) -> str:
    version = text.strip().removesuffix(",")
    if version.startswith("@"):
        return version[:200]
    is_exact = version.startswith("=") and "," not in version
    return (version.lstrip("= ").split("=")[0] if is_exact else version)[:200]


def _texts(found: Any) -> Sequence[str]:
    items: Iterable[Any] = found if isinstance(found, list) else ()
    return [each for each in items if isinstance(each, str)]
