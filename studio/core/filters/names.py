"""Field names as people write them -> `Field`, with help where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from studio.core.errors import InvalidFilter
from studio.core.filters import fields, tree
from studio.core.filters.mistakes import mistake
from studio.core.filters.text import field_text, quoted
from studio.core.filters.tokens import STRING, Part, Token
from studio.core.filters.tree import AGGREGATES, Field

#: What a run never has here, and what stands for it.
_INSTEAD = {
    "experiment_id": "experiment",
    "lifecycle_stage": "deleted",
    "user_id": "submitter",
    "run_uuid": "id",
    "state": "status",
    "time": "created",
    "date": "created",
    "owner": "submitter",
    "children": "children.count",
    "logs": "log",
    "favorite": "starred",
}


@dataclass(frozen=True)
class _Path:
    """A word split at its first point outside quotes."""

    head: str
    rest: tuple[Part, ...]


def _split(parts: Sequence[Part]) -> _Path:
    first = parts[0]
    head, point, tail = first.text.partition(".")
    rest = ([Part(tail, quoted=False)] if tail else []) + list(parts[1:])
    return _Path(head, tuple(rest) if point else ())


def is_field(token: Token) -> bool:
    """Whether the word names a field, as opposed to being a free word."""
    path = _split(token.parts)
    if not path.rest:
        return bool(fields.attribute_named(path.head))
    return bool(fields.kind_named(path.head)) or path.head.lower() in (
        fields.ATTRIBUTE_PREFIXES
    )


def read_field(token: Token, text: str) -> Field:
    """The field that a word names; raises InvalidFilter with the nearest names."""
    path = _split(token.parts)
    kind = fields.kind_named(path.head)
    if not path.rest:
        name = fields.attribute_named(token.text)
        if name and fields.ATTRIBUTES[name].filterable:
            return tree.attribute(name)
        raise _needs_key(token, kind, text) if kind else _unknown(token, text)
    if kind:
        return keyed_field(kind, path.rest, token, text)
    if path.head.lower() in fields.ATTRIBUTE_PREFIXES:
        name = fields.attribute_named("".join(part.text for part in path.rest))
        if name and fields.ATTRIBUTES[name].filterable:
            return tree.attribute(name)
    raise _unknown(token, text)


def keyed_field(kind: str, parts: Sequence[Part], token: Token, text: str) -> Field:
    """The field of `kind` whose key `parts` spell; an unquoted end may aggregate."""
    key, aggregate = "".join(part.text for part in parts), ""
    if kind == tree.METRICS:
        key, aggregate = _aggregated(parts)
    if not key:
        raise _needs_key(token, kind, text)
    if kind == tree.CHILDREN:
        return Field(kind, _one_of(key, fields.CHILDREN_KEYS, kind, token, text))
    if kind == tree.DATASETS:
        return Field(kind, _one_of(key, fields.DATASET_KEYS, kind, token, text))
    return Field(kind, key, aggregate)


def key_of_token(kind: str, token: Token, text: str) -> Field:
    """The field of `tag:k`: the token is the key alone, quoted or not."""
    if token.kind == STRING:
        parts: Sequence[Part] = (Part(token.text, quoted=True),)
    else:
        parts = token.parts
    return keyed_field(kind, parts, token, text)


def _aggregated(parts: Sequence[Part]) -> tuple[str, str]:
    last = parts[-1]
    name, point, end = last.text.rpartition(".")
    lowered = end.lower()
    if not last.quoted and point and lowered in AGGREGATES and (name or parts[:-1]):
        return "".join(part.text for part in parts[:-1]) + name, lowered
    return "".join(part.text for part in parts), "last"


def _one_of(
    key: str, allowed: Sequence[str], kind: str, token: Token, text: str
) -> str:
    if key.lower() in allowed:
        return key.lower()
    raise mistake(
        f"Expected one of {', '.join(allowed)} after '{kind}.'",
        token.start,
        token.length,
        expected="a known key",
        text=text,
        options=[f"{kind}.{allowed[0]}"],
    )


def _needs_key(token: Token, kind: str, text: str) -> InvalidFilter:
    word = {tree.CHILDREN: "count", tree.DATASETS: "name"}.get(kind, "key")
    return mistake(
        f"Expected a key after '{token.text.rstrip('.')}.'",
        token.start,
        token.length,
        expected="a key",
        text=text,
        hint=f"Write {kind}.{word}, with double quotes around an odd key.",
    )


def _unknown(token: Token, text: str) -> InvalidFilter:
    word = token.text
    options: list[str] = []
    instead: str | None = _INSTEAD.get(word.lower())
    if instead:
        options.append(instead)
    options += [name for name in fields.near_names(word) if name not in options]
    if not options:
        options = [field_text(Field(kind, word)) for kind in (tree.TAGS, tree.PARAMS)]
        options.append(field_text(Field(tree.METRICS, word, "last")))
    return mistake(
        f"Unknown field '{word}'",
        token.start,
        token.length,
        expected="a field",
        text=text,
        hint=f"To look for the text, write {quoted(word)}.",
        options=options[:3],
    )
