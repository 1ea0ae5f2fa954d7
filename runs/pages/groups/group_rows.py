"""The rows and heads of a table of groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from runs.models import Run
from runs.pages.groups.group_values import (
    group_value_term,
    group_value_text,
    nonfinite_note,
    short_field_label,
    stats_tooltip,
)
from runs.pages.lists import (
    BestValues,
    ListLinks,
    ValueLink,
    build_rows,
    column_css,
)
from runs.pages.requests import PageRequest
from runs.render import formats
from runs.render.filters import field_label
from runs.render.formats import run_path
from runs.render.groups import format_mean_and_deviation
from runs.render.run_list import ListRow, moment
from runs.search.groups import Grouping, ListGroup, find_sightings
from runs.search.query import StatusCounts
from runs.search.run_list import RunPage, find_shown_runs
from studio.core.filters import Field, field_text
from studio.core.filters.tree import METRICS, Node, attribute
from studio.core.view_spec import Column, Group, GroupSort, ViewSpec

#: Maximum runs shown in an open group; its link has all.
MAX_MEMBERS = 10
#: Maximum number of chips of a group; of characters of a chip, and of a label.
MAX_CHIPS = 6
MAX_VALUE_LENGTH, MAX_LABEL_LENGTH = 120, 1_000
#: Maximum names of submitters in a cell.
MAX_SUBMITTERS = 2
NO_VALUE = "–"


@dataclass(frozen=True)
class GroupColumnHead:
    label: str
    css: str
    href: str = ""
    order: str = ""
    ways: tuple[tuple[str, str, bool], ...] = ()


@dataclass(frozen=True)
class GroupCell:
    """A field's mean and standard deviation; `title` has the other statistics."""

    css: str
    text: str
    deviation: str = ""
    title: str = ""
    best: bool = False
    range: str = ""
    best_run: Run | None = None
    best_href: str = ""


@dataclass(frozen=True)
class SeenCells:
    """When a cause of failures was seen; its newest run; who submitted its runs."""

    first: str
    last: str
    run: Run | None
    href: str
    error: str
    submitters: str
    all_submitters: str


@dataclass(frozen=True)
class GroupRow:
    key: str
    label: str
    chips: tuple[ValueLink, ...]
    more: int
    count: str
    #: Empty, like `filter_href` of a chip, if the address would be too long.
    href: str
    cells: tuple[GroupCell, ...]
    toggle: str
    seen: SeenCells | None = None
    members: tuple[ListRow, ...] = ()
    rest: str = ""


def seen_heads() -> list[tuple[str, str]]:
    """Return the heads of the columns about a cause of failures, with their classes."""
    return [
        (pgettext("column of causes of failures", "First seen"), "time"),
        (pgettext("column of causes of failures", "Last seen"), "time"),
        (pgettext("column of causes of failures", "Newest run"), "newest"),
        (_("Submitted by"), "submitters"),
    ]


def link_too_long_text() -> str:
    return _("The list of these runs is too long for a link.")


def _group_value_label(field: Field, value: str | None) -> str:
    if not value:
        return NO_VALUE if value is None else _("(empty)")
    value = group_value_text(field, value)
    return value if len(value) <= MAX_VALUE_LENGTH else f"{value[:MAX_VALUE_LENGTH]}…"


def chosen_group_sort(spec: ViewSpec, grouping: Grouping) -> GroupSort:
    """Return the chosen order, else by the mean of the list's sort field."""
    assert spec.group is not None
    chosen = spec.group.by
    if chosen is not None and (
        chosen.field is None or chosen.field in grouping.numbers
    ):
        return chosen
    if spec.sort.field in grouping.numbers:
        return GroupSort("mean", spec.sort.field, spec.sort.descending)
    return GroupSort("count", None, descending=True)


