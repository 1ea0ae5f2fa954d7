"""Convert and check the tags and properties that a script gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from studio.core.names import check_key, check_value
from studio.sdk.errors import UserErrorException
from studio.sdk.warnings import warn

#: Deeper dicts, such as one that contains itself, are logged as text.
MAX_DEPTH = 20


def check_texts(texts: Mapping[str, str | None], kind: str) -> None:
    """Check keys and values by the server's rules. Raises InvalidValue."""
    for key, value in texts.items():
        check_key(key, f"{kind} key")
        check_value(value or "", f"{kind}.{key}")


def as_tags(tags: Mapping[str, Any] | str) -> dict[str, str | None]:
    """Tags as a dict; values that are not text are converted, with a warning."""
    if isinstance(tags, str):
        return {tags: None}
    return {
        str(key): None if value is None else as_text(value, f"Tag {key!r}")
        for key, value in as_dict(tags, "tags").items()
    }


def as_properties(properties: Mapping[str, Any]) -> dict[str, str]:
    """Properties as a dict of texts."""
    return {
        str(key): "" if value is None else as_text(value, f"Property {key!r}")
        for key, value in as_dict(properties, "properties").items()
    }


def flatten_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Parameters as texts; `{"model": {"depth": 3}}` becomes `{"model.depth": "3"}`.

    If two have the same key then, the first counts, with a warning.
    """
    found: dict[str, str] = {}

    def add(prefix: str, members: Mapping[str, Any], depth: int) -> None:
        for name, value in members.items():
            key, text = f"{prefix}{name}", str(value)
            if isinstance(value, Mapping) and value and depth < MAX_DEPTH:
                add(f"{key}.", value, depth + 1)
            elif found.setdefault(key, text) != text:
                warn(f"Not logged: parameter {key!r} is given twice.")

    add("", as_dict(params, "params"), 1)
    return found


def as_keys(tags: Iterable[str]) -> list[str]:
    """The keys of tags to remove; a text is one key. Raises UserErrorException."""
    if isinstance(tags, str):
        return [tags]
    if not isinstance(tags, Iterable):
        raise UserErrorException(f"tags must be a list of keys, not {tags!r}")
    return [str(key) for key in tags]


def as_dict(texts: Any, name: str) -> Mapping[str, Any]:
    """The mapping itself. Raises UserErrorException if it is not one."""
    if not isinstance(texts, Mapping):
        raise UserErrorException(f"{name} must be a dict, not {texts!r}")
    return texts


def as_text(value: Any, label: str) -> str:
    """The value as text, with a warning that names it by `label`."""
    if not isinstance(value, str):
        warn(f"{label} is of type {type(value).__name__} and is kept as text.")
    return str(value)
