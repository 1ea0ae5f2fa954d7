"""The addresses of the Compute page and of what its buttons do."""

from __future__ import annotations

from django.urls import URLPattern, path

from runs.pages.compute.agents import drain_agent, new_agent, remove_agent
from runs.pages.compute.compute import compute_page
from runs.pages.compute.environments import delete_environment
from runs.pages.compute.jobs import move_to_top, set_priority
from runs.pages.compute.secrets import delete_secret, set_secret
from runs.pages.compute.target_page import show_target
from runs.pages.compute.target_tests import show_target_test, start_target_test
from runs.pages.compute.targets import (
    change_target,
    drain_target,
    new_target,
    pause_target,
    remove_target,
)
from runs.pages.requests import WORKSPACE_URL

COMPUTE_URL = f"{WORKSPACE_URL}compute/"
TARGET_URL = f"{COMPUTE_URL}targets/<str:name>/"
AGENT_URL = f"{COMPUTE_URL}agents/<int:number>/"
JOB_URL = f"{COMPUTE_URL}jobs/<str:run_id>/"

urlpatterns: list[URLPattern] = [
    path(COMPUTE_URL, compute_page, name="compute"),
    path(f"{COMPUTE_URL}targets/", new_target, name="compute-target-new"),
    path(TARGET_URL, change_target, name="compute-target"),
    path(f"{TARGET_URL}runs/", show_target, name="compute-target-runs"),
    path(f"{TARGET_URL}pause/", pause_target, name="compute-target-pause"),
    path(f"{TARGET_URL}drain/", drain_target, name="compute-target-drain"),
    path(f"{TARGET_URL}remove/", remove_target, name="compute-target-remove"),
    path(f"{TARGET_URL}test/", start_target_test, name="compute-target-test"),
    path(
        f"{TARGET_URL}test/<str:run_id>/",
        show_target_test,
        name="compute-target-test-run",
    ),
    path(f"{COMPUTE_URL}agents/", new_agent, name="compute-agent-new"),
    path(f"{AGENT_URL}drain/", drain_agent, name="compute-agent-drain"),
    path(f"{AGENT_URL}remove/", remove_agent, name="compute-agent-remove"),
    path(f"{JOB_URL}top/", move_to_top, name="compute-job-top"),
    path(f"{JOB_URL}priority/", set_priority, name="compute-job-priority"),
    path(f"{COMPUTE_URL}secrets/", set_secret, name="compute-secrets"),
    path(
        f"{COMPUTE_URL}secrets/<str:name>/remove/",
        delete_secret,
        name="compute-secret-remove",
    ),
    path(
        f"{COMPUTE_URL}environments/<str:name>/remove/",
        delete_environment,
        name="compute-environment-remove",
    ),
]
