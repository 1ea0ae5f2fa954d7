"""A query string read for a page: what is wrong is named, the rest is honored.

Programs get an error for a bad value (`ViewSpec.from_query`). A person who follows an
old link should see the list all the same, and be told what could not be done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from studio.core import view_text
from studio.core.errors import InvalidFilter, InvalidValue, NotSupported
from studio.core.filters import parse
from studio.core.messages import message, translated
from studio.core.view_spec import PARAMETERS, ViewSpec, read_parameter

#: Parameters that are lists of fields, of which each may be wrong by itself.
LISTS = ("columns", "charts")
#: Where a filter may end early: before an `and`. More places would cost more than help.
_AND = re.compile(r"\s+and\s", re.IGNORECASE)
_PLACES = 50


@dataclass(frozen=True)
class ParameterWarning:
    """What is wrong with a parameter, and what may stand there instead."""

    name: str
    message: str
    suggestions: tuple[str, ...] = ()

    @classmethod
    def about(cls, error: InvalidValue) -> ParameterWarning:
        found = error.details.get("suggestions", ())
        name = str(error.details.get("field", ""))
        return cls(name, error.message, tuple(str(each) for each in found))


def parse_tolerant(query: Mapping[str, str]) -> tuple[ViewSpec, list[ParameterWarning]]:
    """The state in decoded pairs, as far as it can be read, and what could not be."""
    values: dict[str, Any] = {}
    complaints: list[ParameterWarning] = []
    for name in PARAMETERS:
        text = query.get(name, "").strip()
        if text:
            found, wrong = _read(name, text)
            values |= found
            complaints += wrong
    if "after" in values and "before" in values:
        del values["before"]
        text = message("after and before can't be used together")
        complaints.append(ParameterWarning("before", translated(text)))
    return ViewSpec.of_values(values), complaints


def read_stored(values: object) -> tuple[ViewSpec, list[ParameterWarning]]:
    """A stored view's state, were it written by another version: as far as it can be
    read, and what could not be."""
    if not isinstance(values, Mapping):
        text = translated(message("The view contains no settings"))
        return ViewSpec(), [ParameterWarning("view", text)]
    texts = {str(k): "1" if v is True else str(v) for k, v in values.items()}
    spec, complaints = parse_tolerant(texts)
    unknown = [name for name in texts if name not in PARAMETERS]
    complaints += [ParameterWarning(n, translated(_unknown_part(n))) for n in unknown]
    return spec, complaints


def _unknown_part(name: str) -> str:
    return message("%(name)s: this version doesn't support it", name=name)


def overridden(
    base: ViewSpec, given: Mapping[str, str]
) -> tuple[ViewSpec, list[ParameterWarning]]:
    """A view's state with what an address says instead; an empty part is the default.

    And what the address says that could not be followed.
    """
    asked = {name: text for name, text in given.items() if name != "view"}
    if not asked:
        return base, []
    spec, complaints = parse_tolerant(asked)
    own = {name: getattr(base, name) for name in PARAMETERS if name not in asked}
    if "columns" in own:
        own["has_columns"] = base.has_columns
    return replace(spec, **own), complaints


def without(spec: ViewSpec, name: str) -> ViewSpec:
    """The state with one parameter as if it had not been given."""
    values: dict[str, Any] = {name: getattr(ViewSpec(), name)}
    if name == "columns":
        values["has_columns"] = False
    return replace(spec, **values)


def readable_part(text: str) -> str:
    """The longest beginning of a wrong filter that ends with a term and can be read."""
    ends = [found.start() for found in _AND.finditer(text)]
    for end in ends[: -_PLACES - 1 : -1]:
        try:
            parse(text[:end])
        except (InvalidFilter, NotSupported):
            continue
        return text[:end]
    return ""


def _read(name: str, text: str) -> tuple[dict[str, Any], list[ParameterWarning]]:
    """As much of one parameter as can be read, by its name, and what could not be."""
    try:
        return {name: read_parameter(name, text)}, []
    except InvalidValue as error:
        wrong = ParameterWarning.about(error)
    if name not in LISTS:
        return {}, [wrong]
    try:
        items = view_text.split(text, ",", name)
    except InvalidValue:
        return {}, [wrong]
    found = [(item, _warning(name, item)) for item in items]
    complaints = [complaint for _, complaint in found if complaint is not None]
    rest = ",".join(item for item, bad in found if bad is None)
    try:
        return ({name: read_parameter(name, rest)} if rest else {}), complaints
    except InvalidValue as error:
        # Each may be right by itself, and all of them be too many.
        return {}, [ParameterWarning.about(error)]


def _warning(name: str, text: str) -> ParameterWarning | None:
    try:
        read_parameter(name, text)
    except InvalidValue as error:
        return ParameterWarning.about(error)
    return None
