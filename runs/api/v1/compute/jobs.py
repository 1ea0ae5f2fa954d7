"""REST: submitted runs: what they execute, their tokens, and their places in queues."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import compute as compute_actions
from runs.actions import run as run_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import (
    AttemptInfo,
    DefinitionReply,
    JobInfo,
    JobPatch,
    JobQuery,
    QueuedJobInfo,
    QueuedJobList,
    QueueRequest,
    RunTokenReply,
    Waiting,
    WaitingReply,
)
from runs.models import Job, Run, now_ms
from runs.search.compute import (
    QueuedJob,
    find_queue_place,
    list_queues,
    list_targets,
    wait_reason_text,
)
from studio.core.errors import NotFound


@endpoint("GET", Permission.READ, reply=DefinitionReply)
def get_definition(request: StudioRequest, run_id: str) -> DefinitionReply:
    """Read what a submitted run executes."""
    return DefinitionReply(run_actions.read_definition(find_run(request, run_id)))


@endpoint("POST", Permission.SUBMIT, reply=RunTokenReply, scoped_tokens=True)
def create_run_token(request: StudioRequest, run_id: str) -> RunTokenReply:
    """Create a token for the script of a run. The reply is the only one that has it.

    It reads in the workspace, and changes only the runs of the run's tree. It is valid
    until seven days after the end of the tree's root.
    """
    run, user = find_run(request, run_id), request.actor.user
    return RunTokenReply(compute_actions.create_token_for_script(run, user))


@endpoint(
    "POST", Permission.SUBMIT, body=QueueRequest, reply=JobInfo, scoped_tokens=True
)
def queue_run(request: StudioRequest, run_id: str, body: QueueRequest) -> JobInfo:
    """Put a run into the queue of a compute target.

    The run has a definition and has not started (status NotStarted). A run with a
    script has a snapshot.
    """
    run = _find_own_run(request, run_id)
    job = compute_actions.queue_run(
        run,
        compute_actions.find_target(workspace_of(request), body.target, now=now_ms()),
        priority=body.priority,
        max_attempts=body.max_attempts,
        actor=request.actor,
        now=now_ms(),
    )
    return _job_info(job)


@endpoint("GET", Permission.READ, reply=JobInfo)
def get_job(request: StudioRequest, run_id: str) -> JobInfo:
    """Read a submitted run's place in its queue, and its attempts."""
    return _job_info(_find_job(find_run(request, run_id)))


@endpoint("PATCH", Permission.SUBMIT, body=JobPatch, reply=JobInfo)
@transaction.atomic
def change_job(request: StudioRequest, run_id: str, body: JobPatch) -> JobInfo:
    """Change the priority of a queued run, or move it to the top of its queue.

    Contributors can do this with their own runs, owners with all.
    """
    job = _find_job(_find_own_run(request, run_id))
    if isinstance(body.priority, int):
        job = compute_actions.set_job_priority(
            job, body.priority, actor=request.actor, now=now_ms()
        )
    if body.to_top:
        job = compute_actions.move_job_to_top(job, actor=request.actor, now=now_ms())
    return _job_info(job)


@endpoint("POST", Permission.LOG, body=Waiting, reply=WaitingReply, scoped_tokens=True)
def set_waiting(request: StudioRequest, run_id: str, body: Waiting) -> WaitingReply:
    """Report that a run's script waits for runs below it, or no longer waits.

    The slot of a waiting run is lent to the runs of its tree. Contributors can do this
    with their own runs, owners with all.
    """
    run = _find_own_run(request, run_id)
    return WaitingReply(compute_actions.set_waiting(run, body.waiting, now=now_ms()))


@endpoint("GET", Permission.READ, query=JobQuery, reply=QueuedJobList)
def list_jobs(request: StudioRequest, query: JobQuery) -> QueuedJobList:
    """List queued runs in the order of their queues, with the reason for waiting."""
    workspace, now = workspace_of(request), now_ms()
    targets = list_targets(workspace, now=now)
    if query.target:
        wanted = compute_actions.find_target(workspace, query.target, now=now)
        targets = [one for one in targets if one.target.pk == wanted.pk]
    queues = list_queues(targets, limit=query.limit)
    return QueuedJobList(
        [_queued_job_info(one) for queue in queues for one in queue.jobs],
        sum(queue.total for queue in queues),
    )


def _find_own_run(request: StudioRequest, run_id: str) -> Run:
    """Return a run that the caller submitted; owners control all runs."""
    run = find_run(request, run_id)
    compute_actions.check_can_control(run, request.actor.user, request.role)
    return run


def _find_job(run: Run) -> Job:
    job = Job.objects.filter(run=run).select_related("target", "agent", "run").first()
    if job is None:
        raise NotFound(
            _("Run %(run_id)s is in no queue.") % {"run_id": run.run_id},
            run_id=run.run_id,
        )
    return job


def _job_info(job: Job) -> JobInfo:
    is_queued = job.agent_id is None and job.ended is None
    place = find_queue_place(job, now=now_ms()) if is_queued else None
    return JobInfo(
        run=job.run.run_id,
        target=job.target.name,
        priority=job.priority,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        attempts=[
            AttemptInfo(
                one.number,
                one.agent_name,
                one.started,
                one.ended,
                one.outcome,
                one.message,
            )
            for one in job.attempts.order_by("number")
        ],
        agent=job.agent.name if job.agent and job.ended is None else None,
        position=place.position if place else None,
        reason=place.reason.value if place else None,
        reason_text=wait_reason_text(place.reason) if place else "",
        waiting=job.is_waiting,
        queued=job.queued,
        taken=job.taken,
        ended=job.ended,
        engine_job=job.engine_job,
        engine_state=job.engine_state,
        engine_message=job.engine_message,
    )


def _queued_job_info(queued: QueuedJob) -> QueuedJobInfo:
    job = queued.job
    return QueuedJobInfo(
        run=job.run.run_id,
        name=job.run.name,
        experiment=job.run.experiment.name,
        submitter=job.submitter.username if job.submitter else None,
        target=job.target.name,
        position=queued.position,
        priority=job.priority,
        attempt=job.attempt,
        reason=queued.reason.value,
        reason_text=wait_reason_text(queued.reason),
        queued=job.queued,
    )
