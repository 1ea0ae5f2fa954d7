"""What the templates of the form show: choices, the summary, the same as a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.access import Permission
from runs.actions.submit import check_script
from runs.models import (
    LOCAL_TARGET,
    Experiment,
    Key,
    KeyKind,
    Secret,
    Workspace,
)
from runs.pages.requests import PageRequest
from runs.pages.run_shell import role_refusal
from runs.pages.submit.draft import SCRIPT, Draft, split_words
from runs.pages.submit.environments import environment_options, read_chosen
from runs.pages.submit.original import Original
from runs.pages.submit.same_command import same_command
from runs.pages.submit.uploads import list_scripts, source_summary
from runs.render.compute import health_pill
from runs.render.formats import duration, grouped, run_path
from runs.search.compute import TargetSummary
from runs.search.submit import (
    SourceChoice,
    describe_source,
    estimate_duration,
    find_git_facts,
    find_source,
    list_source_choices,
)
from studio.core import snapshots as snapshot_rules
from studio.core.errors import MissingBytes, NotFound, StudioError
from studio.core.names import SYSTEM_METRIC_PREFIX
from studio.core.sweeps import (
    GRID,
    RANDOM,
    count_combinations,
    count_values,
    expand_space,
    fill_template,
)

MAX_EXPERIMENTS = 200
MAX_METRIC_NAMES = 100


@dataclass(frozen=True)
class TargetChoice:
    name: str
    #: What a submitted run would find: `No free slot, 5 queued`.
    state: str
    health: SafeString
    has_agent: bool
    is_chosen: bool


@dataclass(frozen=True)
class SourceOption:
    digest: str
    label: str
    is_chosen: bool


def form_context(
    request: PageRequest,
    draft: Draft,
    original: Original | None,
    targets: list[TargetSummary],
) -> dict[str, Any]:
    """Return the inputs and their choices."""
    workspace = request.workspace
    before = original.draft if original else None
    chosen = _chosen_source(request, draft, original)
    choices = _with_chosen(list_source_choices(workspace), chosen)
    is_new = before is None and draft.program == SCRIPT
    source = chosen or (choices[0] if choices and is_new else None)
    names = Experiment.objects.filter(workspace=workspace).active()
    secrets = Secret.objects.filter(workspace=workspace).order_by("name")
    known = list(secrets.values_list("name", flat=True))
    return {
        "draft": draft,
        "before": before,
        "targets": _target_choices(targets, draft),
        "sources": [_source_option(each, source) for each in choices],
        **_source_facts(request, source),
        "words": split_words(draft.arguments),
        "words_before": split_words(before.arguments) if before else None,
        "metric_names": _metric_names(workspace),
        "experiments": names.order_by("-pk").values_list("name", flat=True)[
            :MAX_EXPERIMENTS
        ],
        "secret_names": [
            (name, name in draft.secrets)
            for name in (*known, *(s for s in draft.secrets if s not in known))
        ],
        "environments": environment_options(workspace, draft.environment),
        "missing_secrets": [name for name in draft.secrets if name not in known],
        "excluded_folders": sorted(snapshot_rules.EXCLUDED_FOLDERS),
        "upload_limits": {
            "files": snapshot_rules.MAX_FILES,
            "bytes": snapshot_rules.MAX_BYTES,
        },
        "upload_path": reverse("run-new-sources", args=[workspace.name]),
        "form_path": request.path,
        "compute_path": reverse("compute", args=[workspace.name]),
        "can_manage": not role_refusal(request, Permission.COMPUTE),
    }


def _metric_names(workspace: Workspace) -> list[str]:
    keys = Key.objects.filter(workspace=workspace, kind=KeyKind.METRIC)
    logged = keys.exclude(name__startswith=SYSTEM_METRIC_PREFIX).order_by("-pk")
    return sorted(logged.values_list("name", flat=True)[:MAX_METRIC_NAMES])


def source_context(
    request: PageRequest, draft: Draft, original: Original | None
) -> dict[str, Any]:
    """Return what the form shows of the chosen snapshot."""
    return _source_facts(request, _chosen_source(request, draft, original))


def _source_facts(request: PageRequest, source: SourceChoice | None) -> dict[str, Any]:
    return {
        "source": source,
        "source_summary": source_summary(source.snapshot) if source else "",
        "source_href": _browse_href(request, source),
        "git": find_git_facts(source.run) if source and source.run else None,
        "scripts": _scripts(source),
    }


def summary_context(
    request: PageRequest,
    draft: Draft,
    original: Original | None,
    targets: list[TargetSummary],
) -> dict[str, Any]:
    """Return what the form would submit: how many runs, how long, by which command."""
    copied = original.run if original else None
    target = draft.target or _default_target(targets)
    context: dict[str, Any] = {
        "draft": draft,
        "script_was": _script_before(draft, original),
        "total": 1,
        "factors": "",
        "refusal": "",
        "first_name": "",
        "sweep_counts": [],
        "estimate": "",
        "missing_agent": _agent_command(targets, target),
        "target_name": target,
        "default_name": draft.name_template(copied) if draft.is_sweep else "",
    }
    try:
        definition = draft.definition(
            original.definition if original else {},
            partial(read_chosen, request.workspace),
        )
        if draft.source:
            check_script(definition, find_source(request.workspace, draft.source))
        if draft.is_sweep:
            context |= _sweep_summary(draft, draft.name_template(copied))
        context["estimate"] = _estimate_text(
            request, draft, definition, context["total"]
        )
        context["command"] = same_command(
            request.workspace, draft, definition, original
        )
    except StudioError as error:
        context["refusal"] = error.message
    return context


def _script_before(draft: Draft, original: Original | None) -> str:
    """Return the script of the original if the form has another one."""
    before = original.draft.script if original else ""
    return before if draft.script != before else ""


def _sweep_summary(draft: Draft, template: str) -> dict[str, Any]:
    # The values of a random sample are drawn when it is submitted; here only their
    # number counts.
    plan = draft.plan(seed=0)
    counts = [count_values(values) for values in plan.space.values()]
    is_product = plan.total == count_combinations(plan.space) and len(counts) > 1
    first = expand_space(plan.space, RANDOM if plan.sampling != GRID else GRID, 1, 0)
    return {
        "total": plan.total,
        "factors": " × ".join(str(n) for n in counts)
        if is_product and plan.sampling == GRID
        else "",
        "first_name": fill_template(template, first[0]),
        "sweep_counts": counts,
    }


def _estimate_text(
    request: PageRequest, draft: Draft, definition: Mapping[str, Any], total: int
) -> str:
    script = str(definition.get("script") or "")
    length = estimate_duration(request.workspace, draft.experiment, script)
    if length is None:
        return ""
    if total == 1:
        return _("About %(time)s, based on similar runs") % {"time": duration(length)}
    at_once = min(draft.most_at_once() or total, total)
    rounds = -(-total // at_once)
    return _("About %(time)s with %(n)s at the same time, based on similar runs") % {
        "time": duration(length * rounds),
        "n": at_once,
    }


def _target_choices(found: list[TargetSummary], draft: Draft) -> list[TargetChoice]:
    chosen = draft.target or _default_target(found)
    choices = [_target_choice(each, each.target.name == chosen) for each in found]
    if all(each.name != LOCAL_TARGET for each in choices):
        pill, is_chosen = health_pill("no_agent"), chosen == LOCAL_TARGET
        state = _("No agent")
        choices.insert(0, TargetChoice(LOCAL_TARGET, state, pill, False, is_chosen))
    if not any(each.is_chosen for each in choices):
        pill, state = health_pill("no_agent"), _("No longer exists")
        choices.append(TargetChoice(chosen, state, pill, False, True))
    return choices


def _default_target(found: list[TargetSummary]) -> str:
    """Return the target with a free slot, or with an agent, or `local`."""
    ranked = sorted(
        found, key=lambda each: (not each.free, not _takes_runs(each), each.queued)
    )
    return ranked[0].target.name if ranked else LOCAL_TARGET


def _takes_runs(each: TargetSummary) -> bool:
    return any(agent.takes_runs for agent in each.agents)


def _target_choice(each: TargetSummary, is_chosen: bool) -> TargetChoice:
    parts = []
    if each.target.paused:
        parts.append(_("Queue paused"))
    elif not _takes_runs(each):
        parts.append(_("No agent"))
    elif each.free:
        text = ngettext("%(n)s free slot", "%(n)s free slots", each.free)
        parts.append(text % {"n": each.free})
    else:
        parts.append(_("No free slot"))
    if each.queued:
        parts.append(_("%(n)s queued") % {"n": grouped(each.queued)})
    pill = health_pill(each.health)
    return TargetChoice(
        each.target.name, ", ".join(parts), pill, _takes_runs(each), is_chosen
    )


def _agent_command(targets: list[TargetSummary], name: str) -> str:
    """Return the command that starts an agent, if the target has none that works."""
    if any(each.target.name == name and _takes_runs(each) for each in targets):
        return ""
    return f"studio agent --compute {name}"


def _chosen_source(
    request: PageRequest, draft: Draft, original: Original | None
) -> SourceChoice | None:
    if not draft.source:
        return None
    try:
        found = describe_source(request.workspace, draft.source)
    except NotFound:
        return None
    # Newer runs can have the same snapshot; everything is copied from the original.
    is_own = original is not None and draft.source == original.draft.source
    return replace(found, run=original.run) if original and is_own else found


def _with_chosen(
    choices: list[SourceChoice], chosen: SourceChoice | None
) -> list[SourceChoice]:
    """Return the choices with the chosen one in the place of its snapshot."""
    if chosen is None:
        return choices
    if all(each.snapshot.pk != chosen.snapshot.pk for each in choices):
        return [chosen, *choices]
    same = chosen.snapshot.pk
    return [chosen if each.snapshot.pk == same else each for each in choices]


def _source_option(choice: SourceChoice, chosen: SourceChoice | None) -> SourceOption:
    short = choice.snapshot.digest[:7]
    if choice.run is None:
        label = _("Uploaded now · %(digest)s") % {"digest": short}
    else:
        label = _("Run %(number)s · %(digest)s · %(experiment)s") % {
            "experiment": choice.run.experiment.name,
            "number": choice.run.number,
            "digest": short,
        }
    return SourceOption(choice.snapshot.digest, label, choice == chosen)


def _browse_href(request: PageRequest, source: SourceChoice | None) -> str:
    if source is None or source.run is None:
        return ""
    return f"{run_path(request.workspace.name, source.run.run_id)}snapshot/"


def _scripts(source: SourceChoice | None) -> list[str]:
    try:
        return list_scripts(source.snapshot) if source else []
    except MissingBytes:
        return []
