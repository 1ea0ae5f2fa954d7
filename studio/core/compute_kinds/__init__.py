"""The kinds of compute targets, and the settings that targets of each kind have.

`agents` starts processes where the agent runs. Each other kind has a module here, and
names an engine that the agent reaches. The server stores the settings; only agents use
them.
"""

from __future__ import annotations

from studio.core.compute_kinds.engine_states import (
    STATUS_OF_STATE,
    EndCode,
    EngineState,
)
from studio.core.compute_kinds.kind import DEFAULT_MAX_JOBS, ComputeKind, Setting
from studio.core.compute_kinds.kinds import COMPUTE_KINDS, check_kind, default_jobs
from studio.core.compute_kinds.quantities import parse_duration, parse_size
from studio.core.compute_kinds.ray import (
    RAY_DRIVER,
    RAY_LOG,
    RAY_SCRIPT,
    ray_request,
    ray_resources,
    ray_script,
)
from studio.core.compute_kinds.settings import (
    check_settings,
    parse_settings,
    print_settings,
)
from studio.core.compute_kinds.slurm import (
    SLURM_LOG,
    SLURM_WRAPPER,
    slurm_array_script,
    slurm_script,
)
from studio.core.compute_kinds.ssh import (
    CLIENT_VARIABLE,
    DEFAULT_FOLDER,
    DEFAULT_PYTHON,
    quote_path,
    ssh_script,
)

__all__ = [
    "CLIENT_VARIABLE",
    "COMPUTE_KINDS",
    "DEFAULT_FOLDER",
    "DEFAULT_MAX_JOBS",
    "DEFAULT_PYTHON",
    "RAY_DRIVER",
    "RAY_LOG",
    "RAY_SCRIPT",
    "SLURM_LOG",
    "SLURM_WRAPPER",
    "STATUS_OF_STATE",
    "ComputeKind",
    "EndCode",
    "EngineState",
    "Setting",
    "check_kind",
    "check_settings",
    "default_jobs",
    "parse_duration",
    "parse_settings",
    "parse_size",
    "print_settings",
    "quote_path",
    "ray_request",
    "ray_resources",
    "ray_script",
    "slurm_array_script",
    "slurm_script",
    "ssh_script",
]
