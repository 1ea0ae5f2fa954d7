"""REST: submitted runs: what they execute, and the tokens of their scripts."""

from __future__ import annotations

from runs.access import Permission, StudioRequest
from runs.actions import compute as compute_actions
from runs.actions import run as run_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.lookups import find_run
from runs.api.v1.schemas import DefinitionReply, RunTokenReply


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
    run = find_run(request, run_id)
    compute_actions.check_can_control(run, request.actor.user, request.role)
    return RunTokenReply(compute_actions.create_token_for_script(run))
