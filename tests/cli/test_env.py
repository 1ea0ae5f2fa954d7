"""`studio env`: what a real shell has after it evaluated the output."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from studio import __version__
from studio.cli.env import shell_lines, unreachable_message
from studio.core import connection
from studio.core.connection import Connection
from studio.core.script_variables import CONFLICTING_VARIABLES, add_to_no_proxy
from tests.parts.clients import ROOT, quiet_environment

STUDIO = f"{sys.executable} -m studio.cli"
SHELLS = [name for name in ("sh", "bash", "dash", "zsh") if shutil.which(name)]
#: Nothing in it may be expanded, split or end the quotes.
QUOTED_TOKEN = "rs_a'b\"c$HOME`id`\\ d"


def write(path: Path, **content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


@pytest.fixture
def user(tmp_path: Path) -> dict[str, str]:
    """An environment of a user with an empty home and configuration folder."""
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    return {**quiet_environment(), "PYTHONPATH": str(ROOT), **own}


@pytest.fixture
def at_home(tmp_path: Path, user: dict[str, str]) -> dict[str, str]:
    """The same on a machine where a server was started."""
    write(
        tmp_path / ".studio/client.json",
        url="http://127.0.0.1:8000",
        token=QUOTED_TOKEN,
        workspace="team-a",
    )
    return user


def studio(
    env: dict[str, str], *words: str, given: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "studio.cli", *words],
        env=env,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def shell_environment(
    shell: str, env: dict[str, str], times: int = 1
) -> dict[str, str]:
    """What a child process of the shell sees after the evaluation."""
    script = f'eval "$({STUDIO} env)"; ' * times
    script += (
        f'{sys.executable} -c "import json, os; print(json.dumps(dict(os.environ)))"'
    )
    done = subprocess.run(
        [shell, "-c", script],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_exports_the_exact_values(shell: str, at_home: dict[str, str]) -> None:
    found = shell_environment(shell, at_home)
    assert found["STUDIO_URL"] == "http://127.0.0.1:8000"
    assert found["STUDIO_TOKEN"] == found["MLFLOW_TRACKING_TOKEN"] == QUOTED_TOKEN
    assert found["STUDIO_WORKSPACE"] == "team-a"
    assert found["MLFLOW_TRACKING_URI"] == "http://127.0.0.1:8000/w/team-a"


def test_conflicting_variables_are_unset(at_home: dict[str, str]) -> None:
    found = shell_environment(
        "sh", {**at_home, **dict.fromkeys(CONFLICTING_VARIABLES, "x")}
    )
    assert not set(CONFLICTING_VARIABLES) & set(found)


def test_the_host_is_added_to_no_proxy_once(at_home: dict[str, str]) -> None:
    found = shell_environment("sh", {**at_home, "no_proxy": "a.example"}, times=2)
    assert found["NO_PROXY"] == found["no_proxy"] == "a.example,127.0.0.1"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({}, "h"),
        ({"NO_PROXY": "a, b"}, "a,b,h"),
        ({"NO_PROXY": "h,a"}, "h,a"),
        ({"NO_PROXY": "a", "no_proxy": "b"}, "a,b,h"),
    ],
)
def test_no_proxy_lists_each_host_once(now: dict[str, str], expected: str) -> None:
    assert add_to_no_proxy("h", now) == expected


def test_studio_home_selects_the_server(
    tmp_path: Path, at_home: dict[str, str]
) -> None:
    other = tmp_path / "other"
    write(other / "client.json", url="http://localhost:1", token="t", workspace="w")
    done = studio({**at_home, "STUDIO_HOME": str(other)}, "env")
    assert "export STUDIO_URL=http://localhost:1\n" in done.stdout


def test_an_unreachable_server_is_reported_but_still_exported(
    tmp_path: Path, user: dict[str, str]
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        write(tmp_path / ".studio/client.json", url=url, token="t", workspace="w")
        done = studio(user, "env")
    assert (done.returncode, f"export STUDIO_URL={url}\n" in done.stdout) == (0, True)
    assert done.stderr.startswith(f"No server responds at {url}: start the server")


def test_a_reachable_server_prints_no_warning(
    tmp_path: Path, user: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        write(tmp_path / ".studio/client.json", url=url, token="t", workspace="w")
        assert studio(user, "env").stderr == ""


def test_an_unreachable_remote_server_says_what_to_check() -> None:
    found = Connection("https://studio.example.org", "t", "w")
    assert "this machine reaches it" in unreachable_message(found)


def test_a_missing_server_says_what_to_do(user: dict[str, str]) -> None:
    done = studio(user, "env")
    assert (done.returncode, done.stdout) == (1, "")
    assert "manage.py studio" in done.stderr
    assert "studio login URL" in done.stderr


def test_a_damaged_file_is_named(tmp_path: Path, user: dict[str, str]) -> None:
    write(tmp_path / ".studio/client.json", url="http://localhost:1")
    done = studio(user, "env")
    assert (done.returncode, done.stdout) == (1, "")
    assert "client.json is damaged" in done.stderr


def test_a_login_is_used_if_no_server_was_started_here(
    tmp_path: Path, user: dict[str, str]
) -> None:
    login = tmp_path / "config/run-studio/login.json"
    write(login, url="https://studio.example.org", token="t", workspace="w")
    done = studio(user, "env")
    assert "MLFLOW_TRACKING_URI=https://studio.example.org/w/w\n" in done.stdout


def test_the_login_can_be_selected(tmp_path: Path, at_home: dict[str, str]) -> None:
    login = tmp_path / "config/run-studio/login.json"
    write(login, url="https://studio.example.org", token="t", workspace="w")
    done = studio(at_home, "env", "--login")
    assert "export STUDIO_URL=https://studio.example.org\n" in done.stdout


@pytest.mark.parametrize(
    ("shell", "first", "last"),
    [
        ("fish", r"set -gx STUDIO_URL 'it\'s \\'", "set -e MLFLOW_RUN_ID"),
        (
            "powershell",
            r"$env:STUDIO_URL = 'it''s \'",
            "Remove-Item Env:MLFLOW_RUN_ID -ErrorAction SilentlyContinue",
        ),
    ],
)
def test_each_shell_has_its_own_quoting(shell: str, first: str, last: str) -> None:
    found = shell_lines(Connection("it's \\", "t", "w"), shell, {})
    assert found[0] == first
    assert last in found


def test_the_version_is_printed(user: dict[str, str]) -> None:
    assert studio(user, "--version").stdout == f"Run Studio {__version__}\n"


def test_the_command_does_not_import_the_server(user: dict[str, str]) -> None:
    code = (
        "import sys, studio.cli; "
        "print(sorted({'django', 'msgspec', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=user,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_login_file_is_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = connection.save_connection(
        Connection("https://studio.example.org", "t", "w")
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert connection.read_connection_file(path) == Connection(
        "https://studio.example.org", "t", "w"
    )
    assert [file.name for file in path.parent.iterdir()] == ["login.json"]
