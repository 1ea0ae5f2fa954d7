"""The Python packages of a run's environment, as lines of a requirements file.

A definition keeps them where the v1 SDK does: in a `pip` entry of
`environment.python.condaDependencies.dependencies`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def package_lines(definition: Mapping[str, Any]) -> str:
    """Return the pip requirements, one in a line; empty for the agent's own Python."""
    python = _python_section(definition)
    if python.get("userManagedDependencies"):
        return ""
    return "\n".join(
        str(requirement)
        for entry in _dependencies(python)
        if isinstance(entry, dict)
        for requirement in entry.get("pip") or ()
    )


def with_packages(
    content: dict[str, Any], base: Mapping[str, Any], text: str
) -> dict[str, Any]:
    """Return the definition with these requirements, where they differ from `base`.

    The variables of the environment are taken out, because the form has them.
    """
    environment = {**(content.get("environment") or {})}
    environment.pop("environmentVariables", None)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if lines != package_lines(base).splitlines():
        environment["python"] = _with_requirements(_python_section(base), lines)
        # A registered environment of that name has other packages.
        environment.pop("version", None)
    if not environment:
        content.pop("environment", None)
        return content
    return {**content, "environment": environment}


def _with_requirements(python: Mapping[str, Any], lines: list[str]) -> dict[str, Any]:
    kept = [entry for entry in _dependencies(python) if not isinstance(entry, dict)]
    if not lines and not kept:
        return {**python, "userManagedDependencies": True, "condaDependencies": None}
    conda = {**(python.get("condaDependencies") or {})}
    conda["dependencies"] = [*kept, *([{"pip": lines}] if lines else [])]
    return {**python, "userManagedDependencies": False, "condaDependencies": conda}


def _python_section(definition: Mapping[str, Any]) -> dict[str, Any]:
    environment = definition.get("environment") or {}
    return dict(environment.get("python") or {})


def _dependencies(python: Mapping[str, Any]) -> list[Any]:
    conda = python.get("condaDependencies") or {}
    found = conda.get("dependencies") if isinstance(conda, dict) else None
    return found if isinstance(found, list) else []
