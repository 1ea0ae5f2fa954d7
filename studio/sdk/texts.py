"""Tags and properties of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional, TypeVar

from studio.core.errors import Immutable, InvalidValue
from studio.core.names import check_key, check_value
from studio.sdk.core import RunCore
from studio.sdk.errors import UserErrorException
from studio.sdk.telling import skip, warn

Text = TypeVar("Text", str, Optional[str])


class Texts(RunCore):
    """Tags can be changed by everybody; properties are written once.

    What breaks a rule (a key that is too long) is an error, but for a run that this
    process logs: its training goes on with a warning (`STUDIO_STRICT=1`: an error).
    """

    def tag(self, key: str, value: Any = None) -> None:
        """Set a tag, also of a run that has ended; None is a tag without a value."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        """Set tags, beside those that are there; a text is a tag without a value."""
        given = self._sound(as_tags(tags), "tags")
        if not given:
            return
        told = self._write("POST", "tags", {"set": given})
        self._tags = told["tags"] if told else {**(self._tags or {}), **given}

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags of those keys; one that is not there is fine."""
        keys = as_keys(tags)
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
        given = {
            str(key): str(value) for key, value in as_dict(params, "params").items()
        }
        given = self._sound(given, "params")
        if given:
            self._write("POST", "params", {"params": given})

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Write properties, once each; the same value again is fine.

        Raises Immutable, and stores nothing, where one has another value.
        """
        given = self._sound(as_properties(properties), "properties")
        if not given:
            return
        self._must_agree(given)
        try:
            told = self._write("POST", "properties", {"properties": given})
        except Immutable as error:
            raise _already_set(error) from error
        if told:
            self._properties = told["properties"]
        else:
            self._properties = {**(self._properties or {}), **given}

    def _must_agree(self, given: Mapping[str, str]) -> None:
        """Before they wait for a server, which would refuse what nobody sees then."""
        known = self._properties or {}
        for key, value in given.items():
            if known.get(key, value) != value:
                raise _conflict(key, known[key])

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

    def _sound(self, texts: dict[str, Text], kind: str) -> dict[str, Text]:
        """Those that break no rule. Raises InvalidValue, unless training goes on."""
        return {
            key: value
            for key, value in texts.items()
            if self._is_sound(key, value, kind)
        }

    def _is_sound(self, key: str, value: str | None, kind: str) -> bool:
        try:
            check_texts({key: value}, kind)
        except InvalidValue as error:
            self._not_kept(error)
            return False
        return True

    def _not_kept(self, error: InvalidValue) -> None:
        if self._writer is None:
            raise error
        skip(error)


def check_texts(texts: Mapping[str, str | None], kind: str) -> None:
    """The server's rules of keys and values. Raises InvalidValue."""
    for key, value in texts.items():
        check_key(key, f"{kind} key")
        check_value(value or "", f"{kind}.{key}")


def as_tags(tags: Mapping[str, Any] | str) -> dict[str, str | None]:
    """A dict of tags; values that are no text become it, with a warning."""
    if isinstance(tags, str):
        return {tags: None}
    return {
        str(key): None if value is None else as_text(value, f"Tag {key!r}")
        for key, value in as_dict(tags, "tags").items()
    }


def as_properties(properties: Mapping[str, Any]) -> dict[str, str]:
    """A dict of properties, whose values are texts."""
    return {
        str(key): "" if value is None else as_text(value, f"Property {key!r}")
        for key, value in as_dict(properties, "properties").items()
    }


def as_keys(tags: Iterable[str]) -> list[str]:
    """The keys of tags to remove; a text is one of them. Raises UserErrorException."""
    if isinstance(tags, str):
        return [tags]
    if not isinstance(tags, Iterable):
        raise UserErrorException(f"tags must be a list of keys, not {tags!r}")
    return [str(key) for key in tags]


def as_dict(texts: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(texts, Mapping):
        raise UserErrorException(f"{name} must be a dict, not {texts!r}")
    return texts


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
    return _conflict(first["key"], first["old"], **error.details)


def _conflict(key: str, old: str, **details: Any) -> Immutable:
    return Immutable(
        f"Property {key!r} is already set to {old!r} and properties cannot be changed.",
        **details,
    )
