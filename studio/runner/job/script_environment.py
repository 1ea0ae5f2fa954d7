"""The environment variables of a submitted script."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from studio.core.connection import Connection
from studio.core.job_files import JobFile
from studio.core.run_definition import environment_variables
from studio.core.script_variables import (
    ATTEMPT_VARIABLE,
    CONFLICTING_VARIABLES,
    STANDALONE_FOLDER,
    exported_variables,
)
from studio.runner.environments import PreparedEnvironment
from studio.sdk.delivery import LEFTOVERS_VARIABLE
from studio.sdk.process_tree import RUNNER_VARIABLE

#: What belongs to the run that submitted this one, or to the runner.
_DROPPED = (
    *CONFLICTING_VARIABLES,
    *("STUDIO_JOINED_RUN_ID", "STUDIO_EXPERIMENT", "STUDIO_MODE"),
    RUNNER_VARIABLE,
    *("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"),
)
#: Of this machine's variables, those that mean the same in a container.
_CONTAINER_NAMES = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "TZ"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }
)
#: Folders that a container does not have.
_FOLDERS = ("STUDIO_AGENT_HOME", "STUDIO_CACHE", "STUDIO_HOME", "STUDIO_JOBS")
_CONTAINER_BEGINNINGS = ("STUDIO_", "CUDA_VISIBLE_", "NCCL_", "HIP_VISIBLE_", "ROCR_")
#: v1 scripts that read these want texts.
_SUBSCRIPTION, _GROUP = "00000000-0000-0000-0000-000000000000", "run-studio"


def script_environment(
    job: JobFile, prepared: PreparedEnvironment, base: Mapping[str, str]
) -> dict[str, str]:
    """The runner's environment `base`, changed so that the script logs to its run."""
    variables = {name: base[name] for name in base if name not in _DROPPED}
    variables |= environment_variables(job.definition)
    server = Connection(job.url, job.token, job.workspace)
    modules = variables.get("PYTHONPATH", "").split(os.pathsep)
    runner_root = str(Path(STANDALONE_FOLDER).parents[2])
    variables["PYTHONPATH"] = os.pathsep.join(
        [
            STANDALONE_FOLDER,
            *(one for one in modules if one not in (runner_root, STANDALONE_FOLDER)),
        ]
    )
    return {
        **variables,
        # What follows comes first: a secret must not redirect the run.
        **job.secrets,
        **exported_variables(server, variables),
        "PATH": _path_with(prepared.interpreter, variables.get("PATH", os.defpath)),
        **prepared.variables,
        LEFTOVERS_VARIABLE: "off",
        ATTEMPT_VARIABLE: str(job.attempt),
        "STUDIO_RUN_ID": job.run,
        "MLFLOW_RUN_ID": job.run,
        "AZUREML_RUN_ID": job.run,
        "AZUREML_ARM_PROJECT_NAME": job.experiment,
        "AZUREML_ARM_WORKSPACE_NAME": job.workspace,
        "AZUREML_ARM_SUBSCRIPTION": variables.get(
            "AZUREML_ARM_SUBSCRIPTION", _SUBSCRIPTION
        ),
        "AZUREML_ARM_RESOURCEGROUP": variables.get("AZUREML_ARM_RESOURCEGROUP", _GROUP),
    }


def container_variables(base: Mapping[str, str]) -> dict[str, str]:
    """The variables of this machine that a container gets, too."""
    return {
        name: value
        for name, value in base.items()
        if name not in _FOLDERS
        and (name.upper() in _CONTAINER_NAMES or name.startswith(_CONTAINER_BEGINNINGS))
    }


def _path_with(interpreter: str, path: str) -> str:
    """A PATH on which `python` is the interpreter."""
    folder = os.path.dirname(interpreter)  # noqa: PTH120 (links stay as they are)
    found = shutil.which("python", path=path)
    if not folder or (found and os.path.dirname(found) == folder):  # noqa: PTH120
        return path
    return os.pathsep.join([folder, path])
