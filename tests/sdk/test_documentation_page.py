"""The Python blocks of Azure's page on run history, as printed, and its submission.

`documentation/` has the blocks. The page leaves these names undefined, and the tests
define them: `azureml` in the first block, `local_run` before the first submission, `ws`
in parent.py, `Run` in the child's blocks.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studio.sdk.client import Client
from tests.agent.cluster import Cluster
from tests.cli.command import STUDIO
from tests.parts.server import Server
from tests.parts.waiting import becomes
from tests.sdk.user import User

BLOCKS = Path(__file__).parent / "documentation"
SUBMIT_PARENT = """
import json
from azureml.core import Experiment, ScriptRunConfig, Workspace
ws = Workspace.from_config()
target = ws.compute_targets["gpu-cluster"]
config = ScriptRunConfig(".", "parent.py", compute_target=target)
run = Experiment(ws, "explore-runs").submit(config)
run.wait_for_completion(raise_on_error=False)
details = run.get_details()
children = [
    (one.get_status(), one.get_details()["runDefinition"], one.id)
    for one in run.get_children()
]
print(json.dumps({"status": run.status, "target": details["target"],
    "children": children, "metrics": run.get_metrics(),
    "error": details.get("error")}))
"""
ACTIVE = ("Starting", "Preparing", "Running", "Finalizing")


@pytest.fixture(scope="module")
def folder(user: User) -> Path:
    """A folder with the scripts that the page submits."""
    folder = user.folder / "page"
    folder.mkdir()
    for file in BLOCKS.glob("*.py.txt"):
        shutil.copy(file, folder / file.name.removesuffix(".txt"))
    shutil.copy(BLOCKS / "page.ipy", folder)
    return folder


@pytest.fixture(scope="module")
def printed(user: User, folder: Path) -> list[str]:
    """The lines that the blocks print."""
    done = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=NoColor", "page.ipy"],
        env=user.environment(TERM="dumb", IPYTHONDIR=str(user.folder / "ipython")),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "Error" not in done.stdout, done.stdout
    return done.stdout.splitlines()


def test_the_blocks_print_what_the_page_says(printed: list[str]) -> None:
    assert printed[0] == "1.61.0"
    assert printed[1] == "Running"
    assert printed[2].startswith("{'runId': ")
    assert printed[3:6] == ["Completed", "Running", "Completed"]
    assert "'author': 'azureml-user'" in printed[6]
    assert printed[7].startswith("Property 'author' is already set to 'azureml-user'")
    assert printed[8:11] == [
        "{'quality': 'great run'}",
        "{'quality': 'fantastic run'}",
        "{'quality': 'fantastic run', 'worth another look': None}",
    ]


def test_submitted_runs_are_canceled_and_failed(printed: list[str]) -> None:
    assert printed[11] in ACTIVE
    assert printed[12:14] == ["Canceled", "Failed"]


def test_a_submitted_script_is_shown_and_followed(printed: list[str]) -> None:
    assert "for count, child in enumerate(run.create_children(count=5)):" in printed
    end = printed.index("Execution Summary")
    assert "Completed" in printed[end:]
    assert printed[-1].startswith("<generator object")


def test_no_process_is_left(printed: list[str], user: User) -> None:
    assert printed
    jobs = user.folder / ".local/state/run-studio/jobs"
    assert becomes(lambda: not list(jobs.iterdir()))


def test_a_parent_submits_its_children_to_a_target_of_one_slot(
    user: User, folder: Path, server: Server
) -> None:
    cluster = Cluster.create(server, user.folder, "gpu-cluster")
    try:
        cluster.start_agent("--slots", "1")
        seen = json.loads(user.said(SUBMIT_PARENT, folder=folder))
        assert (seen["status"], seen["target"]) == ("Completed", "gpu-cluster")
        assert [one[0] for one in seen["children"]] == ["Completed"] * 3
        fruits = [one[1]["arguments"] for one in seen["children"]]
        assert sorted(fruits) == [["--fruit", f] for f in ("Apple", "Banana", "Orange")]
        metrics = seen["metrics"]
        assert metrics["Status"] == [f"Launching {fruit[1]}" for fruit in fruits[::-1]]
        texts = [f"Data from child run {one[2]}" for one in seen["children"]]
        assert sorted(metrics["MyMetric"]) == sorted(texts)
    finally:
        cluster.end()
        cluster.owner.delete("compute/gpu-cluster")


def test_the_command_lines_attach_and_submit(user: User, server: Server) -> None:
    folder = user.folder / "attached"
    folder.mkdir()
    (folder / "train.py").write_text(
        "from azureml.core import Run\nRun.get_context().log('accuracy', 0.9)\n"
    )
    attach = "az ml folder attach -w myworkspace -g myresourcegroup"
    submit = "az ml run submit-script -c sklearn -e testexperiment train.py"
    for line in ("az login", attach, submit):
        done = subprocess.run(
            [*STUDIO, "az", *line.split()[1:]],
            env=user.environment(),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
    streamed, _, record = done.stdout.partition("\n{")
    assert "Execution Summary" in streamed
    run = json.loads("{" + record)
    assert (run["status"], run["experiment_name"]) == ("Completed", "testexperiment")
    assert run["script_name"] == "train.py"
    client = Client(server.url, server.token, "default")
    metrics = client.get(f"runs/{run['run_id']}/metrics")["metrics"]
    assert [one["last"] for one in metrics if one["key"] == "accuracy"] == [0.9]
