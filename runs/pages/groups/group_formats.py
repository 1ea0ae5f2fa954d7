"""The groups for scripts and papers: as JSON, CSV, Markdown or LaTeX."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Run, User
from runs.pages.groups.group_rows import NO_VALUE, seen_heads
from runs.pages.groups.group_table import (
    MAX_COPIED_GROUPS,
    GroupPage,
    copy_limit_note,
    find_groups,
    too_many_runs_text,
)
from runs.pages.groups.group_values import short_field_label
from runs.pages.lists import (
    NOTICE_HEADER,
    ListState,
    list_columns,
    read_part_state,
    sheet_response,
)
from runs.pages.requests import PageRequest
from runs.render import formats
from runs.render.filters import field_label
from runs.render.groups import (
    PaperCell,
    PaperTable,
    format_mean_and_deviation,
    latex_table,
    markdown_table,
)
from runs.render.run_list import (
    DURATION_COLUMN,
    NUMBER_COLUMN,
    TIME_COLUMN,
    Sheet,
    SheetColumn,
    sheet_as_csv,
)
from runs.search.groups import (
    Grouping,
    GroupStats,
    ListGroup,
    Sightings,
    find_sightings,
)
from studio.core.errors import InvalidValue
from studio.core.filters import Field, field_text, tree


@access(Permission.READ)
@require_safe
def copy_groups(request: PageRequest) -> HttpResponse:
    """Send the groups of the list as text; `form` is csv, markdown or latex."""
    state = read_part_state(request)
    if state.spec.group is None:
        raise InvalidValue(_("The parameter group contains no field"), field="group")
    grouped = find_groups(state, list_columns(state))
    if grouped is None or grouped.grouping is None:
        raise InvalidValue(too_many_runs_text(), field="group")
    form = request.GET.get("form", "csv")
    grouping = grouped.grouping
    groups = grouping.groups_between(0, MAX_COPIED_GROUPS)
    if form == "csv":
        text = sheet_as_csv(group_sheet(request, grouping, groups))
    elif form in _TABLE_WRITERS:
        text = _TABLE_WRITERS[form](
            build_paper_table(grouping, groups, request.actor.user)
        )
    else:
        raise Http404(form)
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    if note := copy_limit_note(grouping):
        response[NOTICE_HEADER] = json.dumps([note])
    return response


def groups_response(
    request: PageRequest, kind: str, state: ListState, group_page: GroupPage
) -> HttpResponse:
    """Send the groups of the page in the format that a script accepts."""
    grouping, spec = group_page.grouping, state.spec
    if grouping is None:
        raise InvalidValue(too_many_runs_text(), field="group")
    before = str(max(group_page.start - spec.rows, 0))
    cursors = {"prev": before if group_page.start else ""}
    cursors["next"] = str(group_page.stop) if group_page.stop < len(grouping) else ""
    content = {
        "total": len(grouping),
        "runs": len(grouping.runs),
        "notices": [each.message for each in state.complaints],
    }
    links = {
        relation: f"{state.path}?{spec.to_query(after=place)}"
        for relation, place in cursors.items()
        if place
    }
    sheet = group_sheet(request, grouping, group_page.groups)
    return sheet_response(request, kind, sheet, content, links)


def group_sheet(
    request: PageRequest, grouping: Grouping, groups: Sequence[ListGroup]
) -> Sheet:
    """Build a sheet with a row per group: values, size, and statistics of numbers."""
    columns = [
        SheetColumn(field_text(f), short_field_label(f)) for f in grouping.fields
    ]
    columns.append(SheetColumn("runs", _("Runs"), NUMBER_COLUMN))
    seen = find_sightings(grouping, groups, request.actor.user)
    if grouping.is_by_cause:
        columns += _seen_columns()
    for field in grouping.numbers:
        columns += _statistic_columns(field)
    stats = [[grouping.stats(g, f) for f in grouping.numbers] for g in groups]
    # One query for the best runs of all groups; 0 means that a group has none.
    keys = {each.best for row in stats for each in row} - {0}
    visible = Run.objects.visible_to(request.actor.user)
    ids = dict(visible.filter(pk__in=keys).values_list("pk", "run_id"))
    rows = [
        (
            *values,
            group.count,
            *(_seen_values(seen[group.number]) if seen else ()),
            *(v for each in row for v in _statistic_values(each, ids)),
        )
        for group, values, row in zip(
            groups, grouping.uncut_values(groups), stats, strict=True
        )
    ]
    return Sheet(tuple(columns), tuple(rows))


def _seen_columns() -> list[SheetColumn]:
    first, last, newest, submitters = (label for label, _css in seen_heads())
    return [
        SheetColumn("first_seen", first, TIME_COLUMN),
        SheetColumn("last_seen", last, TIME_COLUMN),
        SheetColumn("newest_run", newest),
        SheetColumn("newest_error", _("Error")),
        SheetColumn("submitters", submitters),
    ]


def _seen_values(seen: Sightings) -> tuple[Any, ...]:
    people = ", ".join(user.username for user in seen.submitters)
    run_id = seen.run.run_id if seen.run is not None else None
    return (seen.first, seen.last, run_id, seen.error, people)


def _seen_paper_cells(seen: Sightings) -> list[PaperCell]:
    return [
        PaperCell(formats.utc_text(seen.first, to_the_day=True)),
        PaperCell(formats.utc_text(seen.last, to_the_day=True)),
        PaperCell(seen.run.run_id if seen.run is not None else NO_VALUE),
        PaperCell(", ".join(map(str, seen.submitters)) or NO_VALUE),
    ]


def _statistic_columns(field: Field) -> list[SheetColumn]:
    name, label = field_text(field), field_label(field)
    is_number = field.kind == tree.METRICS
    kind = NUMBER_COLUMN if is_number else DURATION_COLUMN
    statistics = {
        "mean": _("mean"),
        "std": _("std"),
        "min": _("min"),
        "max": _("max"),
    }
    counted = {
        "count": pgettext("column of an export of groups", "values"),
        "other": pgettext("column of an export of groups", "not finite"),
    }
    return [
        *(
            SheetColumn(f"{name}.{k}", f"{label} {w}", kind)
            for k, w in statistics.items()
        ),
        *(
            SheetColumn(f"{name}.{k}", f"{label} {w}", NUMBER_COLUMN)
            for k, w in counted.items()
        ),
        SheetColumn(f"{name}.best_run", f"{label} {_('best run')}"),
    ]


def _statistic_values(stats: GroupStats, ids: dict[int, str]) -> tuple[Any, ...]:
    found = (stats.mean, stats.std, stats.min, stats.max)
    # NaN here means no number, not a logged NaN, which `other` counts.
    known = (None if math.isnan(each) else each for each in found)
    return (*known, stats.count, stats.nonfinite, ids.get(stats.best))


def build_paper_table(
    grouping: Grouping, groups: Sequence[ListGroup], viewer: User
) -> PaperTable:
    """Build a table for papers: no links, means with standard deviations."""
    heads = [short_field_label(field) for field in grouping.fields]
    seen = find_sightings(grouping, groups, viewer)
    about_seen = [label for label, _css in seen_heads()] if grouping.is_by_cause else []
    numbers = [field_label(field) for field in grouping.numbers]
    right = [*([False] * len(heads)), True]
    heads += [_("Runs"), *about_seen, *numbers]
    right += [*([False] * len(about_seen)), *([True] * len(numbers))]
    best = {field: grouping.best_group(field) for field in grouping.numbers}
    rows = [
        [
            *(
                PaperCell(formats.short_hash(_group_value_text(group, n)))
                for n in range(len(group.values))
            ),
            PaperCell(formats.grouped(group.count), is_number=True),
            *(_seen_paper_cells(seen[group.number]) if seen else ()),
            *(
                _statistic_cell(
                    field, grouping.stats(group, field), best[field] == group.number
                )
                for field in grouping.numbers
            ),
        ]
        for group in groups
    ]
    return PaperTable(heads, right, rows)


def _group_value_text(group: ListGroup, at: int) -> str:
    value = group.values[at]
    if value is None:
        return NO_VALUE
    return f"{value}…" if at in group.cut else value


def _statistic_cell(field: Field, stats: GroupStats, is_best: bool) -> PaperCell:
    if not stats.count:
        return PaperCell(NO_VALUE)
    if field.kind == tree.METRICS:
        text, deviation = format_mean_and_deviation(stats.mean, stats.std)
        return PaperCell(text, deviation, is_number=True, best=is_best)
    return PaperCell(formats.duration(round(stats.mean)))


_TABLE_WRITERS = {"markdown": markdown_table, "latex": latex_table}
