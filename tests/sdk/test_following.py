"""A log on the terminal while it grows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from studio.sdk.run.log_follower import LogFollower, find_current_log


class Growing:
    """The files of a run whose logs grow, and how much of them was downloaded."""

    def __init__(self) -> None:
        self.logs: dict[str, bytes] = {}
        self.fetched = 0

    def list_files(self) -> Any:
        for path, content in self.logs.items():
            yield SimpleNamespace(path=path, size=len(content))

    def read_into(self, target: BinaryIO, path: str, *, offset: int) -> None:
        content = self.logs[path][offset:]
        self.fetched += len(content)
        target.write(content)


STATE: Any = SimpleNamespace(id="r1", page_url=lambda: "http://studio/r1")


def test_new_log_text_is_fetched_without_splitting_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files: Any = Growing()
    follower = LogFollower(STATE, files)
    assert not follower.print_new_output()
    whole = "Größe\n".encode()
    for end in range(len(whole) + 1):
        files.logs["logs/user_log.txt"] = whole[:end]
        follower.print_new_output()
    assert capsys.readouterr().out == (
        "RunId: r1\nWeb View: http://studio/r1\n\n"
        "Streaming logs/user_log.txt\n===========================\n\nGröße\n"
    )
    assert files.fetched == len(whole)


def test_the_log_with_the_highest_number_is_followed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files: Any = Growing()
    follower = LogFollower(STATE, files)
    files.logs["azureml-logs/60_control_log.txt"] = b"begins\n"
    follower.print_new_output()
    files.logs["azureml-logs/70_driver_log.txt"] = b"trains\n"
    follower.print_new_output()
    said = capsys.readouterr().out
    assert said.endswith(
        "begins\n\nStreaming azureml-logs/70_driver_log.txt\n"
        "========================================\n\ntrains\n"
    )


def test_an_incomplete_character_at_the_end_of_a_log_is_replaced(
    capsys: pytest.CaptureFixture[str],
) -> None:
    files: Any = Growing()
    follower = LogFollower(STATE, files)
    files.logs["azureml-logs/60_control_log.txt"] = "Grö".encode()[:-1]
    follower.print_new_output()
    assert capsys.readouterr().out.endswith("\n\nGr")
    files.logs["azureml-logs/70_driver_log.txt"] = "ß".encode()[:1]
    follower.print_new_output()
    assert capsys.readouterr().out.startswith("\N{REPLACEMENT CHARACTER}\n")
    follower.finish()
    follower.finish()
    assert capsys.readouterr().out == "\N{REPLACEMENT CHARACTER}"


def test_the_first_of_several_workers_is_shown() -> None:
    names = [
        "user_logs/std_log_process_1.txt",
        "user_logs/std_log.txt",
        "azureml-logs/70_driver_log_worker_0.txt",
        "azureml-logs/70_driver_log_worker_1.txt",
        "outputs/70_log.txt",
    ]
    assert find_current_log(names) == "azureml-logs/70_driver_log_worker_0.txt"
    assert find_current_log(names[:2]) == "user_logs/std_log.txt"
    assert find_current_log(["outputs/70_log.txt"]) == ""
