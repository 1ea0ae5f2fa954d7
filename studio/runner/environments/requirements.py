"""What the environment of a definition consists of."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.runner.environments.requirement_lines import (
    RequirementLine,
    read_lines,
)

#: Names of conda packages that every environment has.
_BASE_PACKAGES = ("python", "pip", "setuptools", "wheel")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Requirements:
    """The packages of conda and pip, as lines of their own files.

    `python` is a version, empty for any. `left_out` are packages that the SDK's own
    `azureml` takes the place of.
    """

    conda: tuple[str, ...] = ()
    pip: tuple[RequirementLine, ...] = ()
    channels: tuple[str, ...] = ()
    python: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def editable(self) -> tuple[str, ...]:
        """The lines that would link to the working copy."""
        return tuple(
            line.text for line in self.pip if line.option == "-e" and line.is_in_code
        )

    def with_pip(self, packages: Iterable[str]) -> Requirements:
        """The same without packages of conda, and with more of pip."""
        more = tuple(RequirementLine(one) for one in packages)
        return replace(self, conda=(), pip=(*self.pip, *more))

    def key(self, tool: str, interpreter: str, code: Path) -> str:
        """A hash: the same requirements on the same interpreter have the same."""
        content = {
            "conda": self.conda,
            "pip": [line.text for line in self.pip],
            "channels": self.channels,
            "python": self.python,
            "files": [line.content(code) for line in self.pip],
            "tool": tool,
            "interpreter": interpreter,
            "platform": platform.platform(),
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_requirements(python: Mapping[str, Any], code: Path) -> Requirements:
    """The requirements in the section `environment.python` of a definition.

    Raises OSError for a file of the working copy `code` that cannot be read.
    """
    content = python.get("condaDependencies") or {}
    conda: list[str] = []
    texts: list[str] = []
    for entry in content.get("dependencies") or ():
        if isinstance(entry, str):
            conda.append(entry.strip())
        elif isinstance(entry, dict):
            texts += map(str, entry.get("pip") or ())
    pip = list(read_lines(texts, code))
    return Requirements(
        tuple(one for one in conda if package_name(one) not in _BASE_PACKAGES),
        tuple(line for line in pip if not _is_azureml(line.text)),
        tuple(str(one) for one in content.get("channels") or ()),
        _python_version(conda),
        tuple(line.text for line in pip if _is_azureml(line.text)),
    )


def package_name(requirement: str) -> str:
    found = _NAME.match(requirement.rpartition("::")[2])
    return found[0].lower() if found else ""


def _is_azureml(line: str) -> bool:
    name = package_name(line).replace("_", "-")
    return name == "azureml" or name.startswith("azureml-")


def _python_version(conda: list[str]) -> str:
    """The version of `python=3.11` or `python==3.11.*`; empty for ranges."""
    for one in conda:
        found = re.fullmatch(r"(?:\S+::)?python\s*={1,2}\s*(\d+\.\d+)[\d.*]*", one)
        if found:
            return found[1]
    return ""
