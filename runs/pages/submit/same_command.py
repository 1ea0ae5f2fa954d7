"""Which command submits what the form has, if one does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runs.actions.sweeps import SWEEP_TYPE
from runs.models import Workspace
from runs.pages.submit.draft import Draft
from runs.pages.submit.original import Original, tags_to_submit
from runs.render.submit import (
    Submission,
    TerminalSweep,
    resubmit_command,
    submit_command,
)
from runs.search.submit import describe_source
from studio.core.errors import NotFound
from studio.core.sweeps import argument_name, policy_text


def same_command(
    workspace: Workspace,
    draft: Draft,
    definition: Mapping[str, Any],
    original: Original | None,
) -> str:
    """Return the command line, or nothing if the form has what no command says."""
    tags = tags_to_submit(draft, original, definition)
    if original is None:
        if draft.is_sweep or not _is_of_a_folder(workspace, draft):
            return ""
        new = Submission(definition, draft.experiment, draft.name, tags)
        return submit_command(new)
    run, name = original.run, draft.name
    is_sweep = run.type == SWEEP_TYPE
    # Commands resubmit a sweep only as a sweep, and always with the run's own sources.
    if draft.source != original.draft.source or (is_sweep and not draft.is_sweep):
        return ""
    if draft.is_sweep:
        name = draft.name_template(run)
    before = Submission(
        original.definition,
        run.experiment.name,
        run.name,
        original.kept_tags(draft, definition),
    )
    now = Submission(definition, draft.experiment, name, tags)
    return resubmit_command(run.run_id, before, now, _terminal_sweep(draft))


def _terminal_sweep(draft: Draft) -> TerminalSweep | None:
    if not draft.is_sweep:
        return None
    values = {argument_name(name): text for name, text in draft.sweep}
    policy = draft.policy_settings()
    return TerminalSweep(
        values,
        draft.sampling,
        draft.count,
        draft.at_once,
        metric=draft.metric,
        goal=draft.goal,
        policy=policy_text(policy) if policy else "",
        minutes=draft.sweep_minutes,
    )


def _is_of_a_folder(workspace: Workspace, draft: Draft) -> bool:
    """Whether the sources are a folder of the reader, not those of some other run."""
    try:
        return not draft.source or describe_source(workspace, draft.source).run is None
    except NotFound:
        return False
