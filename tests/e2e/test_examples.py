"""The examples of the documents do what they say."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.needs import missing
from tests.parts.server import Server
from tests.parts.wire import Connection


def blocks(page: str, kind: str) -> list[str]:
    text = (ROOT / page).read_text()
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_script_logs_a_run_with_its_model(
    server: Server, tmp_path: Path
) -> None:
    script = tmp_path / "train.py"
    script.write_text(blocks("README.md", "python")[0])
    subprocess.run(
        [sys.executable, script],
        env={**quiet_environment(), **server.environment},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=300,
    )
    found = Connection(server).rest(
        "GET", "/runs?q=params.max_iter:2000&columns=metrics.training_score"
    )
    [row] = found["runs"]
    assert row["run"]["experiment"] == "digits"
    assert row["run"]["status"] == "Completed"
    assert row["values"]["metrics.training_score"] > 0.9


def test_the_shell_example_logs_a_run_by_rest(server: Server, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        missing("curl", "Install it: apt-get install curl")
    script = "\n".join(blocks("docs/rest.md", "sh"))
    plain = script.replace('eval "$(studio env)"\n', "").replace("curl -s", "curl -sfS")
    done = subprocess.run(
        ["sh", "-eu", "-c", plain],
        env={**quiet_environment(), **server.environment},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    connection = Connection(server)
    run = connection.rest("GET", "/runs/first")
    assert (run["experiment"], run["status"]) == ("by hand", "Completed")
    assert connection.rest("GET", "/runs/first/params") == {"params": {"lr": "0.1"}}
    [loss] = connection.rest("GET", "/runs/first/metrics")["metrics"]
    assert loss["last"] == 0.5
    path = "/api/v1/workspaces/default/runs/first/files/model.pt"
    assert connection.ask("GET", path) == b"weights\n"
