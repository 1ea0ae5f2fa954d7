"""*New run* and *Resubmit*: one form, with or without a sweep."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.access import Permission, access, view_by_method
from runs.actions import submit as submit_actions
from runs.actions.sweeps import create_sweep
from runs.models import Run, now_ms
from runs.pages.requests import FORM_ERROR_STATUS, PageRequest
from runs.pages.run_shell import find_run_head, resubmit_refusal
from runs.pages.submit.context import (
    form_context,
    source_context,
    summary_context,
)
from runs.pages.submit.draft import Draft
from runs.pages.submit.environments import read_chosen
from runs.pages.submit.original import Original, tags_to_submit
from runs.pages.submit.uploads import save_upload
from runs.render.formats import experiment_path, grouped, run_path
from runs.search.compute import list_targets
from runs.search.submit import find_source
from studio.core.errors import InvalidState, InvalidValue, StudioError


@access(Permission.SUBMIT)
def _show_new_form(request: PageRequest) -> HttpResponse:
    """Show the form; `experiment` and `target` of the address are chosen."""
    chosen = request.GET
    draft = Draft(
        experiment=chosen.get("experiment", "Default"),
        target=chosen.get("target", ""),
        source=chosen.get("source", ""),
        attempts="1",
    )
    return _show_form(request, draft, None)


@access(Permission.SUBMIT, streams_body=True)
def _submit_new_run(request: PageRequest) -> HttpResponse:
    return _handle_form(request, None)


new_run = view_by_method(GET=_show_new_form, POST=_submit_new_run)


@access(Permission.SUBMIT)
def _show_resubmit_form(request: PageRequest, run_id: str) -> HttpResponse:
    original = _find_original(request, run_id)
    return _show_form(request, original.draft, original)


@access(Permission.SUBMIT, streams_body=True)
def _resubmit(request: PageRequest, run_id: str) -> HttpResponse:
    return _handle_form(request, _find_original(request, run_id))


resubmit_run = view_by_method(GET=_show_resubmit_form, POST=_resubmit)


def _find_original(request: PageRequest, run_id: str) -> Original:
    head = find_run_head(request, run_id)
    if refusal := resubmit_refusal(request, head):
        raise InvalidState(refusal)
    return Original(head.run)


def _handle_form(request: PageRequest, original: Original | None) -> HttpResponse:
    """Submit what the form has, or show what would be submitted (`preview`)."""
    draft = Draft.from_post(request.POST)
    if "preview" in request.POST and request.htmx:
        context = summary_context(
            request, draft, original, list_targets(request.workspace, now=now_ms())
        )
        return render(request, "submit/_submit_preview.html", context)
    if "sources" in request.POST and request.htmx:
        context = source_context(request, draft, original)
        return render(request, "submit/_submit_sources.html", context)
    try:
        if request.FILES.get("archive"):
            # The digest stays in the form, so that an error needs no second upload.
            draft = draft.with_source(save_upload(request).digest)
        if "preview" in request.POST:
            return _show_form(request, draft, original)
        run = _submit(request, draft, original)
    except StudioError as error:
        return _show_form(request, draft, original, problem=error)
    return redirect(_path_of(request, run, draft))


def _submit(request: PageRequest, draft: Draft, original: Original | None) -> Run:
    source = find_source(request.workspace, draft.source) if draft.source else None
    definition = draft.definition(
        _base(original), partial(read_chosen, request.workspace)
    )
    if source is None and draft.program == "script":
        raise InvalidValue(
            _("Choose a snapshot, or upload the folder of the script."), field="source"
        )
    shared: dict[str, Any] = {
        "experiment": draft.experiment,
        "definition": definition,
        "target": draft.target,
        "name": draft.name,
        "tags": tags_to_submit(draft, original, definition),
        "snapshot": source,
        "actor": request.actor,
        "now": now_ms(),
    }
    copied = original.run if original else None
    if draft.is_sweep:
        plan = draft.plan()
        run = create_sweep(
            request.workspace,
            **{**shared, "name": draft.name_template(copied)},
            plan=plan,
            copied_from=copied,
        )
        count = plan.total
        text = ngettext("%(n)s run submitted.", "%(n)s runs submitted.", count)
        messages.success(request, text % {"n": grouped(count)})
        return run
    if original is not None:
        run = submit_actions.resubmit(original.run, **shared)
    else:
        run = submit_actions.submit_run(request.workspace, **shared)
    messages.success(request, _("Run submitted."))
    return run


def _base(original: Original | None) -> dict[str, Any]:
    return original.definition if original else {}


def _path_of(request: PageRequest, run: Run, draft: Draft) -> str:
    path = run_path(request.workspace.name, run.run_id)
    return f"{path}children/" if draft.is_sweep else path


def _show_form(
    request: PageRequest,
    draft: Draft,
    original: Original | None,
    *,
    problem: StudioError | None = None,
) -> HttpResponse:
    targets = list_targets(request.workspace, now=now_ms())
    form = form_context(request, draft, original, targets)
    # A new form has a source before one was chosen.
    source = form["source"]
    shown = draft.with_source(source.snapshot.digest) if source else draft
    context = {
        **form,
        **summary_context(request, shown, original, targets),
        "draft": draft,
        **_original_context(request, original),
        "problem": problem.message if problem else "",
        "bad_field": problem.details.get("field", "") if problem else "",
    }
    status = FORM_ERROR_STATUS if problem else 200
    return render(request, "submit/submit.html", context, status=status)


def _original_context(
    request: PageRequest, original: Original | None
) -> dict[str, Any]:
    if original is None:
        return {"original": None}
    run, workspace = original.run, request.workspace.name
    experiment = run.experiment
    return {
        "original": run,
        "original_href": run_path(workspace, run.run_id),
        "original_experiment_href": experiment_path(
            workspace, experiment.number, experiment.name
        ),
    }
