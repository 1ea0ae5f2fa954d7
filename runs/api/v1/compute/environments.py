"""REST: environments that are registered by name."""

from __future__ import annotations

from django.http import HttpResponseBase

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import submit as submit_actions
from runs.api.v1.endpoints import endpoint, json_response
from runs.api.v1.schemas import (
    EnvironmentInfo,
    EnvironmentList,
    EnvironmentSummary,
    NewEnvironment,
    Removed,
)
from runs.models import RegisteredEnvironment, now_ms
from runs.search.submit import list_environments as find_environments
from runs.search.submit import list_versions


@endpoint("GET", Permission.READ, reply=EnvironmentList)
def list_environments(request: StudioRequest) -> EnvironmentList:
    """List the environments by name, each with its newest version."""
    found = find_environments(workspace_of(request))
    return EnvironmentList(
        [
            EnvironmentSummary(one.name, one.version, one.created, _creator(one))
            for one in found
        ]
    )


@endpoint("GET", Permission.READ, reply=EnvironmentInfo)
def get_environment(request: StudioRequest, name: str) -> EnvironmentInfo:
    """Get the newest version of an environment."""
    found = submit_actions.find_environment(workspace_of(request), name)
    return _environment_info(found)


@endpoint("GET", Permission.READ, reply=EnvironmentInfo)
def get_environment_version(
    request: StudioRequest, name: str, version: int
) -> EnvironmentInfo:
    """Get one version of an environment."""
    found = submit_actions.find_environment(workspace_of(request), name, version)
    return _environment_info(found)


@endpoint(
    "POST", Permission.SUBMIT, body=NewEnvironment, reply=EnvironmentInfo, status=201
)
def register_environment(
    request: StudioRequest, name: str, body: NewEnvironment
) -> HttpResponseBase:
    """Register an environment. Content that is known returns its version."""
    found, is_new = submit_actions.register_environment(
        workspace_of(request),
        name,
        body.definition,
        actor=request.actor,
        now=now_ms(),
    )
    return json_response(_environment_info(found), 201 if is_new else 200)


@endpoint("DELETE", Permission.COMPUTE, reply=Removed)
def delete_environment(request: StudioRequest, name: str) -> Removed:
    """Delete all versions of an environment. Submitted runs keep their own copy."""
    deleted = submit_actions.delete_environment(
        workspace_of(request), name, actor=request.actor, now=now_ms()
    )
    return Removed(deleted)


def _environment_info(one: RegisteredEnvironment) -> EnvironmentInfo:
    content = submit_actions.read_environment(one)
    versions = list_versions(one.workspace, one.name)
    return EnvironmentInfo(
        one.name, one.version, one.created, _creator(one), versions, content
    )


def _creator(one: RegisteredEnvironment) -> str | None:
    return one.created_by.username if one.created_by else None