class GroupTableBuilder:
    def __init__(
        self,
        request: PageRequest,
        grouping: Grouping,
        groups: Sequence[ListGroup],
        links: ListLinks,
    ) -> None:
        self.request, self.grouping, self.links = request, grouping, links
        self.groups = groups
        assert links.spec.group is not None
        self.group: Group = links.spec.group
        self.rank = chosen_group_sort(links.spec, grouping)
        self.stats = {
            (group.number, field): grouping.stats(group, field)
            for group in self.groups
            for field in grouping.numbers
        }
        self.best = {field: grouping.best_group(field) for field in grouping.numbers}
        self.names = self._best_runs()
        self.seen = find_sightings(grouping, self.groups, request.actor.user)

    def _best_runs(self) -> dict[int, Run]:
        keys = {stats.best for stats in self.stats.values()} - {0}
        runs = Run.objects.visible_to(self.request.actor.user).filter(pk__in=keys)
        return runs.only("pk", "run_id", "name").in_bulk()

    def heads(self) -> list[GroupColumnHead]:
        label = _("Group")
        heads = [
            self._column_head(label, "name", None, "value"),
            self._column_head(_("Runs"), "number", None, "count"),
        ]
        if self.grouping.is_by_cause:
            heads += [GroupColumnHead(label, css) for label, css in seen_heads()]
        return heads + [
            self._column_head(field_label(field), column_css(field), field, "mean")
            for field in self.grouping.numbers
        ]

    def _column_head(
        self, label: str, css: str, field: Field | None, stat: str
    ) -> GroupColumnHead:
        names = {
            "mean": pgettext("statistic of a metric", "Mean"),
            "std": _("Standard deviation"),
            "min": pgettext("statistic of a metric", "Min"),
            "max": pgettext("statistic of a metric", "Max"),
        }
        is_here = self.rank.field == field and (
            field is not None or self.rank.stat == stat
        )
        order = (
            ("descending" if self.rank.descending else "ascending") if is_here else ""
        )
        # The first click sorts numbers from the largest down, and values from A to Z.
        first = stat != "value"
        if field is None:
            down = not self.rank.descending if is_here else first
            return GroupColumnHead(
                label, css, self._link_sorted_by(GroupSort(stat, None, down)), order
            )
        stat = self.rank.stat if is_here else stat
        down = (
            not self.rank.descending
            if is_here
            else self.grouping.goals.get(field, True)
        )
        ways = tuple(
            (
                name,
                self._link_sorted_by(
                    GroupSort(
                        key,
                        field,
                        not self.rank.descending
                        if is_here and self.rank.stat == key
                        else True,
                    )
                ),
                is_here and self.rank.stat == key,
            )
            for key, name in names.items()
        )
        return GroupColumnHead(
            label, css, self._link_sorted_by(GroupSort(stat, field, down)), order, ways
        )

    def _link_sorted_by(self, rank: GroupSort) -> str:
        return self.links.query_with(group=replace(self.group, by=rank))

    def rows(self) -> list[GroupRow]:
        return [self._group_row(group) for group in self.groups]

    def _group_row(self, group: ListGroup) -> GroupRow:
        is_open = group.key in self.group.opened
        others = tuple(key for key in self.group.opened if key != group.key)
        opened = others if is_open else (*others, group.key)
        toggle = self.links.query_with(
            group=replace(self.group, opened=opened), after=self.links.spec.after
        )
        indexes = self._indexes_of_shown_values(group)
        href = self._runs_href(group)
        row = GroupRow(
            group.key,
            self._group_label(group),
            tuple(self._value_link(group, n) for n in indexes[:MAX_CHIPS]),
            len(indexes[MAX_CHIPS:]),
            formats.grouped(group.count),
            href,
            tuple(self._group_cell(group, field) for field in self.grouping.numbers),
            toggle,
            self._seen_cells(group),
        )
        if not is_open:
            return row
        rest = ""
        if group.count > MAX_MEMBERS:
            text = ngettext("Show all %(n)s run", "Show all %(n)s runs", group.count)
            rest = (
                text % {"n": formats.grouped(group.count)}
                if href
                else link_too_long_text()
            )
        return replace(row, members=tuple(self._member_rows(group)), rest=rest)

    def _seen_cells(self, group: ListGroup) -> SeenCells | None:
        seen = self.seen.get(group.number)
        if seen is None:
            return None
        path = run_path(self.links.workspace, seen.run.run_id) if seen.run else ""
        people = [str(each) for each in seen.submitters]
        shown = ", ".join(people[:MAX_SUBMITTERS])
        more = len(people) - MAX_SUBMITTERS
        return SeenCells(
            moment(seen.first),
            moment(seen.last),
            seen.run,
            path,
            seen.error,
            f"{shown} +{more}" if more > 0 else shown,
            ", ".join(people),
        )

    def _group_label(self, group: ListGroup) -> str:
        """Return the fields with their values, shortened if they are long."""
        parts, size = [], 0
        for field, value in zip(self.grouping.fields, group.values, strict=True):
            parts.append(f"{field_text(field)}: {_group_value_label(field, value)}")
            size += len(parts[-1])
            if size > MAX_LABEL_LENGTH:
                return ", ".join([*parts, "…"])
        return ", ".join(parts)

    @property
    def _indexes_of_naming_fields(self) -> Sequence[int]:
        """The indexes of the fields whose values differ between groups."""
        every = range(len(self.grouping.fields))
        # *All but* groups by dozens of parameters, and most have the same value
        # everywhere.
        return self.grouping.varying_fields if self.group.all_but else every

    def _indexes_of_shown_values(self, group: ListGroup) -> list[int]:
        """The columns whose values the group shows."""
        # With *all but*, chips of missing parameters would hide those that are set.
        hides = self.group.all_but
        return [
            n
            for n in self._indexes_of_naming_fields
            if not hides or group.values[n] is not None
        ]

    def _value_link(self, group: ListGroup, n: int) -> ValueLink:
        field, value = self.grouping.fields[n], group.values[n]
        text = _group_value_label(field, value)
        terms = self._value_terms(group, [n])
        if not terms:
            return ValueLink(text, key=short_field_label(field))
        return self.links.value_link(text, terms[0], short_field_label(field))

    def _value_terms(self, group: ListGroup, places: Sequence[int]) -> list[Node]:
        """Return terms for the group's values; empty if too long for a link."""
        # Only the start of a long value is stored, so a term would find other runs too.
        if not group.cut.isdisjoint(places):
            return []
        fields = self.grouping.fields
        terms = [
            group_value_term(
                fields[n], group.values[n], is_mixed=self.grouping.has_mixed_values(n)
            )
            for n in places
        ]
        return terms if self.links.fits_in_address(*terms) else []

    def _runs_href(self, group: ListGroup) -> str:
        """Link to the runs of the group; empty if the address would be too long."""
        terms = self._value_terms(group, self._indexes_of_naming_fields)
        if self._indexes_of_naming_fields and not terms:
            return ""
        return self.links.matching_all(*terms, group=None)

    def _group_cell(self, group: ListGroup, field: Field) -> GroupCell:
        stats = self.stats[group.number, field]
        css = column_css(field)
        if not stats.count:
            title = nonfinite_note(stats)
            return GroupCell(css, NO_VALUE, title=title)
        best = self.names.get(stats.best)
        if field.kind == METRICS:
            text, deviation = format_mean_and_deviation(stats.mean, stats.std)
            low, high = formats.number(stats.min), formats.number(stats.max)
        else:
            text, deviation = formats.duration(round(stats.mean)), ""
            low, high = (
                formats.duration(round(stats.min)),
                formats.duration(round(stats.max)),
            )
        return GroupCell(
            css,
            text,
            deviation,
            stats_tooltip(stats, low, high, best),
            best=self.best[field] == group.number,
            range=f"{low} – {high}",
            best_run=best,
            best_href=run_path(self.links.workspace, best.run_id) if best else "",
        )

    def _member_rows(self, group: ListGroup) -> list[ListRow]:
        by = self.rank.field or next(iter(self.grouping.goals), None)
        keys = self.grouping.best_or_newest_runs(group, MAX_MEMBERS, by)
        columns = [Column(each) for each in (attribute("name"), *self.grouping.numbers)]
        spec = replace(self.links.spec, columns=tuple(columns))
        viewer, workspace = self.request.actor.user, self.request.workspace
        found = {r.run.pk: r for r in find_shown_runs(keys, spec, viewer, workspace)}
        # The order is that of the groups; a run can have been deleted since they were
        # read.
        shown = tuple(found[key] for key in keys if key in found)
        values = {
            field: self.stats[group.number, field] for field in self.grouping.goals
        }
        best = {
            field: s.max if self.grouping.goals[field] else s.min
            for field, s in values.items()
            # The best of one value, or of equal ones, says nothing.
            if s.count > 1 and s.min != s.max
        }
        # The rows need a page around them; it has no counts and no cursors.
        page = RunPage(shown, StatusCounts({}, exact=True), "", "", 0)
        return build_rows(
            page, columns, self.links, BestValues(best, _("best of its group"))
        )
