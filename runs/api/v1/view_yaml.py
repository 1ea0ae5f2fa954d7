"""Read and write views as YAML, which teams can keep in git.

A file is a list `views:`; each entry has `name`, `state` and everything that differs
from the default. Reading creates plain values only. It refuses tags, duplicate keys and
aliases, which could make a small file huge. Numbers and dates are read as text, like
the parts of a state.
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from django.utils.translation import gettext as _

from runs.api.v1.schemas import RequestStruct, StateJson
from runs.api.v1.view_replies import listed_experiment_name
from runs.models import View
from studio.core import names, view_text
from studio.core.errors import InvalidRequest, InvalidValue, TooLarge

#: Bytes of a file, and views in it.
MAX_FILE_BYTES, MAX_VIEWS = 2 << 20, 1000
#: Parts of a state that are lists: with one item per line, diffs are readable.
LIST_PARTS = ("columns", "charts", "selected")


class ViewFile(RequestStruct):
    """A view in a file. `slug` is the slug of the exported view."""

    name: str
    slug: str = ""
    description: str = ""
    shared: bool = False
    locked: bool = False
    experiment: str | None = None
    state: StateJson = msgspec.field(default_factory=dict)


class ViewFiles(RequestStruct):
    views: list[ViewFile]


class _Loader(yaml.SafeLoader):
    """Loads texts, booleans and null, in lists and objects with text keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        # Events tell aliases and explicit tags. Nodes no longer do.
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.events.AliasEvent):
            raise _yaml_error("aliases are not allowed", event)
        if event.tag:
            raise _yaml_error(f"tags such as {event.tag!r} are not allowed", event)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        found = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _yaml_error("a key must be text", key)
            # PyYAML would silently keep the last one, for example after a bad merge in
            # git.
            if key.value in found:
                raise _yaml_error(f"{key.value!r} is there twice", key)
            found.add(key.value)
        return super().construct_mapping(node, deep)

    def construct_scalar(self, node: Any) -> Any:
        line = node.start_mark.line + 1
        # PostgreSQL can't store every character that YAML can express, such as NUL.
        return names.check_characters(super().construct_scalar(node), f"line {line}")


#: What a word without quotes can be, in addition to text.
_PLAIN_TAGS = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:null")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag in _PLAIN_TAGS]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml_error(what: str, place: Any) -> yaml.YAMLError:
    """Return an error at `place`, an event or node."""
    return yaml.constructor.ConstructorError(None, None, what, place.start_mark)


def views_to_yaml(views: list[View], total: int) -> str:
    """Return the views as the text of a file, in the order of the list.

    It starts with a comment if these are not all of `total`.
    """
    body = {"views": [_view_entry(view) for view in views]}
    text: str = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)
    if len(views) == total:
        return text
    comment = f"# The first {len(views)} of {total} views by name"
    return f"{comment}; narrow the search for the others.\n{text}"


def _view_entry(view: View) -> dict[str, Any]:
    optional = {
        "description": view.description,
        "shared": view.shared,
        "locked": view.locked,
        "experiment": listed_experiment_name(view),
    }
    kept = {key: value for key, value in optional.items() if value}
    return {
        "name": view.name,
        "slug": view.slug,
        **kept,
        "state": _state_entry(view.spec),
    }


def _state_entry(spec: Any) -> dict[str, Any]:
    if not isinstance(spec, dict):
        return {}
    return {name: _state_part(name, value) for name, value in spec.items()}


def _state_part(name: str, value: Any) -> Any:
    if name not in LIST_PARTS or not isinstance(value, str):
        return value
    try:
        items = view_text.split_outside_quotes(value, ",", name)
    except InvalidValue:
        return value
    # An empty position among the selected runs would be lost in a list.
    return items if ",".join(items) == value else value


def views_from_yaml(text: str) -> list[ViewFile]:
    """Return the views of a file; raise InvalidRequest, InvalidValue, TooLarge."""
    # Parsing YAML is slow, so the size is checked before.
    if len(text.encode()) > MAX_FILE_BYTES:
        raise TooLarge(
            _("The file is too large. The maximum is %(limit)s bytes.")
            % {"limit": MAX_FILE_BYTES},
            limit=MAX_FILE_BYTES,
        )
    try:
        loaded = yaml.load(text, Loader=_Loader)  # it is a SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        where = " ".join(str(error).split())[:500]
        raise InvalidRequest(
            _("The file is not valid YAML: %(where)s") % {"where": where}
        ) from error
    try:
        found = msgspec.convert(loaded, ViewFiles)
    except msgspec.ValidationError as error:
        raise InvalidValue(
            _("The file has no valid views: %(error)s") % {"error": error}, field="yaml"
        ) from error
    if len(found.views) > MAX_VIEWS:
        raise InvalidValue(
            _("The file has too many views. The maximum is %(limit)s.")
            % {"limit": MAX_VIEWS},
            field="yaml",
        )
    return found.views
