"""A change in words: what changed, from what, to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from runs.actions.comments import COMMENT_FIELD
from runs.actions.compare import CONCLUSION_FIELD as CONCLUSION
from runs.actions.files import FILE_FIELDS
from runs.actions.undo import TAG_PREFIX
from runs.models import Change
from runs.render.compare import DiffPart, shorten_unchanged_parts, word_diff
from runs.render.formats import filesize

#: Shorter texts are shown whole. If both texts together are longer than MAX_DIFF_CHARS,
#: only the page of versions compares them.
MAX_PLAIN_CHARS, MAX_DIFF_CHARS = 80, 40_000

ACTION_LABELS = {
    "rename run": gettext_lazy("Renamed"),
    "rename experiment": gettext_lazy("Renamed"),
    "describe experiment": gettext_lazy("Description changed"),
    "tag experiment": gettext_lazy("Tags changed"),
    "archive experiment": gettext_lazy("Archived"),
    "unarchive experiment": gettext_lazy("Unarchived"),
    "delete experiment": gettext_lazy("Moved to the trash"),
    "restore experiment": gettext_lazy("Restored from the trash"),
    "describe run": gettext_lazy("Description changed"),
    "conclude": gettext_lazy("Conclusion changed"),
    "comment": gettext_lazy("Comment added"),
    "edit comment": gettext_lazy("Comment changed"),
    "delete comment": gettext_lazy("Comment deleted"),
    "set tags": pgettext_lazy("change in the history", "Tags set"),
    "remove tags": gettext_lazy("Tags removed"),
    "attach picture": gettext_lazy("Picture attached"),
    "trash run": gettext_lazy("Moved to the trash"),
    "restore run": gettext_lazy("Restored from the trash"),
    "archive run": gettext_lazy("Archived"),
    "unarchive run": gettext_lazy("Unarchived"),
    "move run": gettext_lazy("Moved to another experiment"),
    "lock run": gettext_lazy("Locked"),
    "unlock run": gettext_lazy("Unlocked"),
    "cancel run": gettext_lazy("Cancel requested"),
    "pin color": gettext_lazy("Color changed"),
    "star": gettext_lazy("Starred"),
    "unstar": gettext_lazy("Star removed"),
    "set priority": gettext_lazy("Priority changed"),
    "move to top": gettext_lazy("Moved to the top of the queue"),
    "public links": gettext_lazy("Public links"),
    "replace file": gettext_lazy("File replaced"),
    "delete files": gettext_lazy("Files deleted"),
    "retention of runs": gettext_lazy("Moved to the trash by a retention rule"),
    "retention of files": gettext_lazy("Files deleted by a retention rule"),
    "undo": gettext_lazy("Undone"),
    "redo": gettext_lazy("Redone"),
}
FIELD_LABELS = {
    "name": gettext_lazy("Name"),
    "color": pgettext_lazy("changed field", "Color"),
    "description": gettext_lazy("Description"),
    "picture": gettext_lazy("Picture"),
    "archived": gettext_lazy("Archived"),
    "deleted": gettext_lazy("In the trash"),
    "starred": pgettext_lazy("changed field", "Star"),
    "experiment": gettext_lazy("Experiment"),
    "conclusion": gettext_lazy("Conclusion of a comparison"),
    "comment": gettext_lazy("Comment"),
    "shared": pgettext_lazy("changed field", "Shared"),
    "locked": pgettext_lazy("changed field", "Locked"),
    "public_links": gettext_lazy("Public links"),
    "alert_rules": gettext_lazy("Alert rule"),
    "alert_channels": gettext_lazy("Channel"),
    "retention_rules": gettext_lazy("Retention rule"),
    "purged": gettext_lazy("Deleted forever"),
    "deliveries": gettext_lazy("Delivery"),
    "file": pgettext_lazy("changed field", "File"),
    "model_file": gettext_lazy("File of a model"),
    "queue.priority": pgettext_lazy("changed field", "Priority"),
    "status": gettext_lazy("Status"),
    "revision": pgettext_lazy("changed field", "Version"),
}
#: Numbers that only order a queue.
HIDDEN_FIELDS = frozenset({"queue.position"})
#: Beginnings of fields whose rest is a key, which tells a reader nothing.
KEYED_FIELDS = (
    CONCLUSION,
    COMMENT_FIELD,
    "public_links.",
    "alert_rules.",
    "alert_channels.",
    "retention_rules.",
    "deliveries.",
    "purged.",
    *FILE_FIELDS,
)


@dataclass(frozen=True)
class ChangeLine:
    """A changed field; `before` or `after` is None if there was or is no value."""

    label: str
    before: str | None
    after: str | None
    is_tag: bool = False
    #: The changed words of a long text.
    parts: Sequence[DiffPart] = ()


def action_label(action: str) -> str:
    return str(ACTION_LABELS.get(action, action.capitalize()))


def describe_changes(changes: Sequence[Change]) -> list[ChangeLine]:
    return [
        change_line(each.field, each.before, each.after)
        for each in changes
        if each.field not in HIDDEN_FIELDS
    ]


def change_line(field: str, before: Any, after: Any) -> ChangeLine:
    is_tag = field.startswith(TAG_PREFIX)
    name = field
    if field.startswith(KEYED_FIELDS):
        name = field.partition(".")[0]
    label = (
        field.removeprefix(TAG_PREFIX) if is_tag else str(FIELD_LABELS.get(name, name))
    )
    old, new = _value_text(before), _value_text(after)
    return ChangeLine(label, old, new, is_tag, _changed_parts(old, new))


def _changed_parts(old: str | None, new: str | None) -> Sequence[DiffPart]:
    """Return the changed words, if both are texts and one is long."""
    if old is None or new is None or max(len(old), len(new)) <= MAX_PLAIN_CHARS:
        return ()
    # A history has dozens of changes, and each comparison costs time.
    if len(old) + len(new) > MAX_DIFF_CHARS:
        return ()
    return shorten_unchanged_parts(word_diff(old, new))


def _value_text(value: Any) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict) and "experiment" in value:
        place = {"name": value["name"], "number": value["number"]}
        return _("%(name)s, number %(number)s") % place
    if isinstance(value, dict) and "blob" in value:
        return _version_text(value)
    if isinstance(value, dict):
        # A dictionary tells a tag without value from a missing tag, which is None.
        return value.get("value") or pgettext("value of a tag", "set, without a value")
    return str(value)


def _version_text(version: dict[str, Any]) -> str:
    """A file's path, size and the begin of its hash, which a growing log has not."""
    size = filesize(version["size"])
    parts = [size, version["sha256"][:12]] if version["sha256"] else [size]
    return f"{version['path']} ({', '.join(parts)})"
