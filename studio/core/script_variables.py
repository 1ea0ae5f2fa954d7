"""The environment variables by which scripts find the server and their run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from studio.core.connection import Connection

#: The folder with the `azureml` package of this SDK.
SHIM_FOLDER = str(Path(__file__).resolve().parent.parent / "compat")
#: The folder with a `studio` package for interpreters that have none.
STANDALONE_FOLDER = str(Path(SHIM_FOLDER) / "standalone")
#: The folder whose `sitecustomize` writes a log for each rank of a training.
RANK_LOGS_FOLDER = str(Path(SHIM_FOLDER) / "rank_logs")
#: The number of the attempt that runs, from 1.
ATTEMPT_VARIABLE = "STUDIO_ATTEMPT"
#: MLflow would prefer these to the token, or resume a run of another server.
CONFLICTING_VARIABLES = (
    "MLFLOW_TRACKING_USERNAME",
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_RUN_ID",
)


def exported_variables(
    server: Connection, environment: Mapping[str, str]
) -> dict[str, str]:
    """The variables to export, added to the present environment."""
    no_proxy = add_to_no_proxy(server.host, environment)
    return {
        "STUDIO_URL": server.url,
        "STUDIO_TOKEN": server.token,
        "STUDIO_WORKSPACE": server.workspace,
        "MLFLOW_TRACKING_URI": server.tracking_uri,
        "MLFLOW_TRACKING_TOKEN": server.token,
        # Some programs read only one of the two spellings.
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PYTHONPATH": prepend_shim_folder(environment.get("PYTHONPATH", "")),
    }


def prepend_shim_folder(path: str) -> str:
    """A module path that starts with the `azureml` of this SDK."""
    # Evaluating the lines again must not make the path longer.
    others = [one for one in path.split(os.pathsep) if one and one != SHIM_FOLDER]
    return os.pathsep.join([SHIM_FOLDER, *others])


def add_to_no_proxy(host: str, environment: Mapping[str, str]) -> str:
    """The hosts that are reached without a proxy, with this one."""
    known = f"{environment.get('NO_PROXY', '')},{environment.get('no_proxy', '')}"
    names = f"{known},{host}".split(",")
    return ",".join(dict.fromkeys(name.strip() for name in names if name.strip()))
