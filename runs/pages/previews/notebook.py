"""Jupyter notebooks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy, ngettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import MAX_JSON_BYTES, PreviewReader
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import InvalidContent, read_notebook


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) == "ipynb"


def build(reader: PreviewReader) -> Shown:
    if reader.size > MAX_JSON_BYTES:
        raise InvalidContent
    notebook = read_notebook(reader.read())
    words = ngettext("%(n)s cell", "%(n)s cells", notebook.total)
    return Shown(notebook, words % {"n": grouped(notebook.total)})


NOTEBOOK = PreviewKind(
    "notebook", gettext_lazy("Show notebook"), matches, build, MAX_JSON_BYTES
)
