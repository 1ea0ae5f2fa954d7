"""What the environment of a definition consists of."""

from __future__ import annotations

import hashlib
import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Names of conda packages that every environment has.
_BASE_PACKAGES = ("python", "pip", "setuptools", "wheel")
#: Options of a line that names files.
_FILE_OPTIONS = ("-r", "--requirement", "-e", "--editable", "-c", "--constraint")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Requirements:
    """The packages of conda and pip, as lines of their own files.

    `python` is a version, empty for any. `left_out` are packages that the SDK's own
    `azureml` takes the place of.
    """

    conda: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    python: str = ""
    left_out: tuple[str, ...] = ()

    def key(self, tool: str, interpreter: str, code: Path) -> str:
        """A hash: the same requirements on the same interpreter have the same."""
        content = {
            "conda": self.conda,
            "pip": self.pip,
            "channels": self.channels,
            "python": self.python,
            "files": [_content_of(line, code) for line in self.pip],
            "tool": tool,
            "interpreter": interpreter,
            "platform": platform.platform(),
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_requirements(python: Mapping[str, Any]) -> Requirements:
    """The requirements in the section `environment.python` of a definition."""
    content = python.get("condaDependencies") or {}
    conda, pip = [], []
    for entry in content.get("dependencies") or ():
        if isinstance(entry, str):
            conda.append(entry.strip())
        elif isinstance(entry, dict):
            pip += [str(line).strip() for line in entry.get("pip") or ()]
    pip = [line for line in pip if line and not line.startswith("#")]
    return Requirements(
        tuple(one for one in conda if _package_name(one) not in _BASE_PACKAGES),
        tuple(line for line in pip if not _is_azureml(line)),
        tuple(str(one) for one in content.get("channels") or ()),
        _python_version(conda),
        tuple(line for line in pip if _is_azureml(line)),
    )


def _package_name(requirement: str) -> str:
    found = _NAME.match(requirement.rpartition("::")[2])
    return found[0].lower() if found else ""


def _is_azureml(line: str) -> bool:
    name = _package_name(line).replace("_", "-")
    return name == "azureml" or name.startswith("azureml-")


def _python_version(conda: list[str]) -> str:
    """The version of `python=3.11` or `python==3.11.*`; empty for ranges."""
    for one in conda:
        found = re.fullmatch(r"(?:\S+::)?python\s*={1,2}\s*(\d+\.\d+)[\d.*]*", one)
        if found:
            return found[1]
    return ""


def _content_of(line: str, code: Path) -> str:
    """A hash of the files that the line of a requirements file installs."""
    option, _, rest = line.partition(" ")
    name = rest.strip() if option in _FILE_OPTIONS else option
    if option not in _FILE_OPTIONS and not name.startswith((".", "/")):
        return ""
    path = code / name
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    hashes = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.name}"
        for file in files
        if file.is_file()
    ]
    return "\n".join(hashes)
