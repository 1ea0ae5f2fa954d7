"""The nodes that a run needs, as options of `sbatch`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.job_files import JOB_FILE
from studio.core.run_definition import is_for_mpi, node_count, rank_count


def with_nodes(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The target's settings with the options for the nodes of a job's run."""
    options = [*node_options(_read_definition(folder)), *settings.get("options", ())]
    return {**settings, "options": options} if options else dict(settings)


def node_options(definition: Mapping[str, Any]) -> list[str]:
    """The options; none for a run on one node."""
    nodes = node_count(definition)
    if nodes < 2:
        return []
    # One task starts PyTorch's ranks of a node. `mpirun` counts the tasks itself.
    tasks = rank_count(definition) if is_for_mpi(definition) else 1
    return [f"--nodes={nodes}", f"--ntasks-per-node={tasks}"]


def _read_definition(folder: Path) -> dict[str, Any]:
    try:
        content = json.loads((folder / JOB_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        # Another agent gave it to Slurm already, or it was ended.
        return {}
    definition: dict[str, Any] = content["definition"]
    return definition
