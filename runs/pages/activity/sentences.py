"""What a change set did, as one sentence with links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from runs.actions.files import FILE_FIELDS
from runs.actions.usage import QUOTA
from runs.models import COMPUTE_ACTIONS, Change, ChangeSet, User
from runs.pages.compute import change_text
from runs.pages.registry import describe_model_change
from runs.pages.undo import ChangeLine, action_label, change_line
from runs.render.formats import (
    experiment_path,
    filesize,
    grouped,
    registered_model_path,
    run_path,
)

#: Texts that are shown in a sentence; longer ones are shown in the details.
MAX_SHOWN_TEXT, MAX_SHOWN_TAGS = 60, 4
_RENAMED = gettext_lazy("{who} renamed {what}")
_DESCRIBED = gettext_lazy("{who} changed the description of {what}")
_TAGGED = gettext_lazy("{who} tagged {what}")
_DELETED = gettext_lazy("{who} deleted {what}")
_RESTORED = gettext_lazy("{who} restored {what}")
_ARCHIVED = gettext_lazy("{who} archived {what}")
_UNARCHIVED = gettext_lazy("{who} unarchived {what}")
_STARRED = gettext_lazy("{who} starred {what}")
_UNSTARRED = gettext_lazy("{who} removed the star of {what}")
_LOCKED = gettext_lazy("{who} locked {what}")
_UNLOCKED = gettext_lazy("{who} unlocked {what}")
_CREATED = gettext_lazy("{who} created {what}")
_CHANGED = gettext_lazy("{who} changed {what}")

#: By action; an action that is missing here is named by its label.
PATTERNS: dict[str, Any] = {
    **dict.fromkeys(("rename run", "rename experiment", "rename view"), _RENAMED),
    **dict.fromkeys(("describe run", "describe experiment"), _DESCRIBED),
    "describe view": _DESCRIBED,
    "conclude": gettext_lazy("{who} changed the conclusion of {what}"),
    "comment": gettext_lazy("{who} commented on {what}"),
    "edit comment": gettext_lazy("{who} changed a comment on {what}"),
    "delete comment": gettext_lazy("{who} deleted a comment on {what}"),
    "set tags": _TAGGED,
    "tag experiment": gettext_lazy("{who} changed the tags of {what}"),
    "remove tags": gettext_lazy("{who} removed tags from {what}"),
    "attach picture": gettext_lazy("{who} attached a picture to {what}"),
    **dict.fromkeys(("trash run", "delete experiment", "delete view"), _DELETED),
    **dict.fromkeys(("restore run", "restore experiment", "restore view"), _RESTORED),
    **dict.fromkeys(("archive run", "archive experiment"), _ARCHIVED),
    **dict.fromkeys(("unarchive run", "unarchive experiment"), _UNARCHIVED),
    **dict.fromkeys(("star", "star experiment", "star view"), _STARRED),
    **dict.fromkeys(("unstar", "unstar experiment", "unstar view"), _UNSTARRED),
    **dict.fromkeys(("lock run", "lock view"), _LOCKED),
    **dict.fromkeys(("unlock run", "unlock view"), _UNLOCKED),
    "cancel run": gettext_lazy("{who} requested the cancel of {what}"),
    "pin color": gettext_lazy("{who} changed the color of {what}"),
    "set parent": gettext_lazy("{who} set the parent of {what}"),
    "set metric goal": gettext_lazy("{who} set the goal of a metric in {what}"),
    "set priority": gettext_lazy("{who} changed the priority of {what}"),
    "move to top": gettext_lazy("{who} moved {what} to the top of the queue"),
    "create view": _CREATED,
    "save view": gettext_lazy("{who} saved {what}"),
    "restore view revision": gettext_lazy("{who} restored a version of {what}"),
    "share view": gettext_lazy("{who} shared {what}"),
    "unshare view": gettext_lazy("{who} made {what} private"),
    "edit view": _CHANGED,
    "set default view": gettext_lazy("{who} set the default view"),
    "replace file": gettext_lazy("{who} replaced a file of {what}"),
    "delete files": gettext_lazy("{who} deleted files of {what}"),
    "retention of runs": gettext_lazy(
        "A retention rule of {who} moved {what} to the trash"
    ),
    "retention of files": gettext_lazy(
        "A retention rule of {who} deleted files of {what}"
    ),
    "undo": gettext_lazy("{who} undid a change of {what}"),
    "redo": gettext_lazy("{who} restored a change of {what}"),
}
#: The field of the change has the rule's name.
ALERT_PATTERNS: dict[str, Any] = {
    "create alert rule": gettext_lazy("{who} created the alert rule {name}"),
    "change alert rule": gettext_lazy("{who} changed the alert rule {name}"),
    "enable alert rule": gettext_lazy("{who} enabled the alert rule {name}"),
    "disable alert rule": gettext_lazy("{who} disabled the alert rule {name}"),
    "delete alert rule": gettext_lazy("{who} deleted the alert rule {name}"),
    "restore alert rule": gettext_lazy("{who} restored the alert rule {name}"),
    "create alert channel": gettext_lazy("{who} created the channel {name}"),
    "change alert channel": gettext_lazy("{who} changed the channel {name}"),
    "enable alert channel": gettext_lazy("{who} enabled the channel {name}"),
    "disable alert channel": gettext_lazy("{who} disabled the channel {name}"),
    "delete alert channel": gettext_lazy("{who} deleted the channel {name}"),
    "restore alert channel": gettext_lazy("{who} restored the channel {name}"),
    "send delivery again": gettext_lazy("{who} sent a message about {name} again"),
    "acknowledge alert": gettext_lazy("{who} acknowledged an alert of the rule {name}"),
}

#: The changed value is what the rule deletes, and its filter.
RETENTION_PATTERNS: dict[str, Any] = {
    "create retention rule": gettext_lazy("{who} created the retention rule {name}"),
    "change retention rule": gettext_lazy("{who} changed the retention rule {name}"),
    "enable retention rule": gettext_lazy("{who} enabled the retention rule {name}"),
    "disable retention rule": gettext_lazy("{who} disabled the retention rule {name}"),
    "delete retention rule": gettext_lazy("{who} deleted the retention rule {name}"),
    "restore retention rule": gettext_lazy("{who} restored the retention rule {name}"),
}


def sentence(
    change_set: ChangeSet,
    changes: Sequence[Change],
    undone: Sequence[ChangeSet],
    viewer: User,
    workspace: str,
) -> SafeString:
    """Return the sentence; `changes` are the first ones of the set, `undone` what it
    undid."""
    who = who_html(change_set, viewer)
    if change_set.action in ("undo", "redo") and undone:
        return _undo_sentence(change_set, undone, who)
    special = _special_sentence(change_set, changes, who, workspace)
    if special is not None:
        return special
    what = _subject(change_set, changes, workspace)
    if change_set.action == "move run" and changes:
        place = format_html("<b>{}</b>", (changes[0].after or {}).get("name", ""))
        text = _("{who} moved {what} to {place}")
        return format_html(text, who=who, what=what, place=place)
    pattern = PATTERNS.get(change_set.action)
    if pattern is None:
        return format_html("{}: {} · {}", who, action_label(change_set.action), what)
    text = format_html(str(pattern), who=who, what=what)
    return format_html("{}{}", text, _values(change_set, changes))


def _special_sentence(
    change_set: ChangeSet, changes: Sequence[Change], who: SafeString, workspace: str
) -> SafeString | None:
    """Of what is neither a run nor an experiment nor a view; None for these."""
    if not changes:
        return None
    kind = changes[0].field.partition(".")[0]
    found: SafeString | None = None
    if change_set.action in COMPUTE_ACTIONS:
        text = ", ".join(change_text(each) for each in changes)
        found = format_html("{}: {}", who, text)
    elif changes[0].registered_model_id is not None:
        found = _model_sentence(changes, who, workspace)
    elif kind in ("members", "tokens", "invitations", "public_links"):
        found = _access_sentence(changes[0], who)
    elif change_set.action in ALERT_PATTERNS:
        name = format_html("<b>{}</b>", changes[0].field.partition(".")[2])
        pattern = str(ALERT_PATTERNS[change_set.action])
        found = format_html(pattern, who=who, name=name)
    elif change_set.action in RETENTION_PATTERNS:
        value = changes[0].after or changes[0].before
        pattern = str(RETENTION_PATTERNS[change_set.action])
        found = format_html(pattern, who=who, name=format_html("<b>{}</b>", value))
    elif change_set.action == QUOTA:
        found = _quota_sentence(changes[0], who)
    elif kind == "purged":
        found = _purge_sentence(change_set, changes[0], who)
    return found


def _purge_sentence(
    change_set: ChangeSet, change: Change, who: SafeString
) -> SafeString:
    name = format_html("<b>{}</b>", change.before)
    more = change_set.change_count - 1
    if not more:
        return format_html(_("{who} deleted {name} forever"), who=who, name=name)
    text = ngettext(
        "{who} deleted {name} and {count} more forever",
        "{who} deleted {name} and {count} more forever",
        more,
    )
    return format_html(text, who=who, name=name, count=grouped(more))


def _quota_sentence(change: Change, who: SafeString) -> SafeString:
    if change.after is None:
        return format_html(_("{who} removed the storage quota"), who=who)
    size = filesize(change.after)
    return format_html(_("{who} set the storage quota to {size}"), who=who, size=size)


def who_html(change_set: ChangeSet, viewer: User) -> SafeString:
    if change_set.actor is None:
        name = pgettext("who made a change", "The server")
    elif change_set.actor_id == viewer.pk:
        name = pgettext("who made a change", "You")
    else:
        name = str(change_set.actor)
    return format_html("<b>{}</b>", name)


def _undo_sentence(
    change_set: ChangeSet, undone: Sequence[ChangeSet], who: SafeString
) -> SafeString:
    names = [pgettext("who made a change", "The server")]
    names = list(dict.fromkeys(str(each.actor or names[0]) for each in undone))
    count = len(undone)
    if change_set.action == "redo":
        return format_html(
            ngettext(
                "{who} restored {count} undone change",
                "{who} restored {count} undone changes",
                count,
            ),
            who=who,
            count=count,
        )
    text = ngettext(
        "{who} undid {count} change by {members}",
        "{who} undid {count} changes by {members}",
        count,
    )
    return format_html(text, who=who, count=count, members=", ".join(names))


def _model_sentence(
    changes: Sequence[Change], who: SafeString, workspace: str
) -> SafeString:
    model = changes[0].registered_model
    name = model.name if model else ""
    link = _link(registered_model_path(workspace, name), name)
    found = describe_model_change(changes[0])
    values = _diff(found.before, found.after)
    return format_html("{}: {} · {}{}", who, link, found.text, values)


def _access_sentence(change: Change, who: SafeString) -> SafeString:
    kind, _dot, name = change.field.partition(".")
    names = {"who": who, "name": name, "role": change.after or change.before}
    if kind == "members":
        if change.before is None:
            return format_html(_("{who} added {name} as {role}"), **names)
        if change.after is None:
            return format_html(_("{who} removed {name} from the workspace"), **names)
        return format_html(_("{who} changed the role of {name} to {role}"), **names)
    is_new = change.after is not None
    texts = {
        "tokens": (_("{who} created token {name}"), _("{who} revoked token {name}")),
        "invitations": (
            _("{who} created an invitation as {role}"),
            _("{who} revoked an invitation as {role}"),
        ),
        "public_links": (
            _("{who} created a public link of {name}"),
            _("{who} revoked a public link of {name}"),
        ),
    }
    return format_html(texts[kind][0 if is_new else 1], **names)


def _subject(
    change_set: ChangeSet, changes: Sequence[Change], workspace: str
) -> SafeString:
    """What was changed: one thing with its link, or how many runs."""
    if change_set.run_count > 1:
        count = format_html("<b>{}</b>", _run_count(change_set.run_count))
        if change_set.experiment is None:
            return count
        place = change_set.experiment
        return format_html(
            _("{count} in {experiment}"),
            count=count,
            experiment=_link(
                experiment_path(workspace, place.number, place.name), place.name
            ),
        )
    if not changes:
        return format_html("{}", _("what no longer exists"))
    is_rename = change_set.change_count == 1 and changes[0].field == "name"
    # Its names are shown behind it.
    return subject_link(changes[0], workspace, is_named=not is_rename)


def _run_count(count: int) -> str:
    return ngettext("%(n)s run", "%(n)s runs", count) % {"n": grouped(count)}


def subject_link(
    change: Change, workspace: str, *, is_named: bool = True
) -> SafeString:
    """The changed run, experiment, view or model with its link."""
    if change.run is not None:
        path = run_path(workspace, change.run.run_id)
        return _link(path, change.run.name if is_named else _("a run"))
    if change.experiment is not None:
        place = change.experiment
        path = experiment_path(workspace, place.number, place.name)
        if not is_named:
            return _link(path, _("an experiment"))
        return format_html(_("experiment {name}"), name=_link(path, place.name))
    if change.view is not None:
        path = reverse("view", args=[change.view.slug])
        if not is_named:
            return _link(path, _("a view"))
        return format_html(_("view {name}"), name=_link(path, change.view.name))
    return format_html("{}", change.field)


def _link(path: str, text: str) -> SafeString:
    return format_html('<a href="{}">{}</a>', path, text)


def _values(change_set: ChangeSet, changes: Sequence[Change]) -> SafeString:
    """The values of a single change, and the tags that all runs got."""
    if change_set.action == "set tags" and change_set.run_count:
        return _set_tags(changes)
    if change_set.change_count != 1 or not changes:
        return SafeString()
    change = changes[0]
    if change.field != "name" and not change.field.startswith(("tags.", *FILE_FIELDS)):
        return SafeString()
    line = change_line(change.field, change.before, change.after)
    if max(len(line.before or ""), len(line.after or "")) > MAX_SHOWN_TEXT:
        return SafeString()
    label = format_html(" <b>{}</b>", line.label) if line.is_tag else ""
    return format_html(":{}{}", label, _diff(line.before, line.after))


def _set_tags(changes: Sequence[Change]) -> SafeString:
    """Each run of a bulk change gets the same tags."""
    lines = {
        change.field: change_line(change.field, change.before, change.after)
        for change in changes
        if change.after is not None
    }
    shown = list(lines.values())[:MAX_SHOWN_TAGS]
    if not shown or any(len(line.after or "") > MAX_SHOWN_TEXT for line in shown):
        return SafeString()
    valueless = {
        change_line(change.field, None, change.after).label
        for change in changes
        if isinstance(change.after, dict) and change.after.get("value") is None
    }
    chips = format_html_join(
        " ", "{}", ((_chip(line, line.label not in valueless),) for line in shown)
    )
    before = pgettext("tags of a change", "with")
    return format_html(" <span>{} {}</span>", before, chips)


def _chip(line: ChangeLine, has_value: bool) -> SafeString:
    if not has_value:
        return format_html('<span class="chip">{}</span>', line.label)
    return format_html(
        '<span class="chip"><span class="quiet">{}:</span> {}</span>',
        line.label,
        line.after,
    )


def _diff(before: str | None, after: str | None) -> SafeString:
    if before is None and after is None:
        return SafeString()
    old = "" if before is None else format_html("<del>{}</del>", before)
    new = "" if after is None else format_html("<ins>{}</ins>", after)
    arrow = " → " if old and new else ""
    return format_html(" {}{}{}", old, arrow, new)
