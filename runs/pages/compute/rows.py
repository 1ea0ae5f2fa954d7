"""The rows of the Compute page, as its templates show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.models import LOCAL_TARGET, Job, Run
from runs.pages.compute.engine_reasons import EngineReason, explain_engine_reason
from runs.pages.compute.page_state import ComputeState
from runs.render.compute import (
    capacity_bar,
    describe_machine,
    health_label,
    health_pill,
    run_link,
    use_bar,
)
from runs.render.formats import run_path
from runs.search.compute import (
    AgentSummary,
    EngineCapacity,
    Health,
    QueuedJob,
    RunningJobs,
    TargetQueue,
    TargetSummary,
    WaitReason,
    wait_reason_text,
)
from studio.core.compute_kinds import COMPUTE_KINDS
from studio.core.filters import to_text
from studio.core.filters.tree import Comparison, attribute
from studio.core.filters.tree import Text as FilterText
from studio.core.messages import translated
from studio.core.view_spec import ViewSpec

#: Reasons that only a person can change; shown in the color of a warning.
BLOCKING_REASONS = frozenset({WaitReason.NO_AGENT, WaitReason.TARGET_PAUSED})
#: By the name of a target or its kind.
_ICONS = {LOCAL_TARGET: "laptop", "ssh": "terminal"}
#: A device that a run uses less is marked.
LOW_USE_PERCENT = 30


@dataclass(frozen=True)
class AgentRow:
    summary: AgentSummary
    machine: str
    health: SafeString
    bar: SafeString
    capacity: str
    is_lost: bool


@dataclass(frozen=True)
class TargetRow:
    summary: TargetSummary
    icon: str
    kind: str
    href: str
    health: SafeString
    bar: SafeString
    capacity: str
    agents: tuple[AgentRow, ...]
    is_open: bool
    toggle: str
    #: Time of the last heartbeat of an unreachable target.
    lost_since: int | None
    waits_since: int | None
    #: Why the target can't be removed now; empty if it can.
    remove_refusal: str
    #: Why the engine can't be used, in its own words.
    problem: str
    #: What an hour costs, as an owner set it.
    cost: str


@dataclass(frozen=True)
class QueueRow:
    job: Job
    href: str
    link: SafeString
    position: int
    #: Milliseconds since it was queued.
    waited: int
    reason: EngineReason
    is_blocked: bool
    can_change: bool
    #: Where the buttons of its menu lead.
    priority_path: str


@dataclass(frozen=True)
class QueueGroup:
    name: str
    rows: tuple[QueueRow, ...]
    total: int
    more: int
    more_href: str


@dataclass(frozen=True)
class RunningRow:
    run: Run
    job: Job
    link: SafeString
    device: str
    use: DeviceUse | None
    since: int
    length: int


@dataclass(frozen=True)
class DeviceUse:
    bar: SafeString
    percent: int
    is_low: bool


@dataclass(frozen=True)
class RunningGroup:
    agent: str
    target: str
    total: int
    rows: tuple[RunningRow, ...]


def target_rows(
    targets: Iterable[TargetSummary], state: ComputeState, workspace: str, now: int
) -> list[TargetRow]:
    return [_target_row(each, state, workspace, now) for each in targets]


def _target_row(
    summary: TargetSummary, state: ComputeState, workspace: str, now: int
) -> TargetRow:
    name, agents = summary.target.name, summary.agents
    lost = [each for each in agents if each.health is Health.UNREACHABLE]
    is_unreachable = bool(agents) and summary.health is Health.UNREACHABLE
    # Else the agent is there, and the engine is not.
    is_lost = is_unreachable and not any(each.takes_runs for each in agents)
    is_server = any(
        each.host.get("server") is True and each.health is not Health.UNREACHABLE
        for each in agents
    )
    # The server's own agent would repeat the row of its target.
    listed = () if is_server and len(agents) == 1 else agents
    return TargetRow(
        summary,
        _ICONS.get(name) or _ICONS.get(summary.target.kind, "server"),
        _("This server") if is_server else _kind_text(summary),
        reverse("compute-target-runs", args=[workspace, name]),
        health_pill(summary.health, _health_text(summary, len(lost))),
        *_capacity(summary, lost),
        tuple(_agent_row(each) for each in listed),
        state.is_open(name, len(listed)),
        state.toggle(name).query(),
        max((each.agent.heard for each in agents), default=None) if is_lost else None,
        None if summary.longest_wait is None else now - summary.longest_wait,
        _remove_refusal(summary),
        summary.engine.problem if summary.engine and not is_lost else "",
        _cost_text(summary.target.settings.get("cost_per_hour")),
    )


def _cost_text(cost: object) -> str:
    return _("%(cost)s per hour") % {"cost": cost} if isinstance(cost, str) else ""


def _kind_text(summary: TargetSummary) -> str:
    """The kind, with what tells targets of one engine apart."""
    kind = summary.target.kind
    label = translated(COMPUTE_KINDS[kind].label) if kind in COMPUTE_KINDS else kind
    partition = summary.target.settings.get("partition")
    return f"{label} · {partition}" if isinstance(partition, str) else label


def _health_text(summary: TargetSummary, lost: int) -> str:
    """What is degraded; empty for the usual word."""
    if summary.health is not Health.DEGRADED:
        return ""
    if lost or summary.engine is None:
        return ngettext("%(n)s agent lost", "%(n)s agents lost", lost) % {"n": lost}
    count = {"n": summary.engine.lost, "unit": _units(summary.engine)}
    return _("%(n)s %(unit)s lost") % count


def _capacity(
    summary: TargetSummary, lost: Sequence[AgentSummary]
) -> tuple[SafeString, str]:
    """The bar and the text: of the engine, or else of the agents' slots."""
    engine = summary.engine
    if engine is not None and engine.total:
        text = _("%(busy)s of %(n)s %(unit)s") % {
            "busy": engine.busy,
            "n": engine.total,
            "unit": _units(engine),
        }
        if engine.lost:
            names = {"slots": text, "lost": engine.lost}
            text = _("%(slots)s, %(lost)s lost") % names
        return capacity_bar(engine.busy, engine.total, engine.lost), text
    unavailable = _unavailable_slots(summary.agents)
    return (
        capacity_bar(summary.busy, summary.slots, unavailable),
        _capacity_text(summary.busy, summary.slots, sum(map(_lost_slots, lost))),
    )


