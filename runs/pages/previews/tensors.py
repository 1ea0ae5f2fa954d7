"""Tensors in a file: their names, types and shapes, as a table."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import (
    FactSheet,
    FactTable,
    TensorShape,
    count_parameters,
    read_safetensors,
    shape_text,
)

MAX_TENSORS = 1000
MAX_METADATA = 50


def tensor_table(title: str, tensors: Sequence[TensorShape]) -> FactTable:
    heads = [pgettext("of a tensor", "Name"), _("Type"), _("Shape")]
    rows = [
        [each.name, each.dtype, shape_text(each.shape)]
        for each in tensors[:MAX_TENSORS]
    ]
    return FactTable(title, heads, rows, len(tensors))


def tensor_facts(tensors: Sequence[TensorShape]) -> list[tuple[str, str]]:
    return [
        (_("Tensors"), grouped(len(tensors))),
        (_("Values"), grouped(count_parameters(tensors))),
    ]


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) == "safetensors"


def build(reader: PreviewReader) -> Shown:
    found = read_safetensors(reader)
    metadata = list(found.metadata.items())[:MAX_METADATA]
    notes = [_("The file ends before its last tensor.")] if found.is_cut else []
    return Shown(
        FactSheet(
            [*tensor_facts(found.tensors), *metadata],
            [tensor_table(_("Tensors"), found.tensors)],
            notes,
        )
    )


SAFETENSORS = PreviewKind(
    "safetensors",
    gettext_lazy("Show tensors"),
    matches,
    build,
    10 << 20,
    icon="cube",
    shared_template="facts",
)
