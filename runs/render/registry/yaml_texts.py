"""YAML of clients, read as texts."""

from __future__ import annotations

from typing import Any

import yaml

#: Deeper or longer documents are refused: no model needs them, and they take long.
MAX_DEPTH, MAX_EVENTS = 30, 50_000
#: Every scalar is loaded as text, so that version 3.10 stays 3.10.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def load_texts(text: str) -> dict[str, Any]:
    """Return a mapping of texts, lists and mappings; ValueError for anything else."""
    try:
        _check_events(text)
        found = yaml.load(text, _LOADER)
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    if not isinstance(found, dict):
        raise ValueError("not a mapping")
    return found


def _check_events(text: str) -> None:
    """Refuse what could grow when it is loaded, before anything is built."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, _LOADER)):
        if isinstance(event, yaml.AliasEvent):
            raise ValueError("aliases are not allowed")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or count > MAX_EVENTS:
            raise ValueError("too deep or too long")