def _units(engine: EngineCapacity) -> str:
    """What an engine counts, such as CPUs."""
    plural = {"CPU": _("CPUs"), "GPU": _("GPUs")}
    return plural.get(engine.unit, engine.unit)


def _remove_refusal(summary: TargetSummary) -> str:
    if summary.target.name == LOCAL_TARGET:
        return _("Every workspace has the target local.")
    if summary.running or summary.queued:
        return _("Runs are queued or running on this target.")
    return ""


def _agent_row(each: AgentSummary) -> AgentRow:
    slots = each.slots
    return AgentRow(
        each,
        describe_machine(each.host),
        health_pill(each.health),
        capacity_bar(each.busy, slots, _unavailable_slots([each])),
        _capacity_text(each.busy, slots, 0),
        each.health is Health.UNREACHABLE,
    )


def _lost_slots(each: AgentSummary) -> int:
    return max(0, each.slots - each.busy)


def _unavailable_slots(agents: Iterable[AgentSummary]) -> int:
    """Count free slots that take no runs: they are never shown as free."""
    return sum(_lost_slots(each) for each in agents if not each.takes_runs)


def _capacity_text(busy: int, slots: int, lost: int) -> str:
    text = ngettext("%(busy)s of %(n)s slot", "%(busy)s of %(n)s slots", slots) % {
        "busy": busy,
        "n": slots,
    }
    return (
        _("%(slots)s, %(lost)s lost") % {"slots": text, "lost": lost} if lost else text
    )


def count_health(targets: Iterable[TargetSummary]) -> list[SafeString]:
    """Return how many targets are healthy, degraded and unreachable."""
    counts = Counter(each.health for each in targets)
    return [
        health_pill(health, f"{health_label(health)}: {counts[health]}")
        for health in (Health.HEALTHY, Health.DEGRADED, Health.UNREACHABLE)
        if counts[health]
    ]


