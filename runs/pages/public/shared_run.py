"""A run behind a public link: its logged data and its description with pictures.

Files are not shown: a member who shares a result does not mean to share code, models or
data. Images in the description are shown.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.utils.safestring import SafeString

from runs.models import File, Run, ShareLink, now_ms
from runs.render.charts import draw_sparkline
from runs.render.descriptions import (
    Reference,
    ReferenceTarget,
    find_references,
    render_markdown,
)
from runs.render.files import FileKind, file_kind
from runs.render.metrics import display_last, display_summary
from runs.search.descriptions import ReferenceTargets, find_targets
from runs.search.metrics import sparkline_points
from runs.search.run import list_params, list_tags, read_metrics

#: Maximum rows of each table, and curves next to metrics.
MAX_ROWS, MAX_CURVES = 500, 50
NOTE_TAG = "mlflow.note.content"


def shared_run_context(link: ShareLink, run: Run) -> dict[str, Any]:
    tags = list_tags(run)
    heads = read_metrics(run)[:MAX_ROWS]
    points = sparkline_points(heads[:MAX_CURVES])
    metrics = []
    for head in heads:
        series = points.get(head.pk)
        curve = draw_sparkline(series.steps, series.values) if series else ""
        metrics.append((head.key.name, display_summary(head), curve))
    ended = run.ended if run.ended is not None else now_ms()
    noted = next((tag.value for tag in tags if tag.key == NOTE_TAG), None)
    return {
        "title": run.name,
        "run": run,
        "state": run.state,
        "length": None if run.started is None else ended - run.started,
        "children": Run.objects.not_deleted().filter(parent=run).count(),
        "described": _rendered_description(link, run, run.description or noted or ""),
        "tags": [tag for tag in tags if not tag.is_bookkeeping],
        "params": list_params(run)[:MAX_ROWS],
        "metrics": metrics,
    }


def description_images(link: ShareLink, run: Run) -> dict[str, File]:
    """Return the images of the run that its description shows, by path."""
    tags = list_tags(run)
    noted = next((tag.value for tag in tags if tag.key == NOTE_TAG), None)
    found = _find_targets(link, run, run.description or noted or "")
    return {file.path: file for file in _shared_images(found, run).values()}


def _rendered_description(link: ShareLink, run: Run, text: str) -> SafeString:
    """Render the description with values of the run's own metrics, and its images.

    Other references stay plain text.
    """
    found = _find_targets(link, run, text)
    targets: dict[Reference, ReferenceTarget] = {}
    for reference, head in found.metrics.items():
        # The link shares one run: values of others stay private, even if the text names
        # them.
        if head.run_id == run.pk:
            value = display_last(head)
            targets[reference] = ReferenceTarget(
                "", head.key.name, value.text, value.full
            )
    for reference, file in _shared_images(found, run).items():
        # Relative, so that the address contains the link's secret, which opens it.
        href = f"pictures/{quote(file.path)}?inline=1"
        targets[reference] = ReferenceTarget(href, file.path, picture=href)
    return render_markdown(text, targets)


def _find_targets(link: ShareLink, run: Run, text: str) -> ReferenceTargets:
    references = find_references(text)
    # Visitors have no account, so they see what the link's creator can see.
    return find_targets(references, link.created_by, link.workspace, run)


def _shared_images(targets: ReferenceTargets, run: Run) -> dict[Reference, File]:
    return {
        reference: file
        for reference, file in targets.files.items()
        if file.run_id == run.pk and file_kind(file.name) is FileKind.IMAGE
    }
