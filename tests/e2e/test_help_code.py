"""The code of the help pages runs unchanged against a real server.

Scripts that need a framework run if it is installed in the tests' own environment. By
hand all of them are checked with `STUDIO_HELP_PYTHON`, an interpreter that has them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.parts.clients import ROOT, quiet_environment
from tests.parts.manage import manage
from tests.parts.needs import missing
from tests.parts.server import Server

PYTHON = os.environ.get("STUDIO_HELP_PYTHON") or sys.executable
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
#: These are commands of the README, which other tests and every installation run.
OTHERS = ("pip install ", "python train.py", "mkdir -p ~/runs")


#: Scripts of these pages run until they are canceled, which only
#: `tests/sdk/process/test_documented_scripts.py` does.
CANCELED_PAGES = ("cancel",)
#: A server runs until it is stopped; `tests/actions/notify` has a receiver like it.
SERVES = "serve_forever()"


@dataclass(frozen=True)
class Block:
    """One block of code: its page, its number on it, its language and text."""

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"

    @property
    def needs(self) -> list[str]:
        found = re.match(r"# needs: (.+)", self.text)
        return re.split(r",\s*", found[1]) if found else []


def blocks(language: str) -> list[Block]:
    found = []
    for path in sorted((ROOT / "docs/user").glob("*.md")):
        listed = _BLOCK.findall(path.read_text())
        for number, (kind, text) in enumerate(listed, 1):
            if kind == language:
                found.append(Block(path.stem, number, kind, text))
    return found


def script(block: Block) -> Any:
    """A case; of those that import a framework, which takes long, there is a sample."""
    marks: list[pytest.MarkDecorator] = []
    absent = [name for name in block.needs if find_spec(name) is None]
    if absent and not os.environ.get("STUDIO_HELP_PYTHON"):
        marks = [pytest.mark.skip(f"Not installed: {', '.join(absent)}")]
    elif block.needs:
        marks = [pytest.mark.sample(1)]
    return pytest.param(block, id=str(block), marks=marks)


def run(words: list[str], server: Server, folder: Path) -> None:
    done = subprocess.run(
        words,
        env={
            **quiet_environment(),
            **server.environment,
            "STUDIO_HOME": str(server.home),
            "STUDIO_MODE": "online",
            "STUDIO_JOBS": str(folder / "jobs"),
            # The commands are those of this checkout, whatever is installed.
            "PYTHONPATH": f"{server.environment['PYTHONPATH']}:{ROOT}",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize(
    "block",
    [
        script(each)
        for each in blocks("python")
        if each.page not in CANCELED_PAGES and SERVES not in each.text
    ],
)
def test_scripts_of_the_help_pages_run(
    block: Block, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "train.py"
    path.write_text(block.text)
    run([PYTHON, str(path)], server, tmp_path)


@pytest.mark.parametrize(
    "block",
    [
        each
        for each in blocks("sh")
        if not any(text in each.text for text in OTHERS)
        and each.text.strip() != 'eval "$(studio env)"'
    ],
    ids=str,
)
def test_commands_of_the_help_pages_run(
    block: Block, server: Server, tmp_path: Path
) -> None:
    if "curl" in block.text and shutil.which("curl") is None:
        missing("curl", "Install it: apt-get install curl")
    text = block.text.replace("/tmp/studio-backup", str(tmp_path / "backup"))
    text = text.replace("python manage.py", f"python {ROOT / 'manage.py'}")
    run(["bash", "-eu", "-c", text.replace("curl ", "curl -sfS ")], server, tmp_path)


def test_the_server_accepts_the_settings_of_the_image(tmp_path: Path) -> None:
    text = (ROOT / "Containerfile").read_text()
    [settings] = re.findall(r"^ENV (.+)$", text, re.MULTILINE)
    [command] = re.findall(r"^CMD (\[.+\])$", text, re.MULTILINE)
    text = (ROOT / "docs/user/docker.md").read_text()
    [start] = re.findall(r"^podman run --name studio .+$", text, re.MULTILINE)
    words = [*settings.split(), *re.findall(r" -e (\S+)", start)]
    env = dict(word.split("=", 1) for word in words if not word.startswith("PATH="))
    done = manage(
        tmp_path,
        *json.loads(command)[2:],
        "--port=0",
        "--check",
        env={**env, "STUDIO_HOME": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Ready to start")


def configuration(page: str, language: str) -> str:
    [block] = [each for each in blocks(language) if each.page == page]
    return block.text


def test_nginx_accepts_its_configuration(tmp_path: Path) -> None:
    if shutil.which("nginx") is None or shutil.which("openssl") is None:
        pytest.skip("nginx and openssl are not installed")
    key, pem = tmp_path / "studio.key", tmp_path / "studio.pem"
    certificate = f"req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {pem}"
    subject = ["-subj", "/CN=studio.example.org"]
    subprocess.run(
        ["openssl", *certificate.split(), *subject], check=True, capture_output=True
    )
    text = configuration("nginx", "nginx").replace("/etc/ssl/", f"{tmp_path}/")
    whole = f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{text}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    words = ["nginx", "-t", "-c", str(tmp_path / "nginx.conf")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_caddy_accepts_its_configuration(tmp_path: Path) -> None:
    if shutil.which("caddy") is None:
        pytest.skip("caddy is not installed")
    (tmp_path / "Caddyfile").write_text(configuration("caddy", "caddy"))
    words = ["caddy", "adapt", "--config", str(tmp_path / "Caddyfile"), "--validate"]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr


def test_systemd_accepts_its_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    text = configuration("systemd", "ini")
    # The program of the example is in a folder that is not on this machine.
    text = text.replace("/opt/run-studio/.venv/bin/python", "/bin/true")
    unit = tmp_path / "run-studio.service"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown" not in done.stderr, done.stderr
