"""runs/create, get, update, delete, restore; the tags that mean something."""

import pytest

from runs.actions.actor import SERVER
from runs.actions.run import lifecycle
from runs.models import Launcher, Role, Run, RunEvent
from studio.core.statuses import RunStatus
from tests.api.protocol import Mlflow, as_dict, member

NAME, NOTE, PARENT = "mlflow.runName", "mlflow.note.content", "mlflow.parentRunId"


def tag(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def stored(run_id: str) -> Run:
    return Run.objects.get(run_id=run_id)


def test_a_new_run_has_the_shape_that_clients_read(mlflow: Mlflow) -> None:
    made = mlflow.post(
        "runs/create",
        experiment_id="0",
        user_id="root",
        run_name="r1",
        start_time=1795521605559,
        tags=[tag("mlflow.source.name", "train.py"), tag(NAME, "r1"), tag(NOTE, "d")],
    )["run"]
    info = made["info"]
    run_id = info["run_id"]
    assert info == {
        "run_id": run_id,
        "run_uuid": run_id,
        "experiment_id": "0",
        "run_name": "r1",
        "user_id": "root",
        "status": "RUNNING",
        "start_time": 1795521605559,
        "artifact_uri": f"mlflow-artifacts:/0/{run_id}/artifacts",
        "lifecycle_stage": "active",
    }
    assert made == mlflow.run(run_id)
    assert as_dict(made["data"]["tags"]) == {
        "mlflow.source.name": "train.py",
        NAME: "r1",
        NOTE: "d",
        "mlflow.user": "root",
    }
    run = stored(run_id)
    assert (run.name, run.description, run.script) == ("r1", "d", "train.py")


def test_a_run_without_a_name_gets_one_as_field_and_tag(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    name = mlflow.run(run_id)["info"]["run_name"]
    assert name == mlflow.tags(run_id)[NAME] == stored(run_id).name != ""


def test_two_names_that_differ_are_refused(mlflow: Mlflow) -> None:
    refused = mlflow.refused("runs/create", run_name="a", tags=[tag(NAME, "b")])
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert Run.objects.count() == 0


def test_the_name_changes_by_field_and_by_tag(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run(run_name="a")
    mlflow.post("runs/update", run_id=run_id, run_name="b")
    assert mlflow.tags(run_id)[NAME] == "b"
    mlflow.post("runs/set-tag", run_id=run_id, key=NAME, value="c")
    assert mlflow.run(run_id)["info"]["run_name"] == stored(run_id).name == "c"


def test_the_note_is_the_description_both_ways(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run(tags=[tag(NOTE, "first")])
    mlflow.post("runs/set-tag", run_id=run_id, key=NOTE, value="second")
    assert stored(run_id).description == mlflow.tags(run_id)[NOTE] == "second"
    Run.objects.filter(run_id=run_id).update(description="from the page")
    assert mlflow.tags(run_id)[NOTE] == "from the page"
    mlflow.post("runs/delete-tag", run_id=run_id, key=NOTE)
    assert NOTE not in mlflow.tags(run_id)
    assert stored(run_id).description == ""


def test_the_last_of_two_tags_with_the_same_key_is_kept(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run(tags=[tag("k", "1"), tag("k", "2")])
    assert mlflow.tags(run_id)["k"] == "2"


def test_a_parent_is_set_once(mlflow: Mlflow) -> None:
    parent = mlflow.new_run()
    child = mlflow.new_run(tags=[tag(PARENT, parent)])
    assert stored(child).parent == stored(parent)
    same = {"run_id": child, "key": PARENT, "value": parent}
    assert mlflow.post("runs/set-tag", **same) == {}
    refused = mlflow.refused("runs/set-tag", **{**same, "value": "another"})
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert PARENT in refused.message
    assert mlflow.refused("runs/delete-tag", run_id=child, key=PARENT).status == 400


def test_a_parent_can_arrive_later_but_circles_are_refused(mlflow: Mlflow) -> None:
    first = mlflow.new_run()
    second = mlflow.new_run(tags=[tag(PARENT, first)])
    refused = mlflow.refused("runs/set-tag", run_id=first, key=PARENT, value=second)
    assert (refused.status, "circle" in refused.message) == (400, True)
    waiting = mlflow.new_run(tags=[tag(PARENT, "not-there-yet")])
    assert mlflow.tags(waiting)[PARENT] == "not-there-yet"


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("FINISHED", RunStatus.COMPLETED),
        ("FAILED", RunStatus.FAILED),
        ("KILLED", RunStatus.CANCELED),
        (3, RunStatus.COMPLETED),
        ("5", RunStatus.CANCELED),
    ],
)
def test_a_run_gets_the_final_status_that_the_client_sends(
    mlflow: Mlflow, word: object, status: RunStatus
) -> None:
    run_id = mlflow.new_run()
    info = mlflow.post("runs/update", run_id=run_id, status=word, end_time=9_000)[
        "run_info"
    ]
    assert info["end_time"] == stored(run_id).ended == 9_000
    assert stored(run_id).state is status


def test_a_final_status_does_not_change(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    mlflow.post("runs/update", run_id=run_id, status="FAILED", end_time=5)
    info = mlflow.post("runs/update", run_id=run_id, status="FINISHED", end_time=9)
    assert info["run_info"]["status"] == "FAILED"
    assert info["run_info"]["end_time"] == 5


def test_running_reopens_a_final_run_as_its_own_event(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    mlflow.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)
    info = mlflow.post("runs/update", run_id=run_id, status="RUNNING")["run_info"]
    assert info["status"] == "RUNNING"
    assert "end_time" not in info
    last = RunEvent.objects.filter(run__run_id=run_id).order_by("id").last()
    assert last is not None
    assert RunStatus.from_code(last.new) is RunStatus.RUNNING


def test_a_client_can_only_fail_a_run_of_a_launcher(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    Run.objects.filter(run_id=run_id).update(launcher=Launcher.RUNNER)
    mlflow.post("runs/update", run_id=run_id, status="FINISHED", end_time=5)
    assert stored(run_id).state is RunStatus.RUNNING
    mlflow.post("runs/update", run_id=run_id, status="FAILED")
    assert stored(run_id).state is RunStatus.FAILED
    mlflow.post("runs/update", run_id=run_id, status="RUNNING")
    assert stored(run_id).state is RunStatus.FAILED


@pytest.mark.parametrize("word", ["FINISHED", "FAILED", "KILLED"])
@pytest.mark.parametrize(
    "path",
    [
        (RunStatus.FINALIZING,),
        (RunStatus.PAUSED,),
        (RunStatus.NOT_RESPONDING,),
        (RunStatus.CANCEL_REQUESTED,),
    ],
)
def test_an_active_run_of_any_status_can_end(
    mlflow: Mlflow, path: tuple[RunStatus, ...], word: str
) -> None:
    run_id = mlflow.new_run()
    for status in path:
        lifecycle.change_status(stored(run_id), status, actor=SERVER, now=7)
    info = mlflow.post("runs/update", run_id=run_id, status=word)["run_info"]
    assert info["status"] == word


def test_a_running_status_keeps_a_cancel_request(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    lifecycle.request_cancel(stored(run_id), actor=SERVER, now=7)
    info = mlflow.post("runs/update", run_id=run_id, status="RUNNING")["run_info"]
    assert info["status"] == "RUNNING"
    assert stored(run_id).state is RunStatus.CANCEL_REQUESTED


@pytest.mark.parametrize("word", ["BOGUS", 0, 6, "running", {}, 1.5])
def test_an_unknown_status_is_refused(mlflow: Mlflow, word: object) -> None:
    run_id = mlflow.new_run()
    refused = mlflow.refused("runs/update", run_id=run_id, status=word)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "status" in refused.message


def test_the_old_parameter_run_uuid_is_accepted(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    assert mlflow.get("runs/get", run_uuid=run_id)["run"]["info"]["run_id"] == run_id
    assert mlflow.post("runs/update", run_uuid=run_id, status="FINISHED")


@pytest.mark.parametrize(
    "path",
    ["runs/get", "runs/update", "runs/delete", "runs/log-batch", "runs/outputs"],
)
def test_a_request_without_a_run_id_is_refused(mlflow: Mlflow, path: str) -> None:
    ask = mlflow.refused_get if path == "runs/get" else mlflow.refused
    missing = ask(path)
    assert (missing.status, missing.code) == (400, "INVALID_PARAMETER_VALUE")
    assert missing.message.startswith("Missing value for required parameter 'run_id'.")
    unknown = ask(path, run_id="none")
    assert (unknown.status, unknown.code, unknown.message) == (
        404,
        "RESOURCE_DOES_NOT_EXIST",
        "Run with id=none not found",
    )
    assert ask(path, run_id="a\u0000b").status == 404


def test_delete_and_restore_can_be_repeated(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    for _ in range(2):
        assert mlflow.post("runs/delete", run_id=run_id) == {}
    assert mlflow.run(run_id)["info"]["lifecycle_stage"] == "deleted"
    for _ in range(2):
        assert mlflow.post("runs/restore", run_id=run_id) == {}
    assert mlflow.run(run_id)["info"]["lifecycle_stage"] == "active"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("runs/update", {"status": "FINISHED"}),
        ("runs/set-tag", {"key": "a", "value": "b"}),
        ("runs/delete-tag", {"key": "a"}),
        ("runs/log-metric", {"key": "a", "value": 1, "timestamp": 1}),
        ("runs/log-parameter", {"key": "a", "value": "1"}),
        ("runs/log-batch", {}),
        ("runs/log-inputs", {}),
        ("runs/outputs", {}),
    ],
)
def test_data_for_a_deleted_run_is_kept_with_it(
    mlflow: Mlflow, path: str, body: dict[str, object]
) -> None:
    run_id = mlflow.new_run(tags=[tag("a", "1")])
    mlflow.post("runs/delete", run_id=run_id)
    mlflow.post(path, run_id=run_id, **body)
    assert mlflow.run(run_id)["info"]["lifecycle_stage"] == "deleted"


def test_another_workspace_has_no_such_run(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    other = member("elsewhere")
    assert other.refused_get("runs/get", run_id=run_id).status == 404
    assert (
        other.refused("runs/set-tag", run_id=run_id, key="a", value="b").status == 404
    )


@pytest.mark.parametrize("time", [-1, 1.5, "x", 2**63, True, "1e99"])
def test_a_bad_start_time_is_refused(mlflow: Mlflow, time: object) -> None:
    refused = mlflow.refused("runs/create", start_time=time)
    assert (refused.status, refused.code) == (400, "INVALID_PARAMETER_VALUE")
    assert "start_time" in refused.message


@pytest.mark.parametrize("time", ["1795521605000", "1.795521605e+12", 1795521605000.0])
def test_a_time_can_be_spelled_as_the_r_client_does(
    mlflow: Mlflow, time: object
) -> None:
    run = mlflow.run(mlflow.new_run(start_time=time))
    assert run["info"]["start_time"] == 1795521605000


def test_a_long_script_name_is_kept_whole_as_tag(mlflow: Mlflow) -> None:
    name = "x" * 3000
    run_id = mlflow.new_run(tags=[tag("mlflow.source.name", name)])
    assert mlflow.tags(run_id)["mlflow.source.name"] == name


def test_a_reader_can_read_but_not_write(mlflow: Mlflow) -> None:
    run_id = mlflow.new_run()
    reader = member("lab", Role.READER)
    assert reader.run(run_id)["info"]["run_id"] == run_id
    refused = reader.refused("runs/set-tag", run_id=run_id, key="a", value="b")
    assert (refused.status, refused.code) == (403, "PERMISSION_DENIED")


def test_the_tag_error_of_a_failed_run_is_its_error(mlflow: Mlflow) -> None:
    for status, error in (("FAILED", "ValueError: 5"), ("FINISHED", "")):
        run_id = mlflow.new_run()
        mlflow.post("runs/set-tag", run_id=run_id, key="error", value="ValueError: 5")
        mlflow.post("runs/update", run_id=run_id, status=status)
        assert stored(run_id).error == error