def queue_groups(
    queues: Iterable[TargetQueue],
    state: ComputeState,
    workspace: str,
    changeable: Collection[int],
    now: int,
) -> list[QueueGroup]:
    """Return the queues; `changeable` has the keys of jobs that the reader changes."""
    return [
        QueueGroup(
            queue.target.name,
            tuple(_queue_row(each, workspace, changeable, now) for each in queue.jobs),
            queue.total,
            queue.total - len(queue.jobs),
            state.with_more_queued(queue.target.name).query(),
        )
        for queue in queues
    ]


def _queue_row(
    queued: QueuedJob, workspace: str, changeable: Collection[int], now: int
) -> QueueRow:
    job = queued.job
    return QueueRow(
        job,
        run_path(workspace, job.run.run_id),
        job_link(job, workspace),
        queued.position,
        now - job.queued,
        _reason(queued),
        queued.reason in BLOCKING_REASONS,
        job.pk in changeable and queued.reason is not WaitReason.IN_ENGINE,
        reverse("compute-job-priority", args=[workspace, job.run.run_id]),
    )


def _reason(queued: QueuedJob) -> EngineReason:
    """That of the engine, where it has the job."""
    if queued.reason is WaitReason.IN_ENGINE and queued.job.engine_message:
        return explain_engine_reason(queued.job.engine_message)
    return EngineReason(wait_reason_text(queued.reason))


def job_link(job: Job, workspace: str) -> SafeString:
    """Link to the run, with its experiment and submitter in the tooltip."""
    run = job.run
    facts = [run.name, run.experiment.name, str(job.submitter or "")]
    href = run_path(workspace, run.run_id)
    return run_link(href, run.name, " · ".join(filter(None, facts)))


def running_groups(
    running: RunningJobs, targets: Iterable[TargetSummary], workspace: str, now: int
) -> list[RunningGroup]:
    usage = {each.agent.pk: each.usage for one in targets for each in one.agents}
    return [
        RunningGroup(
            group.agent.name,
            group.target,
            group.total,
            tuple(
                _running_row(job, usage.get(group.agent.pk, {}), workspace, now)
                for job in group.jobs
            ),
        )
        for group in running.agents
    ]


def _running_row(
    job: Job, usage: Mapping[str, Any], workspace: str, now: int
) -> RunningRow:
    numbers, percents = [], []
    gpus = usage.get("gpus")
    for number, gpu in enumerate(gpus if isinstance(gpus, list) else ()):
        if isinstance(gpu, dict) and gpu.get("run") == job.run.run_id:
            numbers.append(number)
            percents.append(gpu.get("percent"))
    since = job.run.started or job.taken or now
    return RunningRow(
        job.run,
        job,
        job_link(job, workspace),
        _device_text(numbers),
        _device_use(percents),
        since,
        now - since,
    )


def _device_text(numbers: list[int]) -> str:
    if len(numbers) > 1:
        return _("%(n)s GPUs") % {"n": len(numbers)}
    return _("GPU %(number)s") % {"number": numbers[0]} if numbers else ""


def _device_use(percents: list[Any]) -> DeviceUse | None:
    known = [p for p in percents if isinstance(p, (int, float)) and 0 <= p <= 100]
    if not known:
        return None
    mean = sum(known) / len(known)
    return DeviceUse(use_bar(mean), round(mean), mean < LOW_USE_PERCENT)


#: The runs that an agent has: all that have not ended, but for the queued ones.
TAKEN_RUNS = "status = active and status != Queued"


def run_list_href(workspace: str, targets: list[str], condition: str = "") -> str:
    """Link to the list of the runs of these targets, child runs included."""
    values = tuple(FilterText(name) for name in targets)
    field = attribute("target")
    term = (
        Comparison(field, "in", values)
        if len(values) > 1
        else Comparison(field, "=", values)
    )
    text = to_text(term) + (f" and {condition}" if condition else "")
    spec = ViewSpec(q=text, children=True, flat=True)
    query = spec.to_query()
    return f"/w/{workspace}/runs/?{query}" if query else f"/w/{workspace}/runs/"
