"""ONNX models: inputs, outputs, operators and weights."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.pages.previews.tensors import tensor_facts, tensor_table
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import FactSheet, FactTable, PortShape, read_onnx, shape_text


def matches(name: str, _head: bytes) -> bool:
    return file_extension(name) == "onnx"


def build(reader: PreviewReader) -> Shown:
    model = read_onnx(reader)
    operators = model.operators.most_common(200)
    facts = [
        (_("Producer"), model.producer),
        (_("Graph"), model.graph),
        (_("Format version"), str(model.ir_version)),
        (_("Operator sets"), ", ".join(model.opsets[:20])),
        (_("Operators"), grouped(model.operators.total())),
        *tensor_facts(model.weights),
    ]
    rows = [[name, grouped(count)] for name, count in operators]
    heads = [pgettext("of a model", "Operator"), _("Count")]
    tables = [
        _port_table(_("Inputs"), model.inputs),
        _port_table(_("Outputs"), model.outputs),
        FactTable(_("Operators"), heads, rows, len(model.operators)),
        tensor_table(_("Weights"), model.weights),
    ]
    return Shown(
        FactSheet(
            [(label, text) for label, text in facts if text],
            [table for table in tables if table.rows],
        )
    )


def _port_table(title: str, ports: Sequence[PortShape]) -> FactTable:
    heads = [pgettext("of a tensor", "Name"), _("Type"), _("Shape")]
    rows = [[each.name, each.dtype, shape_text(each.shape)] for each in ports[:200]]
    return FactTable(title, heads, rows, len(ports))


ONNX = PreviewKind(
    "onnx",
    gettext_lazy("Show model"),
    matches,
    build,
    64 << 20,
    icon="cube",
    shared_template="facts",
)
