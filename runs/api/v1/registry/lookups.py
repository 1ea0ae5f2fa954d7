"""Find the models and versions that a path names; raise NotFound otherwise."""

from __future__ import annotations

from runs.access import StudioRequest, workspace_of
from runs.models import ModelVersion, RegisteredModel
from runs.search import registry as registry_search


def find_model(request: StudioRequest, name: str) -> RegisteredModel:
    return registry_search.find_model(workspace_of(request), name)


def find_version(request: StudioRequest, name: str, number: int) -> ModelVersion:
    return registry_search.find_version(find_model(request, name), number)
