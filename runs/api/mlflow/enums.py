"""MLflow's names for statuses and lifecycle stages, and their meaning here."""

from __future__ import annotations

from runs.api.mlflow.errors import invalid_parameter
from runs.models import Experiment, Run
from studio.core.statuses import RunStatus

ACTIVE_ONLY, DELETED_ONLY, ALL = "ACTIVE_ONLY", "DELETED_ONLY", "ALL"

#: In the order of MLflow's enum numbers, because `enum_name` counts positions.
RUN_STATUSES = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")
VIEW_TYPES = (ACTIVE_ONLY, DELETED_ONLY, ALL)
MODEL_STATUSES = (
    "LOGGED_MODEL_PENDING",
    "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED",
)

_STATUSES_BY_NAME = {
    "RUNNING": RunStatus.RUNNING,
    "SCHEDULED": RunStatus.NOT_STARTED,
    "FINISHED": RunStatus.COMPLETED,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.CANCELED,
}


def parse_status(word: str | int, field: str = "status") -> RunStatus:
    """Return the status that a name or number in a request means."""
    return _STATUSES_BY_NAME[enum_name(word, RUN_STATUSES, field)]


def enum_name(word: str | int, names: tuple[str, ...], field: str) -> str:
    """Return an enum's name from its name or its number, which starts at 1."""
    if isinstance(word, int) or word.isdecimal():
        number = int(word)
        name = names[number - 1] if 1 <= number <= len(names) else ""
    else:
        name = word if word in names else ""
    if not name:
        raise invalid_parameter(field, word, f"Valid values are {list(names)}.")
    return name


def lifecycle_stage(thing: Run | Experiment) -> str:
    """Return `active` or `deleted`; a run is deleted if it or its experiment is."""
    return "deleted" if is_deleted(thing) else "active"


def is_deleted(thing: Run | Experiment) -> bool:
    if thing.deleted is not None:
        return True
    # Deleting an experiment marks no run, so the experiment is checked too.
    return isinstance(thing, Run) and thing.experiment.deleted is not None
