"""Sections of settings: attributes for scripts, keys in camel case for files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class SettingsSection:
    """Settings by name; scripts can set any."""

    #: The keys of a file that are no attribute's name in camel case, by attribute.
    __slots__ = ("__dict__", "file_keys")

    def __init__(self, **settings: Any) -> None:
        self.file_keys: dict[str, str] = {}
        self.__dict__.update(settings)


def copy_section(settings: dict[str, Any]) -> SettingsSection:
    """A section with copies of these settings, whose keys are in camel case."""
    copies = {
        name: list(value) if isinstance(value, list) else value
        for name, value in settings.items()
    }
    return SettingsSection(**{snake_case(key): one for key, one in copies.items()})


def load_section(section: SettingsSection, content: dict[str, Any] | None) -> None:
    """Set the attributes of a section; keys that are not v1's stay as they are."""
    for key, value in (content or {}).items():
        name = snake_case(key)
        if camel_case(name) != key:
            section.file_keys[name] = key
        section.__dict__[name] = value


def section_content(section: Any) -> dict[str, Any]:
    """The content of a section; scripts can put an object of their own there."""
    keys = getattr(section, "file_keys", {})
    return {
        keys.get(name) or camel_case(name): value
        for name, value in vars(section).items()
    }


def without_nulls(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content without keys whose value is None, also in sections."""
    return {
        key: without_nulls(value) if isinstance(value, dict) else value
        for key, value in content.items()
        if value is not None
    }


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda found: f"_{found[1].lower()}", name)


def camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)
