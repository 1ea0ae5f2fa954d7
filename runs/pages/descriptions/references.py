"""Descriptions as pages show them: Markdown with links for its references."""

from __future__ import annotations

from urllib.parse import quote

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from runs.models import File, Metric, Run
from runs.pages.requests import PageRequest
from runs.render.descriptions import (
    FILE_REFERENCE,
    METRIC_REFERENCE,
    RUN_REFERENCE,
    Reference,
    ReferenceTarget,
    find_references,
    render_markdown,
)
from runs.render.files import FileKind, file_kind
from runs.render.formats import run_path
from runs.render.metrics import display_last
from runs.search.descriptions import find_targets


def render_description(
    request: PageRequest, text: str, run: Run | None = None
) -> SafeString | str:
    """Render the description of `run`, or of something else; empty if it is blank."""
    if not text.strip():
        return ""
    # All references are looked up together: the number of queries doesn't grow with
    # them.
    references = find_references(text)
    found = find_targets(references, request.actor.user, request.workspace, run)
    targets: dict[Reference, ReferenceTarget] = {}
    for each in references:
        if each.kind == RUN_REFERENCE and each in found.runs:
            targets[each] = _run_target(request, found.runs[each])
        elif each.kind == METRIC_REFERENCE and each in found.metrics:
            targets[each] = _metric_target(request, found.metrics[each], run)
        elif each.kind == FILE_REFERENCE and each in found.files:
            targets[each] = _file_target(request, each, found.files[each], run)
    return render_markdown(text, targets)


def _run_target(request: PageRequest, run: Run) -> ReferenceTarget:
    href = run_path(request.workspace.name, run.run_id)
    return ReferenceTarget(href, run.name, title=run.run_id)


def _metric_target(
    request: PageRequest, head: Metric, current_run: Run | None
) -> ReferenceTarget:
    base = run_path(request.workspace.name, head.run.run_id)
    name, value = head.key.name, display_last(head)
    return ReferenceTarget(
        f"{base}metrics/?key={quote(name, safe='')}",
        name,
        value.text,
        _link_title(head.run, current_run, value.full or value.text),
    )


def _file_target(
    request: PageRequest, reference: Reference, file: File, current_run: Run | None
) -> ReferenceTarget:
    assert file.run is not None
    base, path = run_path(request.workspace.name, file.run.run_id), quote(file.path)
    # A file's name can contain `#L12` itself, and then it is no line.
    line = reference.split_line_number()[1] if file.path != reference.named else ""
    text = _("%(path)s, line %(line)s") % {"path": file.path, "line": line}
    is_picture = file_kind(file.name) is FileKind.IMAGE
    return ReferenceTarget(
        f"{base}files/?path={path}" + (f"#L{line}" if line else ""),
        text if line else file.path,
        title=_link_title(file.run, current_run, file.path),
        picture=f"{base}files/raw/{path}?inline=1" if is_picture else "",
    )


def _link_title(run: Run, current_run: Run | None, text: str) -> str:
    if current_run is not None and run.pk == current_run.pk:
        return text
    return pgettext("reference in a description", "%(what)s of %(run)s") % {
        "what": text,
        "run": run.name,
    }
