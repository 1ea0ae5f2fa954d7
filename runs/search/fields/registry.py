"""Every field with both of its halves: a start fails where one of them is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.core.exceptions import ImproperlyConfigured

from runs.search.fields.changes import CHANGES
from runs.search.fields.comments import COMMENTS
from runs.search.fields.field_source import FieldSource
from runs.search.fields.flags import FLAGS
from runs.search.fields.keyed import KEYED, OF_TAGS
from runs.search.fields.logs import LOGS
from runs.search.fields.relations import OWNERS, RELATIVES
from runs.search.fields.text_columns import TEXTS
from runs.search.fields.times import TIMES
from runs.search.fields.views import VIEWS
from runs.search.sql import IndexScan, Scope
from studio.core.filters import tree
from studio.core.filters.catalog import ATTRIBUTE_SPECS
from studio.core.filters.catalog import KEYED as KEYED_SPECS
from studio.core.filters.field_spec import FieldSpec
from studio.core.filters.tree import Comparison, Field

SPECS: Mapping[str, FieldSpec] = {
    each.name: each for each in (*ATTRIBUTE_SPECS, *KEYED_SPECS.values())
}
#: In the order in which runs are offered to be grouped by them.
SOURCES: Mapping[str, FieldSource] = {
    each.name: each
    for each in (
        *OWNERS,
        *TEXTS,
        *TIMES,
        *RELATIVES,
        *OF_TAGS,
        *FLAGS,
        *LOGS,
        *CHANGES,
        *COMMENTS,
        *VIEWS,
    )
}
ALL_SOURCES = (*SOURCES.values(), *KEYED.values())
CLIENT = "studio/core/filters/catalog.py"
SERVER = "runs/search/fields"


def source_of(field: Field) -> FieldSource:
    """The server's half of a field of a filter, sort or column."""
    if field.kind == tree.ATTRIBUTE:
        return SOURCES[field.key]
    return KEYED[field.kind]


def index_scans_of(term: Comparison, scope: Scope) -> list[IndexScan]:
    """The sides whose union holds every run that fulfils the term; none if unknown."""
    scan = source_of(term.field).scan
    # A negated term matches almost all runs, so no index narrows them.
    return [] if scan is None or term.op in tree.NEGATED else scan(term, scope)


def _fields_sorted_by(name: str) -> tuple[Field, ...]:
    found = [each for each in SOURCES.values() if getattr(each, name)]
    found.sort(key=lambda each: getattr(each, name))
    return tuple(tree.attribute(each.name) for each in found)


#: The fields of the run itself in the facets panel, and in a comparison.
FACETS = _fields_sorted_by("facet")
COMPARED = _fields_sorted_by("comparison")
#: The fields of the run itself that runs can be grouped by.
GROUPED = tuple(tree.attribute(e.name) for e in SOURCES.values() if e.has_values)
#: Columns of the run that are read only where they are asked for.
HEAVY = tuple(c for each in SOURCES.values() if each.is_heavy for c in each.columns)


def check_client_and_server_halves(
    specs: Mapping[str, FieldSpec], sources: Iterable[FieldSource]
) -> None:
    """Raise ImproperlyConfigured where a field has only one half, or they disagree."""
    known = {each.name: each for each in sources}
    for name in sorted(specs.keys() - known.keys()):
        raise ImproperlyConfigured(
            f"The field {name} is declared in {CLIENT} but not in {SERVER}: "
            "add an entry with this name there."
        )
    for name in sorted(known.keys() - specs.keys()):
        raise ImproperlyConfigured(
            f"The field {name} is declared in {SERVER} but not in {CLIENT}: "
            "add an entry with this name there."
        )
    for name, spec in specs.items():
        _check_agreement(spec, known[name])


def _check_agreement(spec: FieldSpec, source: FieldSource) -> None:
    for is_promised, is_kept, what in (
        (spec.filterable, source.condition is not None, "condition"),
        (spec.sortable, source.sort is not None or source.index is not None, "sort"),
        (spec.column, source.value is not None, "value"),
    ):
        if is_promised and not is_kept:
            raise ImproperlyConfigured(
                f"The field {spec.name} needs a {what}, which {CLIENT} promises: "
                f"add it to its entry in {SERVER}."
            )


def check_registry() -> None:
    """Raise ImproperlyConfigured where the two halves of the registry disagree."""
    check_client_and_server_halves(SPECS, ALL_SOURCES)
