"""The rows of the notebook manage-runs that do not submit, through `azureml.core`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sdk.user import User


@pytest.fixture(scope="module")
def seen(user: User) -> dict[str, Any]:
    return user.file("manage_runs")


def test_a_run_starts_and_completes(seen: dict[str, Any]) -> None:
    assert (seen["started"], seen["completed"]) == ("Running", "Completed")
    assert (seen["inside"], seen["after"]) == ("Running", "Completed")
    assert seen["run"].endswith("Type: None,\nStatus: Running)")


def test_details_have_the_keys_that_scripts_use(seen: dict[str, Any]) -> None:
    known = {
        *("runId", "target", "status", "startTimeUtc", "services", "properties"),
        *("inputDatasets", "outputDatasets", "logFiles", "submittedBy"),
    }
    assert set(seen["details"]) == known
    assert set(seen["ended"]) == known | {"endTimeUtc"}
    assert seen["ended"]["startTimeUtc"] <= seen["ended"]["endTimeUtc"]
    assert seen["details"]["target"] == "local"


def test_output_and_files_in_outputs_are_uploaded(seen: dict[str, Any]) -> None:
    assert "printed in the block\n" in seen["logs"]["logs/user_log.txt"]
    assert "outputs/weights.bin" in seen["outputs"]


def test_a_script_run_config_can_be_created(seen: dict[str, Any]) -> None:
    assert seen["config"] == ["hello.py", True]


def test_properties_are_written_once(seen: dict[str, Any]) -> None:
    assert seen["conflict"] == (
        "Property 'author' is already set to 'azureml-user' and properties cannot be "
        "changed."
    )
    assert seen["properties"] == {"author": "azureml-user"}


def test_tags_are_changed(seen: dict[str, Any]) -> None:
    assert seen["tags"] == {"quality": "fantastic run", "worth another look": None}


def test_runs_are_found_by_tags_and_properties(seen: dict[str, Any]) -> None:
    assert seen["by both"] == seen["by tag"] == [seen["id"]]
    assert seen["by none"] == []
    assert seen["newest first"] is True


def test_children_are_created_one_by_one(seen: dict[str, Any]) -> None:
    assert len(seen["children"]) == 5
    assert seen["child"] == "NotStarted"
    assert (seen["roots"], seen["all"]) == (3, 8)
    assert seen["child metrics"] == [0, 1, 2, 3, 4]


def test_children_are_created_by_one_request(seen: dict[str, Any]) -> None:
    assert seen["batch"] == [["Completed", str(number)] for number in range(5)]
    assert seen["fruits"] == [{"fruit": "apple"}, {"fruit": "pear"}]
    assert seen["below"] == [12, 13]
    assert seen["pears"] == [seen["pear"]]


def test_a_grandchild_logs_to_the_root(seen: dict[str, Any]) -> None:
    text = f"Data from child run {seen['grandchild']}"
    assert seen["root metric"] == {"MyMetric": text}


def test_final_statuses_do_not_change(seen: dict[str, Any]) -> None:
    assert (seen["canceled"], seen["failed"]) == ("Canceled", "Failed")


def test_the_snapshot_has_the_sources_and_no_secrets(seen: dict[str, Any]) -> None:
    assert seen["archive"] == [True, f"{seen['snapshot']}.zip"]
    assert sorted(seen["sources"]) == [".amlignore", "hello.py"]


def test_waiting_prints_the_address_of_the_run(seen: dict[str, Any]) -> None:
    assert seen["waited"] == "Completed"
    end = seen["stdout"][seen["stdout"].rindex("\nRunId: ", 0, -200) :]
    for word in ("RunId: ", "Web View: http://", "Execution Summary", "=" * 17):
        assert word in end
