"""A failed run without an error gets it from the traceback in its log."""

from __future__ import annotations

import pytest

from runs.models import Run
from tests.api.protocol import Mlflow

LOG = "user_logs/std_log.txt"
TRACEBACK = (
    "Traceback (most recent call last):\n"
    '  File "train.py", line 3, in <module>\n'
    "ValueError: bad"
)
BYTES = "application/octet-stream"


def run_after(
    mlflow: Mlflow, *steps: str, path: str = LOG, status: str = "FAILED"
) -> Run:
    """The run after its log was sent and its end reported, in this order."""
    run_id = mlflow.new_run()
    for step in steps:
        if step == "end":
            mlflow.post("runs/update", run_id=run_id, status=status)
            continue
        data = f"epoch 1\n{TRACEBACK}\n".encode() if step == "log" else step.encode()
        append(mlflow, run_id, path, data)
    return Run.objects.get(run_id=run_id)


def append(
    mlflow: Mlflow, run_id: str, path: str, data: bytes, offset: int = 0
) -> None:
    base = f"/api/v1/workspaces/{mlflow.workspace.name}/runs"
    address = f"{base}/{run_id}/files/{path}?offset={offset}"
    answer = mlflow.client.generic("PATCH", address, data, BYTES)
    assert answer.status_code == 200, answer.content


@pytest.mark.parametrize("steps", [("log", "end"), ("end", "log")])
def test_the_traceback_becomes_the_error_in_either_order(
    mlflow: Mlflow, steps: tuple[str, ...]
) -> None:
    run = run_after(mlflow, *steps)
    assert run.error == TRACEBACK
    assert run.error_kind is not None
    assert run.error_kind.startswith("ValueError-")


def test_a_traceback_that_arrives_in_parts_is_completed(mlflow: Mlflow) -> None:
    first, last = TRACEBACK.rsplit("ValueError", 1)
    parts = [first, "Val", f"ueError{last}\n", "bye\n"]
    run_id, sent, errors = mlflow.new_run(), "", []
    mlflow.post("runs/update", run_id=run_id, status="FAILED")
    for part in parts:
        append(mlflow, run_id, LOG, part.encode(), offset=len(sent))
        sent += part
        errors.append(Run.objects.get(run_id=run_id).error)
    assert errors == [first.strip(), f"{first}Val", TRACEBACK, TRACEBACK]
    assert (Run.objects.get(run_id=run_id).error_kind or "").startswith("ValueError-")


@pytest.mark.parametrize(
    ("steps", "path", "status"),
    [
        (("log", "end"), LOG, "FINISHED"),
        (("end", "log"), LOG, "KILLED"),
        (("end", "log"), "outputs/notes.txt", "FAILED"),
        (("end", "no traceback"), LOG, "FAILED"),
    ],
)
def test_other_runs_and_files_set_no_error(
    mlflow: Mlflow, steps: tuple[str, ...], path: str, status: str
) -> None:
    run = run_after(mlflow, *steps, path=path, status=status)
    assert (run.error, run.error_kind) == ("", None)


def test_an_error_that_the_script_set_stays(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    mlflow.post("runs/set-tag", run_id=run_id, key="error", value="mine")
    mlflow.post("runs/update", run_id=run_id, status="FAILED")
    append(mlflow, run_id, LOG, TRACEBACK.encode())
    assert Run.objects.get(run_id=run_id).error == "mine"
