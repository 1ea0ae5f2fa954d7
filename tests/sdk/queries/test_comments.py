"""Comments that a script writes and reads."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidValue
from studio.sdk import Workspace
from studio.sdk.client import Client


def test_comments_are_written_and_read(client: Client, workspace: Workspace) -> None:
    client.post("runs", {"experiment": "comments", "id": "commented"})
    run = workspace.get_run("commented")
    made = run.add_comment("Stopped early")
    assert (str(made), made.edited) == (f"{made.author}: Stopped early", None)
    assert run.get_comments() == [made]
    with pytest.raises(InvalidValue):
        run.add_comment(" ")
