"""The choice of *Group by*: a popover, or a page of its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.pages.groups.group_values import short_field_label
from runs.pages.lists import read_part_state_tolerantly
from runs.pages.requests import PageRequest, with_vary_headers
from runs.render import formats
from runs.render.filters import field_label
from runs.search.fields import GROUPED
from runs.search.filters import FacetReader, KeyCount, list_keys
from studio.core.errors import InvalidFilter, QueryTimeout
from studio.core.filters import Field, field_text, tree
from studio.core.view_spec import Group, ViewSpec

#: Maximum number of listed keys of one kind; a search finds the others.
MAX_KEYS = 20


@dataclass(frozen=True)
class GroupChoice:
    name: str
    label: str
    note: str
    href: str
    all_but: str = ""


@access(Permission.READ)
@require_safe
def choose_grouping(request: PageRequest) -> HttpResponse:
    state = read_part_state_tolerantly(request)
    scope, spec, who = state.scope, state.spec, (state.viewer, state.workspace)
    part = request.GET.get("find", "").strip()[:250]
    try:
        reader = FacetReader(spec, *who, experiment=state.experiment, now=state.now)
    # The keys of all runs are more useful than an error: the list shows that already.
    except InvalidFilter:
        spec = spec.changed(q="")
        reader = FacetReader(spec, *who, experiment=state.experiment, now=state.now)
    choices = _GroupChoices(spec, scope.path)
    kept = {**spec.parameters(), **({"in": scope.number} if scope.number else {})}
    context = {
        "title": _("Group by"),
        "list_name": scope.name,
        "back": choices.href(spec.group),
        "kept": list(kept.items()),
        "find": part,
        "chosen": choices.chosen_fields(),
        "all_but": spec.group is not None and spec.group.all_but,
        "groups": choices.offered_fields(reader, part),
        "fragment": "groups/_group_choice.html",
    }
    template = (
        "groups/_group_choice.html" if request.htmx else "filters/filter_editor.html"
    )
    return with_vary_headers(render(request, template, context))


class _GroupChoices:
    def __init__(self, spec: ViewSpec, path: str) -> None:
        self.spec, self.path = spec, path
        self.fields = spec.group.fields if spec.group else ()

    def href(self, group: Group | None) -> str:
        query = self.spec.to_query(group=group)
        return self.path + (f"?{query}" if query else "")

    def chosen_fields(self) -> list[GroupChoice]:
        """Return the current fields, each with a link that removes it."""
        assert self.spec.group is not None or not self.fields
        found = []
        for field in self.fields:
            left = tuple(each for each in self.fields if each != field)
            all_but = self.spec.group is not None and self.spec.group.all_but
            group = Group(left, all_but) if left else None
            found.append(
                GroupChoice(
                    field_text(field), short_field_label(field), "", self.href(group)
                )
            )
        return found

    def offered_fields(
        self, reader: FacetReader, part: str
    ) -> list[tuple[str, list[GroupChoice]]]:
        lowered = part.lower()
        found = [
            (
                _("Run"),
                [
                    self._field_choice(field, field_label(field), "")
                    for field in GROUPED
                    if lowered in field_label(field).lower() or lowered in field.key
                ],
            )
        ]
        kinds = ((tree.PARAMS, _("Parameters")), (tree.TAGS, _("Tags")))
        try:
            for kind, title in kinds:
                listed = list_keys(reader, kind, part, MAX_KEYS)
                found.append((title, [self._key_choice(each) for each in listed]))
        except QueryTimeout:
            # The fields of every run can still be chosen.
            pass
        return [(title, [each for each in rows if each.href]) for title, rows in found]

    def _key_choice(self, key_count: KeyCount) -> GroupChoice:
        runs = ngettext("%(n)s run", "%(n)s runs", key_count.runs)
        note = runs % {"n": formats.grouped(key_count.runs)} if key_count.runs else ""
        return self._field_choice(key_count.field, key_count.field.key, note)

    def _field_choice(self, field: Field, label: str, note: str) -> GroupChoice:
        if field in self.fields:
            return GroupChoice(field_text(field), label, note, "")
        now = self.spec.group
        is_param = field.kind == tree.PARAMS
        all_but = self.href(
            # Fields to group by and fields to leave out can't be mixed: choosing one
            # kind drops the other.
            Group((*self.fields, field) if now and now.all_but else (field,), True)
        )
        kept = self.fields if now is not None and not now.all_but else ()
        href = self.href(Group((*kept, field)))
        return GroupChoice(
            field_text(field), label, note, href, all_but if is_param else ""
        )
