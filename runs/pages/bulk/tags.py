"""The dialog that sets and removes tags of the selected runs.

Each tag that some of the runs have is unchanged at first. It can be set on all of them,
if it has one value, or removed from all. New tags are typed and added to a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext_lazy

from runs.access import Permission, access, view_by_method
from runs.actions.bulk import TagChange
from runs.pages.bulk.bulk_actions import with_number
from runs.pages.bulk.bulk_plan import (
    apply_to_target,
    find_target,
    first_planned,
    plan_change,
    show_dialog,
    show_result,
)
from runs.pages.lists import ListState, read_matching_bound, read_part_state
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest, split_tag_text
from runs.search.run_list import TagUse, count_tags, keys_of_unlocked
from studio.core.errors import InvalidName, InvalidValue

#: What the form says of a tag, in fields named `tag.KEY`.
FIELD_PREFIX, SET, REMOVE = "tag.", "set", "remove"
#: Values of one tag that the dialog names.
MAX_VALUES = 5
_TITLE = ngettext_lazy("Tag %(number)s run", "Tag %(number)s runs", "n")
_BUTTON = ngettext_lazy("Change %(number)s run", "Change %(number)s runs", "n")
_DONE = ngettext_lazy(
    "Tags of %(number)s run changed", "Tags of %(number)s runs changed", "n"
)


@dataclass(frozen=True)
class TagLine:
    """A tag that some of the runs have, and what the form says of it."""

    use: TagUse
    total: int
    choice: str
    #: Runs that are not locked, and how many of them have the tag.
    open_total: int
    open_count: int

    @property
    def field(self) -> str:
        return FIELD_PREFIX + self.use.key

    @property
    def values(self) -> str:
        return ", ".join(value for value in self.use.values[:MAX_VALUES] if value)

    @property
    def is_on_all(self) -> bool:
        return self.use.count == self.total and self.use.is_same

    @property
    def addable(self) -> int:
        """How many runs get it, if it is set on every run."""
        return self.open_total - self.open_count

    @property
    def added(self) -> int:
        return self.addable if self.choice == SET else 0

    @property
    def removed(self) -> int:
        return self.open_count if self.choice == REMOVE else 0


@dataclass(frozen=True)
class NewTag:
    """A new tag; `added` is how many runs get it or another value of it."""

    key: str
    value: str | None
    added: int
    #: What was typed.
    text: str


@access(Permission.ANNOTATE)
def _show_dialog(request: PageRequest) -> HttpResponse:
    return _render_dialog(request, read_part_state(request), request.GET)


def _render_dialog(
    request: PageRequest, state: ListState, sent: QueryDict
) -> HttpResponse:
    keys = find_target(request, state, offers_children=False).keys
    planned = first_planned(keys)
    uses = count_tags(planned)
    open_keys = keys_of_unlocked(planned)
    # The preview counts the runs that change.
    open_uses = uses if len(open_keys) == len(planned) else count_tags(open_keys)
    problem, plan, changed = "", None, 0
    added = _new_tags(sent, open_uses, len(open_keys))
    typed = "" if sent.get("do") == "add" else sent.get("add", "")
    listed = [tag for tag in added if tag.text != typed.strip()]
    try:
        change = _read_change(sent, uses)
        if change.tags or change.removed:
            plan = plan_change(state, keys, change)
            changed = plan.changed
    except (InvalidName, InvalidValue) as error:
        problem = error.message
    response = show_dialog(
        request,
        state,
        action="tag",
        title=with_number(_TITLE, len(keys)),
        button=with_number(_BUTTON, changed),
        plan=plan,
        changed=changed,
        problem=problem,
        lines=_tag_lines(sent, uses, len(planned), open_uses, len(open_keys)),
        added=added,
        listed=listed,
        typed=typed,
        fields_template="bulk/_bulk_tags.html",
        has_panes=True,
        each_href=_tags_of_each(state),
        note=_("Undo restores the tags of all runs at once."),
    )
    if problem and request.method == "POST":
        response.status_code = FORM_ERROR_STATUS
    return response


def _tag_lines(
    sent: QueryDict,
    uses: Sequence[TagUse],
    total: int,
    open_uses: Sequence[TagUse],
    open_total: int,
) -> list[TagLine]:
    changing = {use.key: use.count for use in open_uses}
    return [
        TagLine(
            use,
            total,
            sent.get(FIELD_PREFIX + use.key, ""),
            open_total,
            changing.get(use.key, 0),
        )
        for use in uses
    ]


def _read_change(sent: QueryDict, uses: Sequence[TagUse]) -> TagChange:
    """Read the form; raise InvalidName or InvalidValue."""
    tags = {
        use.key: use.values[0]
        for use in uses
        if use.is_same and sent.get(FIELD_PREFIX + use.key) == SET
    }
    removed = [use.key for use in uses if sent.get(FIELD_PREFIX + use.key) == REMOVE]
    return TagChange(
        tags | dict(map(split_tag_text, _new_texts(sent))), removed
    ).check()


def _new_tags(sent: QueryDict, uses: Sequence[TagUse], total: int) -> list[NewTag]:
    known = {use.key: use for use in uses}
    found = {}
    for text in _new_texts(sent):
        key, value = split_tag_text(text)
        has = known[key].count_of(value) if key in known else 0
        # Of two values of a tag, the last one is set.
        found[key] = NewTag(key, value, total - has, text)
    return list(found.values())


def _new_texts(sent: QueryDict) -> list[str]:
    """The list of new tags, and the typed ones, which can have several lines."""
    texts = [*sent.getlist("new"), *sent.get("add", "").splitlines()]
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _tags_of_each(state: ListState) -> str:
    """The list of only these runs, where each has its tags."""
    if read_matching_bound(state) is not None:
        return state.scope.address_of(state.spec)
    return state.scope.address_of(state.spec.changed(only=True))


@access(Permission.ANNOTATE)
def _tag(request: PageRequest) -> HttpResponse:
    state = read_part_state(request)
    keys = find_target(request, state, offers_children=False).keys
    try:
        change = _read_change(request.POST, count_tags(first_planned(keys)))
    except (InvalidName, InvalidValue):
        return _render_dialog(request, state, request.POST)
    result = apply_to_target(request, state, keys, change)
    return show_result(request, state, result, with_number(_DONE, result.changed))


tag_selected = view_by_method(GET=_show_dialog, POST=_tag)
