"""The tab *Activity*: who changed the model, its versions and aliases, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from runs.access import Permission, access
from runs.models import Change, ChangeSet
from runs.pages.registry.model_shell import find_page_model, show_model_tab
from runs.pages.requests import PageRequest
from runs.search.registry import list_model_changes

INITIAL_ROWS, MAX_ROWS = 50, 1600


@dataclass(frozen=True)
class ModelChange:
    """A change in words; `note` is why an alias was moved."""

    text: str
    note: str = ""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class ChangeEntry:
    key: int
    time: int
    who: str
    token: str
    changes: Sequence[ModelChange]


@access(Permission.READ)
@require_safe
def model_activity(request: PageRequest, name: str) -> HttpResponse:
    model = find_page_model(request, name)
    text = request.GET.get("rows", "")
    is_number = text.isdecimal() and len(text) < 6
    limit = max(1, min(int(text), MAX_ROWS)) if is_number else INITIAL_ROWS
    found, has_more = list_model_changes(model, limit)
    context = {
        "entries": [_entry(each) for each in found],
        "more": limit * 2 if has_more and limit < MAX_ROWS else 0,
        "cut": has_more and limit >= MAX_ROWS,
    }
    return show_model_tab(request, model, "activity", context)


def _entry(found: ChangeSet) -> ChangeEntry:
    changes = sorted(found.changes.all(), key=lambda each: each.pk)
    return ChangeEntry(
        found.pk,
        found.time,
        str(found.actor)
        if found.actor
        else pgettext("who made a change", "The server"),
        found.token.name if found.token else "",
        [describe_model_change(each) for each in changes],
    )


def describe_model_change(change: Change) -> ModelChange:
    """Return a change as a sentence; `runs.actions.registry` writes the fields."""
    kind, _dot, rest = change.field.partition(".")
    if kind == "aliases":
        return _alias_change(rest, change)
    if kind == "versions":
        number, _dot, field = rest.partition(".")
        return _version_change(number, field, change)
    if kind == "tags":
        return _tag_change(_("Tag %(key)s") % {"key": rest}, change)
    labels = {
        "name": _("Name"),
        "description": _("Description"),
        "created": _("Model created"),
    }
    label = labels.get(change.field, change.field)
    if change.field == "created":
        return ModelChange(label, after=_text(change.after))
    return ModelChange(label, before=_text(change.before), after=_text(change.after))


def _alias_change(alias: str, change: Change) -> ModelChange:
    before, after = _version_of(change.before), _version_of(change.after)
    names = {"alias": alias, "before": before, "after": after}
    note = _text(change.after.get("note")) if isinstance(change.after, dict) else None
    if after is None:
        return ModelChange(_("@%(alias)s removed from version %(before)s") % names)
    if before is None:
        text = _("@%(alias)s set to version %(after)s") % names
    elif before == after:
        text = _("Note of @%(alias)s changed, version %(after)s") % names
    else:
        text = _("@%(alias)s moved from version %(before)s to %(after)s") % names
    return ModelChange(text, note or "")


def _version_of(value: object) -> object:
    return value.get("version") if isinstance(value, dict) else None


def _version_change(number: str, field: str, change: Change) -> ModelChange:
    names = {"number": number}
    if not field:
        if change.after is None:
            return ModelChange(_("Version %(number)s deleted") % names)
        source = change.after.get("source") if isinstance(change.after, dict) else ""
        return ModelChange(
            _("Version %(number)s registered") % names, after=_text(source)
        )
    if field.startswith("tags."):
        names["key"] = field.removeprefix("tags.")
        return _tag_change(_("Tag %(key)s of version %(number)s") % names, change)
    labels = {
        "stage": _("Stage of version %(number)s"),
        "description": _("Description of version %(number)s"),
    }
    label = labels[field] % names if field in labels else field
    return ModelChange(label, before=_text(change.before), after=_text(change.after))


def _tag_change(label: str, change: Change) -> ModelChange:
    return ModelChange(
        label, before=_tag_text(change.before), after=_tag_text(change.after)
    )


def _tag_text(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return _text(value.get("value")) or pgettext(
        "value of a tag", "set, without a value"
    )


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None
