"""The card with a lineage: a drawing, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.models import Dataset, LoggedModel, ModelVersion, Run, Workspace
from runs.render.formats import (
    dataset_path,
    grouped,
    logged_model_path,
    model_version_path,
    run_path,
    status_label,
)
from runs.render.lineage import LineageArrow, LineageBox, LineageNote, draw_lineage
from runs.render.logged_models import model_status_label
from runs.search.lineage import (
    LeftOut,
    Lineage,
    LineageKind,
    LineageNode,
    lineage_of,
)

ICONS = {
    LineageKind.DATASET: "disk",
    LineageKind.RUN: "runs",
    LineageKind.MODEL: "cube",
    LineageKind.VERSION: "tag",
}


@dataclass(frozen=True)
class LineageTarget:
    box: LineageBox
    label: str


@dataclass(frozen=True)
class LineageLine:
    """A row of the table: a box, and the boxes that its arrows lead to."""

    box: LineageBox
    targets: tuple[LineageTarget, ...]


def lineage_context(
    workspace: Workspace,
    *,
    datasets: Iterable[int] = (),
    runs: Iterable[int] = (),
    models: Iterable[int] = (),
    versions: Iterable[int] = (),
) -> dict[str, Any]:
    """Return the context of `lineage/_lineage.html`, for the primary keys of a start.

    The card is empty if nothing is linked with the start.
    """
    lineage = lineage_of(
        workspace, datasets=datasets, runs=runs, models=models, versions=versions
    )
    if not lineage.edges:
        return {"lineage": None}
    boxes = [_box(node, workspace.name) for node in lineage.nodes]
    arrows = _arrows(lineage)
    notes = [_note(left_out) for left_out in lineage.left_out]
    return {
        "lineage": draw_lineage(boxes, arrows, notes, _("Lineage")),
        "lineage_lines": _lines(boxes, arrows),
        "lineage_notes": [note.text for note in notes],
    }


def _box(node: LineageNode, workspace: str) -> LineageBox:
    subject = node.subject
    title, subtitle, href = _texts(subject, workspace)
    return LineageBox(
        node.column,
        title,
        subtitle,
        href,
        node.kind.value,
        ICONS[node.kind],
        status=subject.state.value if isinstance(subject, Run) else "",
        is_start=node.is_start,
    )


def _texts(
    subject: Dataset | Run | LoggedModel | ModelVersion, workspace: str
) -> tuple[str, str, str]:
    """Return the title, the line below it and the address of a box."""
    if isinstance(subject, Dataset):
        detail = _("Dataset %(digest)s") % {"digest": subject.digest}
        return subject.name, detail, dataset_path(workspace, subject.pk)
    if isinstance(subject, Run):
        detail = _("Run, %(status)s") % {"status": status_label(subject.state.value)}
        return subject.name, detail, run_path(workspace, subject.run_id)
    if isinstance(subject, LoggedModel):
        status = model_status_label(subject.status)
        detail = _("Logged model, %(status)s") % {"status": status}
        return subject.name, detail, logged_model_path(workspace, subject.model_id)
    name = subject.model.name
    detail = _("Version %(number)s") % {"number": grouped(subject.number)}
    return name, detail, model_version_path(workspace, name, subject.number)


def _arrows(lineage: Lineage) -> list[LineageArrow]:
    positions = {node.key: index for index, node in enumerate(lineage.nodes)}
    return [
        LineageArrow(positions[edge.source], positions[edge.target], edge.label)
        for edge in lineage.edges
    ]


def _lines(
    boxes: Sequence[LineageBox], arrows: Sequence[LineageArrow]
) -> list[LineageLine]:
    """Return the boxes from left to right, each with where its arrows lead."""
    targets: dict[int, list[LineageTarget]] = {index: [] for index in range(len(boxes))}
    for arrow in arrows:
        target = LineageTarget(boxes[arrow.target], arrow.label)
        targets[arrow.source].append(target)
    order = sorted(targets, key=lambda index: boxes[index].column)
    return [LineageLine(boxes[index], tuple(targets[index])) for index in order]


def _note(left_out: LeftOut) -> LineageNote:
    return LineageNote(left_out.column, _note_text(left_out))


def _note_text(left_out: LeftOut) -> str:
    count = left_out.count
    values = {"n": grouped(count)}
    if left_out.kind is LineageKind.DATASET:
        text = ngettext("%(n)s more dataset", "%(n)s more datasets", count)
    elif left_out.kind is LineageKind.RUN:
        text = ngettext("%(n)s more run", "%(n)s more runs", count)
    elif left_out.kind is LineageKind.MODEL:
        text = ngettext("%(n)s more logged model", "%(n)s more logged models", count)
    else:
        text = ngettext("%(n)s more version", "%(n)s more versions", count)
    return text % values
