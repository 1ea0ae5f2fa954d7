"""`studio run submit-script` and `resubmit`, on this machine and to a queue."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from studio.sdk.client import Client
from tests.cli.command import CommandLine, command_line
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

SCRIPT = "import os, sys\nprint(sys.argv[1:], os.environ.get('SEED'))\n"


@pytest.fixture(scope="module")
def queue(server: Server) -> Iterator[str]:
    """A target without an agent."""
    token = owner_token(server.home, server.environment)
    client = Client(server.url, token, "default")
    client.post("compute", {"name": "cli-queue"})
    yield "cli-queue"
    for job in client.get("jobs", target="cli-queue")["jobs"]:
        client.post(f"runs/{job['run']}/cancel", {})
    client.delete("compute/cli-queue")


@pytest.fixture(scope="module")
def studio(server: Server, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    folder = tmp_path_factory.mktemp("submit")
    (folder / "train.py").write_text(SCRIPT)
    (folder / ".amlignore").write_text("/config\n/spool\n.local\n.cache\n")
    return command_line(server, folder)


def ended(studio: CommandLine, *words: str) -> tuple[str, dict[str, Any]]:
    """What a command shows until the run has ended, and the run."""
    done = studio(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    shown, _, record = done.stdout.partition("\n{")
    return shown, json.loads("{" + record)


@pytest.fixture(scope="module")
def submitted(studio: CommandLine) -> tuple[str, dict[str, Any]]:
    words = ("train.py", "--lr", "0.1", "--name", "of the script")
    return ended(studio, "run", "submit-script", "-e", "cli-submits", *words)


def test_a_script_is_submitted_and_shown(
    submitted: tuple[str, dict[str, Any]],
) -> None:
    shown, run = submitted
    assert "['--lr', '0.1', '--name', 'of the script'] None\n" in shown
    assert (run["status"], run["experiment_name"]) == ("Completed", "cli-submits")


def test_a_run_is_resubmitted_by_its_number(
    studio: CommandLine, submitted: tuple[str, dict[str, Any]]
) -> None:
    number = str(submitted[1]["run_number"])
    words = ("--set", "lr=0.01", "--env", "SEED=7", "--name", "again")
    shown, run = ended(studio, "run", "resubmit", number, "-e", "cli-submits", *words)
    assert "['--lr', '0.01', '--name', 'of the script'] 7\n" in shown
    assert run["display_name"] == "again"
    properties = run["properties"]
    assert properties["studio.resubmitted_from"] == submitted[1]["run_id"]
    old = submitted[1]["properties"]["ContentSnapshotId"]
    assert properties["ContentSnapshotId"] == old


def test_a_run_is_resubmitted_to_a_queue(
    studio: CommandLine,
    server: Server,
    submitted: tuple[str, dict[str, Any]],
    queue: str,
) -> None:
    run_id = submitted[1]["run_id"]
    words = ("--set", "lr=5", "--target", queue, "--async", "--max-attempts", "3")
    run = studio.json("run", "resubmit", run_id, *words, "--priority", "9")
    assert (run["status"], run["target"]) == ("Queued", queue)
    assert run["properties"]["studio.command"].startswith("python train.py --lr 5 ")
    client = Client(server.url, server.token, "default")
    job = client.get(f"runs/{run['run_id']}/job")
    assert (job["target"], job["max_attempts"], job["priority"]) == (queue, 3, 9)
    here = (run["run_id"], "--target", "local")
    refused = studio("run", "resubmit", *here, "--max-attempts", "2")
    assert "on this machine a run is tried once" in refused.stderr
    # Without the option, the attempts in the queue do not count here.
    assert ended(studio, "run", "resubmit", *here)[1]["status"] == "Completed"


def test_a_sweep_submits_a_run_for_each_combination(
    studio: CommandLine,
    server: Server,
    submitted: tuple[str, dict[str, Any]],
    queue: str,
) -> None:
    run_id = submitted[1]["run_id"]
    words = ("--sweep", "lr=0.1,0.2", "--sweep", "seed=1..3", "--target", queue)
    compared = ("--metric", "acc", "--stop-early", "bandit slack_factor=0.2")
    made = studio.json("run", "resubmit", run_id, *words, *compared)
    assert len(made["children"]) == 6
    sweep = Client(server.url, server.token, "default").get(
        f"runs/{made['run']['id']}/sweep"
    )
    assert (sweep["goal"], sweep["policy"]["slack_factor"]) == ("maximize", 0.2)
    child = studio.json("run", "show", made["children"][0])
    assert child["parent_run_id"] == made["run"]["id"]
    assert child["tags"] == {"lr": "0.1", "seed": "1"}


HYPERDRIVE = """
sampling:
  type: Grid
  parameter_space:
  - {name: --lr, expression: choice, values: [0.1, 0.2, 0.3]}
