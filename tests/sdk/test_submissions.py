"""What is submitted, and what cannot be: targets, folders, scripts, arguments."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.core.errors import PermissionDenied, StudioError, Unavailable
from studio.sdk import (
    Experiment,
    Run,
    RunConfiguration,
    ScriptRunConfig,
    Workspace,
)
from studio.sdk.client import Client
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.errors import (
    ComputeTargetException,
    ExperimentExecutionException,
    SnapshotException,
    UserErrorException,
)
from studio.sdk.hyperdrive import GridParameterSampling, HyperDriveConfig, choice
from studio.sdk.run.slot_lending import lend_slot
from studio.sdk.submission import TensorflowConfiguration
from studio.sdk.submission.submit import _token_for
from tests.parts.fake_http import FixedResponse, serving
from tests.parts.owner_token import owner_token
from tests.parts.server import Server
from tests.parts.waiting import becomes

QUEUE = "gpu-queue"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "train.py").write_text("print('trained')\n")
    return folder


@pytest.fixture
def workspace(sdk_variables: None) -> Workspace:
    del sdk_variables
    return Workspace.from_config()


@pytest.fixture
def experiment(workspace: Workspace) -> Experiment:
    return Experiment(workspace, "submissions")


@pytest.fixture(scope="module")
def queue(server: Server) -> Iterator[str]:
    """A target without an agent."""
    token = owner_token(server.home, server.environment)
    client = Client(server.url, token, "default")
    client.post("compute", {"name": QUEUE})
    yield QUEUE
    for job in client.get("jobs", target=QUEUE)["jobs"]:
        client.post(f"runs/{job['run']}/cancel", {})
    client.delete(f"compute/{QUEUE}")


def test_a_named_target_queues(
    experiment: Experiment, folder: Path, queue: str
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target=queue)
    run = experiment.submit(config, tags={"team": "nlp"})
    assert (run.get_status(), run.get_tags()) == ("Queued", {"team": "nlp"})
    details = run.get_details()
    assert (details["target"], details["runDefinition"]["target"]) == (queue, queue)
    assert run.get_snapshot_id()
    run.cancel()
    assert run.get_status() == "Canceled"


def test_a_canceled_run_of_an_agent_ends_with_its_process(
    experiment: Experiment, folder: Path, queue: str, server: Server
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target=queue)
    run = experiment.submit(config)
    owner = Client(server.url, owner_token(server.home, server.environment), "default")
    token = owner.post(f"compute/{queue}/agent-tokens", {})["token"]
    agent = Client(server.url, token, "default")
    body = {"name": "one", "instance": "one", "slots": 1, "version": "0.2.0"}
    path = f"agents/{agent.post('agents', body)['id']}"
    assert agent.post(f"{path}/take", {"free": 1, "trees": [run.id]})["jobs"]
    run.cancel()
    assert run.get_status() == "CancelRequested"
    ended = {"attempt": 1, "outcome": "Canceled"}
    agent.post(f"{path}/jobs/{run.id}/end", ended)
    assert run.get_status() == "Canceled"


def test_a_priority_reaches_the_queue(
    experiment: Experiment, folder: Path, queue: str, server: Server
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target=queue)
    config.run_config.priority = 5
    run = experiment.submit(config)
    client = Client(server.url, server.token, "default")
    assert client.get(f"runs/{run.id}/job")["priority"] == 5
    run.cancel()


def test_the_targets_are_listed(workspace: Workspace, queue: str) -> None:
    targets = workspace.compute_targets
    assert set(targets) >= {"local", queue}
    assert targets[queue].name == queue


def test_an_unknown_target_is_a_key_error_that_lists_them(
    workspace: Workspace, queue: str
) -> None:
    with pytest.raises(KeyError) as caught:
        workspace.compute_targets["tpu-pod"]
    text = caught.value.args[0]
    assert text.startswith("There is no compute target 'tpu-pod'. The targets are:")
    assert queue in text
    assert "`studio agent --compute tpu-pod`" in text


def test_no_run_is_created_for_an_unknown_target(
    experiment: Experiment, folder: Path
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target="nowhere")
    before = len(list(experiment.get_runs()))
    with pytest.raises(ComputeTargetException, match="no compute target 'nowhere'"):
        experiment.submit(config)
    assert len(list(experiment.get_runs())) == before


def test_the_same_folder_is_sent_once(
    experiment: Experiment, folder: Path, queue: str
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target=queue)
    runs = [experiment.submit(config) for _ in range(2)]
    ids = {run.get_snapshot_id() for run in runs}
    assert len(ids) == 1


def test_changed_values_of_a_configuration_are_of_one_run(
    experiment: Experiment, folder: Path, queue: str
) -> None:
    shared = RunConfiguration()
    shared.target = queue
    runs = [
        experiment.submit(
            ScriptRunConfig(str(folder), "train.py", [f"{number}"], run_config=shared)
        )
        for number in range(2)
    ]
    words = [run.get_details()["runDefinition"]["arguments"] for run in runs]
    assert (words, shared.arguments) == ([["0"], ["1"]], [])


@pytest.mark.parametrize(
    ("command", "kept"),
    [
        (["echo", "a b", "&&", "python", "train.py"], "echo 'a b' && python train.py"),
        (["python", "train.py", "a b"], ["python", "train.py", "a b"]),
        ("python train.py | tee log", "python train.py | tee log"),
    ],
)
def test_a_command_can_be_for_a_shell(
    experiment: Experiment, folder: Path, queue: str, command: Any, kept: Any
) -> None:
    config = ScriptRunConfig(str(folder), command=command, compute_target=queue)
    definition = experiment.submit(config).get_details()["runDefinition"]
    assert definition["command"] == kept
    assert "script" not in definition


def test_a_link_is_no_script(experiment: Experiment, folder: Path) -> None:
    (folder / "link.py").symlink_to(folder / "train.py")
    config = ScriptRunConfig(str(folder), "link.py")
    with pytest.raises(ExperimentExecutionException, match="it is a link, a secret"):
        experiment.submit(config)


def test_a_script_that_is_ignored_cannot_run(
    experiment: Experiment, folder: Path
) -> None:
    (folder / ".amlignore").write_text("train.py\n")
    config = ScriptRunConfig(str(folder), "train.py")
    with pytest.raises(ExperimentExecutionException, match="left out by"):
        experiment.submit(config)


def test_a_script_outside_of_the_folder_cannot_run(
    experiment: Experiment, folder: Path
) -> None:
    (folder.parent / "other.py").write_text("")
    config = ScriptRunConfig(str(folder), "../other.py")
    with pytest.raises(ExperimentExecutionException, match="outside of the project"):
        experiment.submit(config)


def test_a_script_can_be_named_by_its_whole_path(
    experiment: Experiment, folder: Path, queue: str
) -> None:
    config = ScriptRunConfig(
        str(folder), str(folder / "train.py"), compute_target=queue
    )
    assert experiment.submit(config).get_details()["runDefinition"]["script"] == (
        "train.py"
    )


def test_a_name_that_is_not_utf8_is_explained(
    experiment: Experiment, folder: Path
) -> None:
    Path(os.fsdecode(os.fsencode(folder) + b"/a\xff.txt")).write_text("")
    with pytest.raises(SnapshotException, match="no snapshot can keep"):
        experiment.submit(ScriptRunConfig(str(folder), "train.py"))


def test_a_folder_over_the_limit_is_explained(
    experiment: Experiment, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.core.snapshots.MAX_FILES", 3)
    for number in range(4):
        (folder / f"{number}.txt").write_text("")
    with pytest.raises(SnapshotException, match="or submit a smaller folder"):
        experiment.submit(ScriptRunConfig(str(folder), "train.py"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"environment_variables": {"A B": "1"}}, "must start with a letter"),
        ({"secrets": ["no-dash"]}, "must start with a letter"),
        ({"arguments": ["a\0b"]}, "NUL"),
        ({"max_run_duration_seconds": -1}, "must be a number of seconds"),
        ({"target": "no such!"}, "no compute target"),
    ],
)
def test_a_definition_that_cannot_start_is_refused(
    experiment: Experiment, folder: Path, change: dict[str, Any], sentence: str
) -> None:
    config = RunConfiguration(script="train.py")
    vars(config).update(change)
    with pytest.raises(StudioError, match=sentence):
        experiment.submit(ScriptRunConfig(str(folder), run_config=config))


def test_arguments_can_be_one_line(folder: Path) -> None:
    config = ScriptRunConfig(str(folder), "train.py", arguments="--lr 0.1 'a b'")
    assert config.run_config.arguments == ["--lr", "0.1", "a b"]
    with pytest.raises(UserErrorException, match="cannot be split into words"):
        ScriptRunConfig(str(folder), "train.py", arguments="it's")


def test_an_environment_is_not_its_name(folder: Path) -> None:
    with pytest.raises(UserErrorException, match=r"Environment.get\(ws, 'digits'\)"):
        ScriptRunConfig(str(folder), "train.py", environment="digits")


def test_script_and_command_exclude_each_other(folder: Path) -> None:
    with pytest.raises(UserErrorException, match="a script or a command, not both"):
        ScriptRunConfig(str(folder), "train.py", command="ls")


def test_a_runner_that_cannot_start_fails_its_run(
    experiment: Experiment, folder: Path, tmp_path: Path
) -> None:
    jobs = tmp_path / "STUDIO_JOBS"
    jobs.write_text("a file, where a folder should be")
    with pytest.raises(
        ExperimentExecutionException, match=r"submission failed: \S*STUDIO_JOBS: "
    ):
        experiment.submit(ScriptRunConfig(str(folder), "train.py"))
    newest: Run = next(experiment.get_runs())
    assert newest.get_status() == "Failed"
    assert "The submission failed" in newest.get_details()["error"]["error"]["message"]


def test_a_script_that_submits_itself_stops(
    experiment: Experiment, folder: Path
) -> None:
    (folder / "self.py").write_text(
        "from azureml.core import Run, ScriptRunConfig\n"
        "run = Run.get_context()\n"
        "run.experiment.submit(ScriptRunConfig('.', 'self.py'))\n"
    )
    run = experiment.submit(ScriptRunConfig(str(folder), "self.py"))
    details = run.wait_for_completion(raise_on_error=False)
    assert "would submit itself again and again" in details["error"]["error"]["message"]
    assert list(run.get_children()) == []


def test_values_with_spaces_quotes_and_line_breaks_arrive(
    experiment: Experiment, folder: Path, tmp_path: Path
) -> None:
    (folder / "show.py").write_text(
        "import json, os, sys\n"
        "print(json.dumps([sys.argv[1:], os.environ['TEXT'], os.getcwd()]))\n"
    )
    words = ["two words", "it's", 'a "quote"', "line\nbreak", "", "$HOME", "ünï", -1.5]
    config = ScriptRunConfig(str(folder), "show.py", words)
    config.run_config.environment_variables = {"TEXT": "a 'b'\nc"}
    run = experiment.submit(config)
    run.wait_for_completion()
    assert becomes(lambda: not os.listdir(tmp_path / "STUDIO_JOBS"))  # noqa: PTH208
    log = run.get_details_with_logs()["logFiles"]["user_logs/std_log.txt"]
    assert '["two words", "it\'s", "a \\"quote\\"", "line\\nbreak", ""' in log
    assert '"$HOME", "\\u00fcn\\u00ef", "-1.5"], "a \'b\'\\nc"' in log
    assert f"{run.id}/code" in log


def test_a_wait_is_reported_again_until_the_last_one_ends(
    experiment: Experiment,
    folder: Path,
    queue: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = ScriptRunConfig(str(folder), "train.py", compute_target=queue)
    own, first, second = (experiment.submit(config) for _ in range(3))
    monkeypatch.setenv("STUDIO_RUN_ID", own.id)
    monkeypatch.setenv("AZUREML_RUN_POLLING_INTERVAL_MIN", "0.01")
    reports: list[bool] = []
    change = WorkspaceConnection.change

    def change_or_fail(
        self: WorkspaceConnection, method: str, path: str, body: Any = None
    ) -> Any:
        if path != f"runs/{own.id}/waiting":
            return change(self, method, path, body)
        reports.append(body["waiting"])
        if len(reports) == 1:
            raise Unavailable("The server is busy.")
        if len(reports) == 3:
            second.cancel()
        return change(self, method, path, body)

    monkeypatch.setattr(WorkspaceConnection, "change", change_or_fail)
    with lend_slot(first._state):
        second.wait_for_completion(raise_on_error=False)
        assert reports[:3] == [True, True, True]
        assert False not in reports
    assert reports[-1] is False


class RefusesTokens(FixedResponse):
    """A server on which the member can no longer submit."""

    def on_post(self) -> None:
        error = {"code": "PermissionDenied", "message": "You cannot submit runs."}
        self.respond(403, {"error": error})


def test_a_script_never_gets_the_whole_token(folder: Path) -> None:
    with serving(RefusesTokens) as address:
        client = Client(address, "rs_whole", "default")
        connection = WorkspaceConnection(client)
        with pytest.raises(PermissionDenied, match="cannot submit"):
            _token_for(connection, "r1")


def test_a_run_can_keep_no_snapshot(
    experiment: Experiment, folder: Path, queue: str
) -> None:
    config = ScriptRunConfig(str(folder), "train.py")
    config.run_config.history.snapshot_project = False
    run = experiment.submit(config)
    run.wait_for_completion()
    assert run.get_snapshot_id() is None
    config.run_config.target = queue
    with pytest.raises(UserErrorException, match="An agent needs the snapshot"):
        experiment.submit(config)
    space = GridParameterSampling({"--lr": choice(1, 2)})
    sweep = HyperDriveConfig(space, "acc", "MAXIMIZE", 2, run_config=config)
    with pytest.raises(UserErrorException, match="An agent needs the snapshot"):
        experiment.submit(sweep)
    assert next(experiment.get_runs()).id == run.id


def test_attempts_are_for_agents(experiment: Experiment, folder: Path) -> None:
    config = ScriptRunConfig(str(folder), "train.py")
    config.run_config.max_attempts = 3
    with pytest.raises(UserErrorException, match="on this machine a run is tried once"):
        experiment.submit(config)


def test_workers_of_tensorflow_are_not_started(folder: Path) -> None:
    workers = TensorflowConfiguration(worker_count=2)
    with pytest.warns(UserWarning, match="starts one process"):
        config = ScriptRunConfig(
            str(folder), "train.py", distributed_job_config=workers
        ).run_config
    assert (config.framework, config.communicator) == ("Python", "None")
    assert (config.node_count, config.mpi.process_count_per_node) == (1, 1)
