"""config.json: which file counts, what it may say, and where its token goes."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from studio.sdk.connection import find_connection
from studio.sdk.errors import UserErrorException
from studio.sdk.workspace import Workspace
from studio.sdk.workspace.config_file import find_file, read_config, write_file
from tests.parts.server import Server
from tests.sdk.user import User

SCOPE = (
    "/subscriptions/S/resourceGroups/R/providers/Microsoft.MachineLearningServices/"
    "workspaces/W"
)


def write(path: Path, **content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def test_config_json_is_read_in_both_formats(tmp_path: Path) -> None:
    names = {"subscription_id": "s", "resource_group": "r", "workspace_name": "w"}
    found = read_config(write(tmp_path / "a.json", **names))
    assert (found.workspace, found.subscription_id, found.resource_group) == (
        *("w", "s", "r"),
    )
    found = read_config(write(tmp_path / "b.json", Id="1", Scope=SCOPE, **names))
    assert (found.workspace, found.subscription_id, found.resource_group) == (
        *("W", "S", "R"),
    )
    scope = f"{SCOPE}/projects/E"
    assert read_config(write(tmp_path / "c.json", Scope=scope)).experiment == "E"


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"workspace_name": ""}', '{"Scope": "/subscriptions/S"}']
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UserErrorException, match=r"config\.json"):
        read_config(path)


def test_a_config_folder_of_a_parent_precedes_a_plain_file(tmp_path: Path) -> None:
    deep = tmp_path / "a/b"
    plain = write(deep / "config.json", workspace_name="plain")
    assert find_file(deep, None) == plain
    older = write(tmp_path / "aml_config/project.json", workspace_name="older")
    assert find_file(deep, None) == older
    hidden = write(tmp_path / ".azureml/config.json", workspace_name="hidden")
    assert find_file(deep, None) == hidden
    assert find_file(plain, None) == plain
    assert find_file(deep, "other.json") is None


def test_write_config_uses_an_existing_config_folder(tmp_path: Path) -> None:
    content = {"workspace_name": "w"}
    assert write_file(content, tmp_path, None) == tmp_path / ".azureml/config.json"
    (tmp_path / "aml_config").mkdir()
    assert write_file(content, tmp_path, "x.json") == tmp_path / "aml_config/x.json"


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STUDIO_URL", "http://127.0.0.1:8000")
    monkeypatch.setenv("STUDIO_TOKEN", "secret")
    monkeypatch.setenv("STUDIO_WORKSPACE", "lab")
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "no home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no config"))


@pytest.mark.usefixtures("own_environment")
def test_a_token_goes_to_its_own_server_only(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        endpoint = f"http://127.0.0.1:{other.getsockname()[1]}"
        write(tmp_path / "config.json", workspace_name="lab", endpoint=endpoint)
        with pytest.raises(UserErrorException, match="studio login"):
            Workspace.from_config(tmp_path)
        other.settimeout(0.2)
        with pytest.raises(TimeoutError):
            other.accept()
    assert find_connection("http://127.0.0.1:8000/").token == "secret"


@pytest.mark.usefixtures("own_environment")
def test_a_missing_config_file_is_an_error_that_names_both_locations(
    tmp_path: Path,
) -> None:
    with pytest.raises(UserErrorException) as caught:
        Workspace.from_config(tmp_path / "nowhere")
    assert "config.json" in str(caught.value)
    assert str(tmp_path / "nowhere") in str(caught.value)


@pytest.mark.usefixtures("own_environment")
def test_a_missing_server_explains_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("STUDIO_URL")
    with pytest.raises(UserErrorException, match="studio env"):
        Workspace()


SHOW = """
from azureml.core import Workspace
ws = Workspace.from_config()
print(ws.name, ws.subscription_id, ws.resource_group)
"""


def test_a_config_file_of_azure_opens_my_workspace(user: User, tmp_path: Path) -> None:
    names = {"subscription_id": "s", "resource_group": "r"}
    write(tmp_path / ".azureml/config.json", workspace_name="azure-ws", **names)
    done = user.run(SHOW, folder=tmp_path)
    assert done.stdout.strip() == "default s r"
    warned = [line for line in done.stderr.splitlines() if "StudioWarning" in line]
    assert len(warned) == 1
    assert "'azure-ws'" in warned[0]
    assert "'default'" in warned[0]


def test_write_config_applies_to_all_subfolders(
    user: User, server: Server, tmp_path: Path
) -> None:
    user.run(f"{SHOW}\nws.write_config()", folder=tmp_path)
    written = json.loads((tmp_path / ".azureml/config.json").read_text())
    assert written["endpoint"] == server.url
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    done = user.run(SHOW, folder=below)
    assert done.stdout.startswith("default ")
    assert done.stderr == ""


def test_workspace_list_returns_my_workspaces(user: User) -> None:
    code = """
from azureml.core import Workspace
print(list(Workspace.list()), Workspace.get("default").name, repr(Workspace()))
try:
    Workspace.get("nosuch")
except Exception as error:
    print(error)
"""
    first, second = user.said(code).splitlines()
    # Other tests of this server can have created workspaces.
    assert first.startswith("['default'")
    assert "] default Workspace.create(name='default', " in first
    assert "default" in second
    assert "Ask its owner" in second
