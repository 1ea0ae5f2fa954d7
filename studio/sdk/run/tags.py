"""Tags, properties and parameters of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional, TypeVar

from studio.core.errors import Immutable, InvalidValue
from studio.core.names import MAX_ITEMS
from studio.sdk.run.state import RunState
from studio.sdk.tags_and_properties import (
    as_keys,
    as_properties,
    as_tags,
    check_texts,
    flatten_params,
)
from studio.sdk.warnings import warn_not_logged

Text = TypeVar("Text", str, Optional[str])


class RunTagsAndParams:
    """Members can change tags; parameters and properties are written once.

    A key or value that breaks a rule is an error. For a run that this process logs, it
    is a warning, and training continues (`STUDIO_STRICT=1`: an error).
    """

    def __init__(self, state: RunState) -> None:
        self._state = state

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        valid = self._drop_invalid(as_tags(tags), "tags")
        if not valid:
            return
        reply = self._state.write("POST", "tags", {"set": valid})
        known = self._state.tags or {}
        self._state.tags = reply["tags"] if reply else {**known, **valid}

    def remove_tags(self, tags: Iterable[str]) -> None:
        keys = as_keys(tags)
        reply = self._state.write("POST", "tags", {"remove": keys})
        if reply:
            self._state.tags = reply["tags"]
        else:
            known = (self._state.tags or {}).items()
            self._state.tags = {key: value for key, value in known if key not in keys}

    def get_tags(self) -> dict[str, str | None]:
        """The tags, read from the server."""
        reply = self._state.read("tags")
        if reply:
            self._state.tags = reply["tags"]
        return dict(self._state.tags or {})

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write parameters; those of a nested dict have keys like `model.depth`."""
        valid = list(self._drop_invalid(flatten_params(params), "params").items())
        # The server accepts no more by one request.
        for start in range(0, len(valid), MAX_ITEMS):
            some = dict(valid[start : start + MAX_ITEMS])
            self._state.write("POST", "params", {"params": some})
            self._state.params.update(some)

    def get_params(self) -> dict[str, str]:
        """The parameters, read from the server."""
        reply = self._state.read("params")
        if reply:
            self._state.params = reply["params"]
        return dict(self._state.params)

    def add_properties(self, properties: Mapping[str, Any]) -> None:
        """Write properties. Raises Immutable if one has another value."""
        valid = self._drop_invalid(as_properties(properties), "properties")
        if not valid:
            return
        self._check_unchanged(valid)
        try:
            reply = self._state.write("POST", "properties", {"properties": valid})
        except Immutable as error:
            raise _explain_conflict(error) from error
        known = self._state.properties or {}
        self._state.properties = reply["properties"] if reply else {**known, **valid}

    def get_properties(self) -> dict[str, str]:
        """The properties, read from the server."""
        reply = self._state.read("properties")
        if reply:
            self._state.properties = reply["properties"]
        return dict(self._state.properties or {})

    def _check_unchanged(self, properties: Mapping[str, str]) -> None:
        """Raise Immutable now: the refusal of a buffered request comes too late."""
        known = self._state.properties or {}
        for key, value in properties.items():
            if known.get(key, value) != value:
                raise _conflict_error(key, known[key])

    def _drop_invalid(self, texts: dict[str, Text], kind: str) -> dict[str, Text]:
        """The texts that break no rule. Raises InvalidValue, or warns."""
        return {
            key: value
            for key, value in texts.items()
            if self._is_valid(key, value, kind)
        }

    def _is_valid(self, key: str, value: str | None, kind: str) -> bool:
        try:
            check_texts({key: value}, kind)
        except InvalidValue as error:
            raise_or_warn(self._state, error)
            return False
        return True


def raise_or_warn(state: RunState, error: InvalidValue) -> None:
    """Raise the error, or warn if this process logs the run: training continues."""
    if state.writer is None:
        raise error
    warn_not_logged(error)


def _explain_conflict(error: Immutable) -> Immutable:
    """The server's refusal in the words of this SDK."""
    conflicts = error.details.get("conflicts", [])
    if not conflicts:
        return error
    first = conflicts[0]
    return _conflict_error(first["key"], first["old"], **error.details)


def _conflict_error(key: str, old: str, **details: Any) -> Immutable:
    return Immutable(
        f"Property {key!r} is already set to {old!r} and properties cannot be changed.",
        **details,
    )
