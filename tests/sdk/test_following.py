"""A log on the terminal while it grows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from studio.sdk.following import Follower, current_log


class Growing:
    """A run whose logs grow, and how much of them was fetched."""

    id = "r1"

    def __init__(self) -> None:
        self.logs: dict[str, bytes] = {}
        self.fetched = 0
        self._link = SimpleNamespace(client=self)

    def get_portal_url(self) -> str:
        return "http://studio/r1"

    def _files(self) -> Any:
        for path, content in self.logs.items():
            yield SimpleNamespace(path=path, size=len(content))

    def _place(self, path: str) -> str:
        return path

    def download(self, path: str, target: BinaryIO, *, offset: int) -> None:
        content = self.logs[path.removeprefix("files/")][offset:]
        self.fetched += len(content)
        target.write(content)


def test_what_is_new_is_fetched_and_letters_stay_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run: Any = Growing()
    follower = Follower(run)
    assert not follower.follow()
    whole = "Größe\n".encode()
    for end in range(len(whole) + 1):
        run.logs["logs/user_log.txt"] = whole[:end]
        follower.follow()
    assert capsys.readouterr().out == (
        "RunId: r1\nWeb View: http://studio/r1\n\n"
        "Streaming logs/user_log.txt\n===========================\n\nGröße\n"
    )
    assert run.fetched == len(whole)


def test_the_highest_log_follows_the_one_before(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run: Any = Growing()
    follower = Follower(run)
    run.logs["azureml-logs/60_control_log.txt"] = b"begins\n"
    follower.follow()
    run.logs["azureml-logs/70_driver_log.txt"] = b"trains\n"
    follower.follow()
    said = capsys.readouterr().out
    assert said.endswith(
        "begins\n\nStreaming azureml-logs/70_driver_log.txt\n"
        "========================================\n\ntrains\n"
    )


def test_half_a_letter_at_a_logs_end_is_a_mark(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run: Any = Growing()
    follower = Follower(run)
    run.logs["azureml-logs/60_control_log.txt"] = "Grö".encode()[:-1]
    follower.follow()
    assert capsys.readouterr().out.endswith("\n\nGr")
    run.logs["azureml-logs/70_driver_log.txt"] = "ß".encode()[:1]
    follower.follow()
    assert capsys.readouterr().out.startswith("\N{REPLACEMENT CHARACTER}\n")
    follower.finish()
    follower.finish()
    assert capsys.readouterr().out == "\N{REPLACEMENT CHARACTER}"


def test_of_several_workers_the_first_is_shown() -> None:
    names = [
        "user_logs/std_log_process_1.txt",
        "user_logs/std_log.txt",
        "azureml-logs/70_driver_log_worker_0.txt",
        "azureml-logs/70_driver_log_worker_1.txt",
        "outputs/70_log.txt",
    ]
    assert current_log(names) == "azureml-logs/70_driver_log_worker_0.txt"
    assert current_log(names[:2]) == "user_logs/std_log.txt"
    assert current_log(["outputs/70_log.txt"]) == ""
