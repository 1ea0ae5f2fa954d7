"""How the routes of a workspace, an experiment and a run begin."""

from __future__ import annotations

WORKSPACE_URL = "w/<str:workspace>/"
EXPERIMENT_URL = f"{WORKSPACE_URL}experiments/<str:slug>/"
RUN_URL = f"{WORKSPACE_URL}runs/<str:run_id>/"
