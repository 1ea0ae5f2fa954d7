"""Tags and properties of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.errors import Immutable
from studio.sdk.core import RunCore
from studio.sdk.telling import warn


class Texts(RunCore):
    """Tags can be changed by everybody; properties are written once."""

    def tag(self, key: str, value: Any = None) -> None:
        """Set a tag, also of a run that has ended; None is a tag without a value."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        """Set tags, beside those that are there; a text is a tag without a value."""
        given = as_tags(tags)
        if not given:
            return
        told = self._write("POST", "tags", {"set": given})
        self._tags = told["tags"] if told else {**(self._tags or {}), **given}

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags of those keys; one that is not there is fine."""
        keys = [tags] if isinstance(tags, str) else list(tags)
        told = self._write("POST", "tags", {"remove": keys})
        if told:
            self._tags = told["tags"]
        else:
            kept = (self._tags or {}).items()
            self._tags = {key: value for key, value in kept if key not in keys}

    def get_tags(self) -> dict[str, str | None]:
        """The tags, as they are now."""
        told = self._read("tags")
        if told:
            self._tags = told["tags"]
        return dict(self._tags or {})

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags as they were when last read; `get_tags()` reads them anew."""
        return self.get_tags() if self._tags is None else dict(self._tags)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write parameters, once each: the inputs of a run, which lists show and sort.

        Not of the v1 SDK. Raises Immutable, and stores nothing, where one has another
        value.
        """
        given = {str(key): str(value) for key, value in params.items()}
        if given:
            self._write("POST", "params", {"params": given})

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Write properties, once each; the same value again is fine.

        Raises Immutable, and stores nothing, where one has another value.
        """
        given = {
            str(key): "" if value is None else as_text(value, f"Property {key!r}")
            for key, value in properties.items()
        }
        if not given:
            return
        try:
            told = self._write("POST", "properties", {"properties": given})
        except Immutable as error:
            raise _already_set(error) from error
        if told:
            self._properties = told["properties"]
        else:
            self._properties = {**(self._properties or {}), **given}

    def get_properties(self) -> dict[str, str]:
        """The properties, as they are now."""
        told = self._read("properties")
        if told:
            self._properties = told["properties"]
        return dict(self._properties or {})

    @property
    def properties(self) -> dict[str, str]:
        """The properties as they were when last read."""
        if self._properties is None:
            return self.get_properties()
        return dict(self._properties)


def as_tags(tags: Mapping[str, Any] | str) -> dict[str, str | None]:
    """A dict of tags; values that are no text become it, with a warning."""
    if isinstance(tags, str):
        return {tags: None}
    return {
        str(key): None if value is None else as_text(value, f"Tag {key!r}")
        for key, value in tags.items()
    }


def as_text(value: Any, place: str) -> str:
    if not isinstance(value, str):
        warn(f"{place} is of type {type(value).__name__} and is kept as text.")
    return str(value)


def _already_set(error: Immutable) -> Immutable:
    """The server's refusal in the words of this SDK."""
    conflicts = error.details.get("conflicts", [])
    if not conflicts:
        return error
    first = conflicts[0]
    return Immutable(
        f"Property {first['key']!r} is already set to {first['old']!r} and properties "
        "cannot be changed.",
        **error.details,
    )
