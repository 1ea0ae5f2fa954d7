"""The search in a run's log."""

from __future__ import annotations

import pytest

from studio.sdk import LogMatch, Run, UserErrorException, Workspace
from studio.sdk.client import Client

LOG = "user_logs/std_log.txt"
TIME = 1_780_000_000


@pytest.fixture(scope="module")
def run(client: Client, workspace: Workspace) -> Run:
    client.post("runs", {"experiment": "logs", "id": "searched"})
    text = f"start\n{TIME} ERROR \x1b[31mno\x1b[0m Memory\n" + "step\n" * 450
    _append(client, LOG, text)
    _append(client, "logs/other.log", "memory of another file\n")
    return workspace.get_run("searched")


def _append(client: Client, path: str, text: str) -> None:
    place = f"runs/searched/files/{path}?offset=0"
    client.send("PATCH", place, text.encode())


def test_matching_lines_have_their_number_level_and_time(run: Run) -> None:
    line = LogMatch(LOG, 2, f"{TIME} ERROR no Memory", "error", float(TIME))
    assert [*run.search_log("memory")] == [line]
    assert [*run.search_log("memory", match_case=True)] == []
    assert str(line) == f"2: {TIME} ERROR no Memory"


def test_expressions_and_other_files_are_searched(run: Run) -> None:
    assert [each.line for each in run.search_log(r"^st.rt$", regex=True)] == [1]
    assert [*run.search_log(r"^st.rt$")] == []
    other = run.search_log("memory", path="logs/other.log")
    assert [each.text for each in other] == ["memory of another file"]


def test_more_matches_are_read_than_one_reply_has(run: Run) -> None:
    assert [each.line for each in run.search_log("step")] == [*range(3, 453)]


@pytest.mark.parametrize(("text", "path"), [("(", None), ("a", "logs/none.log")])
def test_a_wrong_search_is_refused_at_once(
    run: Run, text: str, path: str | None
) -> None:
    with pytest.raises(UserErrorException):
        run.search_log(text, regex=True, path=path)
