"""The calls of v1 that the notebooks leave out, through `azureml.core`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.parts.server import Server
from tests.sdk.user import User


@pytest.fixture(scope="module")
def seen(user: User) -> dict[str, Any]:
    return user.file("every_call")


def test_a_run_description_is_set_and_replaced(seen: dict[str, Any]) -> None:
    assert seen["described"] == ["first", "first", "*why*", {"team": "nlp"}]
    tags = {"team": "nlp", "b": "x", "plain": None}
    assert seen["changed"] == ["renamed", "because", tags]
    assert seen["number"] == 1
    assert "Tag 'a' is of type int and is kept as text." in seen["stderr"]


def test_files_are_uploaded_by_list_folder_and_stream(seen: dict[str, Any]) -> None:
    assert seen["uploaded"] == ["one.txt", "two/two.txt"]
    assert seen["folder"] == ["kept/deep/a.txt", "kept/deep/b.txt"]
    assert seen["stream"] == "a"


def test_files_are_downloaded_to_the_given_folder(seen: dict[str, Any]) -> None:
    assert seen["local"] == [
        *("below/kept/deep/a.txt", "below/kept/deep/b.txt", "below/one.txt"),
        *("one.txt", "plain/deep/a.txt", "plain/deep/b.txt", "said.txt"),
    ]


def test_logs_are_downloaded_below_assets(seen: dict[str, Any]) -> None:
    # Two threads upload them, in either order.
    logs = ["logs/user_log.txt", "system_logs/environment.json"]
    assert sorted(seen["logs"]) == logs
    assert seen["log text"].endswith("\na line of the log\n")
    assert "StudioWarning: Tag 'a'" in seen["log text"]


def test_accuracy_tables_and_predictions_round_trip(seen: dict[str, Any]) -> None:
    assert seen["documents"] == {
        "accuracy": {"schema_type": "accuracy_table", "data": {}},
        "predictions": {"schema_type": "predictions", "data": {}},
    }


def test_a_run_takes_one_snapshot(seen: dict[str, Any]) -> None:
    known = seen["snapshot"]
    message = f"Cannot take snapshot as the run already has one: {known}"
    assert seen["taken"] == [True, ["SnapshotException", message]]
    assert seen["restored"] == [f"{known}.zip", ["train.py"]]
    assert seen["no snapshot"] is None


def test_a_run_is_found_in_every_documented_way(seen: dict[str, Any]) -> None:
    run_id = seen["id"]
    assert seen["found"] == [run_id, run_id, [run_id], [run_id]]
    assert seen["by compute"] == [
        "UserErrorException",
        "status may only be Running or Queued, not 'Completed'",
    ]


def test_a_run_type_has_one_factory(seen: dict[str, Any]) -> None:
    assert seen["twice"][0] == "ValueError"


def test_waiting_for_a_failed_run_raises_its_error(seen: dict[str, Any]) -> None:
    status, (name, message), unraised = seen["failed"]
    assert (status["status"], name, unraised) == (
        *("Failed", "ActivityFailedException", "Failed"),
    )
    assert json.loads(message)["error"]["message"] == "DataError: it broke"
    silent = json.loads(seen["silent"][1])["error"]["message"]
    assert silent == (
        "Detailed error not set on the Run. Please check the logs for details."
    )


def test_an_exception_names_the_page_with_more_information(
    seen: dict[str, Any],
) -> None:
    broken = seen["broken"]
    first = broken["message"].splitlines()[0]
    assert first == "User program failed with ValueError: boom"
    assert broken["code"] == "UserError"
    assert broken["detailsUri"] == "https://aka.ms/azureml-run-troubleshooting"


def test_waiting_shows_log_and_summary_as_v1_does(seen: dict[str, Any]) -> None:
    streamed, failed, other = seen["shown"]
    same, address = seen["portal"]
    assert same is True
    head = f"RunId: {seen['id']}\nWeb View: {address}\n"
    log = "Streaming logs/user_log.txt\n===========================\n\n"
    summary = f"Execution Summary\n=================\n{head}"
    assert streamed == f"{head}\n{log}{seen['log text']}\n{summary}\n"
    assert failed.startswith(f"RunId: {other}\n")
    assert '\n\nError:\n{\n    "error": {\n' in failed


def test_clean_leaves_nothing_of_a_local_run(seen: dict[str, Any]) -> None:
    assert seen["clean"] == []


def test_a_child_uploads_outputs_only_on_request(seen: dict[str, Any]) -> None:
    assert seen["child"] == ["low", ["child-outputs/x.bin"], []]
    assert seen["parent"] == [True, None]


def test_a_script_run_config_is_checked(seen: dict[str, Any]) -> None:
    assert seen["config"] == ["train.py", ["--lr", 0.1], "local"]
    name, message = seen["no script"]
    assert name == "ExperimentExecutionException"
    assert message.startswith(
        "nosuch.py script path doesn't exist. The script should be inside the project "
        "folder "
    )
    assert seen["both"][0] == "UserErrorException"


def test_experiments_are_tagged_archived_and_restored(seen: dict[str, Any]) -> None:
    assert seen["experiment tags"] == {"kept": None, "b": "2"}
    views, dated = seen["archived"]
    assert dated is True
    assert "old-one" in views["ArchivedOnly"]
    assert not set(views["ActiveOnly"]) & set(views["ArchivedOnly"])
    assert "every-call" not in views["ArchivedOnly"]
    assert {"old-one", "every-call"} <= set(views["All"])
    assert seen["reactivated"] == seen["named"] == ["old-one"]


def test_a_deleted_experiment_is_not_recreated(seen: dict[str, Any]) -> None:
    left, (name, message) = seen["deleted"]
    assert "old-one" not in left
    assert name == "AlreadyExists"
    assert "in the trash" in message


def test_a_workspace_has_the_attributes_that_v1_scripts_read(
    seen: dict[str, Any], server: Server
) -> None:
    details = seen["details"]
    assert details["mlFlowTrackingUri"] == f"{server.url}/w/default"
    assert details["id"].endswith("/workspaces/default")
    assert (details["name"], details["resourceGroup"]) == ("default", "run-studio")
