"""REST: test a compute target with a run of one second."""

from __future__ import annotations

from django.utils.translation import gettext as _

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import compute as compute_actions
from runs.actions import submit as submit_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import TargetTest, TestStepInfo
from runs.models import Job, now_ms
from runs.search.compute import find_job, list_test_steps
from studio.core.errors import NotFound


@endpoint("POST", Permission.SUBMIT, reply=TargetTest, status=201)
def start_target_test(request: StudioRequest, target: str) -> TargetTest:
    """Submit a run of one second to a compute target, before all others."""
    found = compute_actions.find_target(workspace_of(request), target, now=now_ms())
    run = submit_actions.submit_target_test(found, actor=request.actor, now=now_ms())
    return _target_test(Job.objects.select_related("run", "target").get(run=run))


@endpoint("GET", Permission.READ, reply=TargetTest)
def get_target_test(request: StudioRequest, target: str, run_id: str) -> TargetTest:
    """Read how far the run of a test has come, step by step."""
    run = find_run(request, run_id)
    job = find_job(run)
    if job is None or job.target.name != target:
        raise NotFound(
            _("Run %(run_id)s is not on the compute target %(target)s.")
            % {"run_id": run_id, "target": target},
            run_id=run_id,
        )
    return _target_test(job)


def _target_test(job: Job) -> TargetTest:
    steps = list_test_steps(job, now=now_ms())
    return TargetTest(
        run=job.run.run_id,
        target=job.target.name,
        status=job.run.state.value,
        steps=[
            TestStepInfo(each.name, each.text, each.state.value, each.message)
            for each in steps
        ],
    )
