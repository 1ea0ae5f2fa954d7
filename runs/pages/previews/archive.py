"""Zip and tar archives: the list of their files."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import BudgetExceeded, PreviewReader
from runs.render.formats import filesize, grouped
from runs.render.previews import FactSheet, FactTable, list_tar, list_zip

_TAR_NAMES = (".tar", ".tar.gz", ".tgz")


def matches(name: str, head: bytes) -> bool:
    is_tar = head[257:262] == b"ustar" or name.lower().endswith(_TAR_NAMES)
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or is_tar


def build(reader: PreviewReader) -> Shown:
    is_zip = reader.read_at(0, 2) == b"PK"
    found = list_zip(reader) if is_zip else list_tar(reader, BudgetExceeded)
    rows = [
        [
            each.path[:500],
            filesize(each.size),
            filesize(each.packed) if each.packed >= 0 else "",
        ]
        for each in found.entries
    ]
    notes = [] if found.is_whole else [_("Only the first files are listed.")]
    heads = [_("Path"), _("Size"), _("Size in the archive")]
    if not is_zip:
        heads, rows = heads[:2], [row[:2] for row in rows]
    facts = [
        (_("Files"), grouped(found.total)),
        (_("Unpacked size"), filesize(found.total_size)),
    ]
    words = ngettext("%(n)s file", "%(n)s files", found.total)
    return Shown(
        FactSheet(facts, [FactTable(_("Files"), heads, rows, found.total)], notes),
        words % {"n": grouped(found.total)},
    )


ARCHIVE = PreviewKind(
    "archive",
    gettext_lazy("Show list of files"),
    matches,
    build,
    32 << 20,
    icon="folder",
    shared_template="facts",
)