policy: {type: BanditPolicy, slack_factor: 0.2}
primary_metric_name: acc
primary_metric_goal: Maximize
max_total_runs: 4
max_concurrent_runs: 2
"""


def test_a_hyperdrive_file_becomes_a_sweep_of_the_folder(
    studio: CommandLine, server: Server, queue: str
) -> None:
    (studio.folder / "hd.yml").write_text(HYPERDRIVE)
    options = ("--hyperdrive-configuration-name", "hd.yml", "-e", "cli-submits")
    words = ("--target", queue, "--async", "train.py", "--lr", "1", "--epochs", "2")
    done = studio("ml", "run", "submit-hyperdrive", *options, *words)
    assert f"To start one: studio agent --compute {queue}" in done.stderr
    run = json.loads(done.stdout)
    assert (run["status"], run["run_type"]) == ("Queued", "studio.sweep")
    client = Client(server.url, server.token, "default")
    children = client.get("runs", parent=run["run_id"])["runs"]
    assert sorted(one["run"]["name"] for one in children) == [
        "train lr=0.1",
        "train lr=0.2",
        "train lr=0.3",
    ]
    definition = client.get(f"runs/{children[0]['run']['id']}/definition")["definition"]
    assert definition["arguments"][2:] == ["--epochs", "2"]
    sweep = client.get(f"runs/{run['run_id']}/sweep")
    assert (sweep["policy"]["slack_factor"], sweep["primary_metric"]) == (0.2, "acc")


def test_a_hyperdrive_file_with_a_mistake_is_refused(
    studio: CommandLine, queue: str
) -> None:
    wrong = HYPERDRIVE.replace("slack_factor: 0.2", "slack: 1")
    (studio.folder / "wrong.yml").write_text(wrong)
    options = ("--hyperdrive-configuration-name", "wrong.yml", "--target", queue)
    done = studio("run", "submit-hyperdrive", *options, "train.py")
    assert done.returncode == 1
    assert "The policy BanditPolicy has wrong settings: slack." in done.stderr


def test_tags_and_priority_follow_a_resubmitted_run(
    studio: CommandLine, server: Server, queue: str
) -> None:
    options = ("-e", "cli-submits", "--target", queue, "--async", "--priority", "5")
    tags = ("--tag", "lr=0.1", "--tag", "model=net", "--tag", "plain")
    words = (*options, *tags, "train.py", "--lr", "0.1")
    first = studio.json("run", "submit-script", *words)
    assert first["tags"] == {"lr": "0.1", "model": "net", "plain": None}
    changes = ("--set", "lr=2", "--tag", "model=big", "--async")
    again = studio.json("run", "resubmit", first["run_id"], *changes)
    assert again["tags"] == {"lr": "2", "model": "big", "plain": None}
    client = Client(server.url, server.token, "default")
    assert client.get(f"runs/{again['run_id']}/job")["priority"] == 5
    lower = ("--priority", "-3", "--async")
    last = studio.json("run", "resubmit", first["run_id"], *lower)
    assert client.get(f"runs/{last['run_id']}/job")["priority"] == -3


def test_an_attached_folder_has_a_configuration_of_the_target(
    studio: CommandLine, server: Server, queue: str
) -> None:
    studio.json("folder", "attach", "-e", "cli-submits")
    words = ("-c", queue, "--async", "--max-attempts", "2", "--env", "SEED=7")
    more = ("--priority", "-3", "train.py")
    run = studio.json("run", "submit-script", *words, *more)
    assert (run["status"], run["target"]) == ("Queued", queue)
    assert run["experiment_name"] == "cli-submits"
    client = Client(server.url, server.token, "default")
    assert client.get(f"runs/{run['run_id']}/job")["priority"] == -3


@pytest.mark.parametrize("name", ["local", "docker"])
def test_the_sample_configurations_run_as_they_are(
    studio: CommandLine, name: str
) -> None:
    studio.json("folder", "attach", "-e", "cli-submits")
    _, run = ended(studio, "run", "submit-script", "-c", name)
    assert run["status"] == "Completed"
    assert run["script_name"] == "train.py"


def test_a_secret_of_this_machine_is_not_shown(studio: CommandLine) -> None:
    words = ("submit-script", "-e", "cli-submits", "--secret", "SEED", "train.py")
    missing = studio("run", *words)
    assert missing.returncode == 1
    assert "set SEED in the environment" in missing.stderr
    done = studio("run", *words, SEED="s3cr3t")
    assert (done.returncode, "[] ***\n" in done.stdout) == (0, True)


def test_a_failed_script_is_the_exit_code(studio: CommandLine) -> None:
    (studio.folder / "bad.py").write_text("raise ValueError('lr is bad')\n")
    done = studio("run", "submit-script", "-e", "cli-submits", "bad.py")
    assert done.returncode == 1
    assert "ValueError: lr is bad" in done.stdout


def test_a_run_without_a_command_cannot_be_resubmitted(
    studio: CommandLine, server: Server
) -> None:
    client = Client(server.url, server.token, "default")
    run = client.post("runs", {"experiment": "cli-submits"})
    done = studio("run", "resubmit", run["id"])
    assert done.returncode == 1
    assert "keeps no command, because it was not submitted" in done.stderr


def test_a_change_without_a_value_is_explained(
    studio: CommandLine, submitted: tuple[str, dict[str, Any]]
) -> None:
    done = studio("run", "resubmit", submitted[1]["run_id"], "--set", "lr")
    assert done.returncode == 2
    assert "'lr' has no value. Write NAME=VALUE." in done.stderr
