"""The log that is opened first."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runs.actions.actor import Actor
from runs.actions.files.files import save_file
from runs.models import Run
from runs.search.files import find_log
from studio.core.statuses import RunStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

DRIVER = "azureml-logs/70_driver_log.txt"
STD, RANK = "user_logs/std_log.txt", "user_logs/std_log_process_1.txt"
TORCHRUN = b"""\
Root Cause (first observed failure):
[0]:
  time      : 2026-11-24_12:27:40
  host      : gpu-1
  rank      : 1 (local_rank: 1)
  exitcode  : 1 (pid: 123)
"""


def chosen(run: Run, files: Sequence[str], end: bytes = b"") -> str | None:
    for now, path in enumerate(files, 1):
        data = b"x\n" + end if path == STD else b"x\n"
        save_file(run, path, [data], actor=Actor(), now=now, limit=10**6)
    found = find_log(run)
    return found.path if found else None


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([STD, DRIVER, "logs/user_log.txt"], STD),
        (
            ["logs/user_log.txt", DRIVER],
            DRIVER,
        ),
        (["outputs/log.txt", "logs/user_log.txt"], "logs/user_log.txt"),
        (["logs/a.txt", "logs/deep/b.log", "outputs/c.txt"], "logs/deep/b.log"),
        (["logs/a.txt", "logs/plot.png"], "logs/a.txt"),
        (["outputs/a.txt", "confusion", "catalogs/a.txt"], None),
        ([], None),
    ],
)
def test_a_log_comes_before_outputs(
    run: Run, files: Sequence[str], expected: str | None
) -> None:
    assert chosen(run, files) == expected


@pytest.mark.parametrize(
    ("end", "status", "expected"),
    [
        (b"\nRank 1 ended with exit code 1.\n", RunStatus.FAILED, RANK),
        (TORCHRUN, RunStatus.FAILED, RANK),
        (b"\nRank 1 ended with exit code 1.\n", RunStatus.RUNNING, STD),
        (b"\nRank 7 ended with exit code 1.\n", RunStatus.FAILED, STD),
        (b"no rank\n", RunStatus.FAILED, STD),
    ],
)
def test_the_log_of_the_rank_that_failed_is_first(
    run: Run, end: bytes, status: RunStatus, expected: str
) -> None:
    Run.objects.filter(pk=run.pk).update(status=status.code)
    run.refresh_from_db()
    others = ["user_logs/std_log_process_0.txt", RANK]
    assert chosen(run, [STD, *others], end) == expected
