"""PDF documents: what they say about themselves, and a link that opens them."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import FactSheet, read_pdf


def matches(name: str, head: bytes) -> bool:
    return head.startswith(b"%PDF-") or file_extension(name) == "pdf"


def build(reader: PreviewReader) -> Shown:
    found = read_pdf(reader)
    facts = [(_("PDF version"), found.version)]
    if found.title:
        facts.append((_("Title"), found.title))
    if found.pages:
        facts.append((_("Pages"), grouped(found.pages)))
    if found.size:
        millimeters = " × ".join(f"{side / 72 * 25.4:.0f}" for side in found.size)
        facts.append((_("Page size"), f"{millimeters} mm"))
    return Shown(FactSheet(facts))


PDF = PreviewKind("pdf", gettext_lazy("Show details"), matches, build)
