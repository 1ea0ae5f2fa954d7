"""HDF5 files, such as weights of Keras: their version and their size."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.formats import filesize
from runs.render.previews import FactSheet, read_hdf5


def matches(_name: str, head: bytes) -> bool:
    return head.startswith(b"\x89HDF\r\n\x1a\n")


def build(reader: PreviewReader) -> Shown:
    found = read_hdf5(reader)
    facts = [(_("Format"), "HDF5"), (_("Format version"), str(found.version))]
    notes = []
    if found.end:
        facts.append((_("Size by its header"), filesize(found.end)))
        if found.end > reader.size:
            notes.append(_("The file is shorter than its header says."))
    return Shown(FactSheet(facts, (), notes))


HDF5 = PreviewKind(
    "hdf5", gettext_lazy("Show details"), matches, build, shared_template="facts"
)
