"""What tests of views begin with: a second person, and views."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runs.actions.actor import Actor
from runs.actions.views import views as actions
from runs.actions.views.views import ViewState
from runs.models import View, Workspace
from studio.core.view_spec import ViewSpec

VIEWS = "/w/default/views/"
GOOD = "q=metrics.acc > 0.5&columns=name,metrics.acc&sort=name"


@pytest.fixture
def make_view(workspace: Workspace, actor: Actor, now: int) -> Any:
    def made(query: str = GOOD, name: str = "Sweep", **more: Any) -> View:
        state = ViewState(ViewSpec.from_query(query), more.pop("experiment", None))
        return actions.create_view(workspace, name, state, **more, actor=actor, now=now)

    return made


def state_of(page: Any) -> str:
    found = re.search(r'name="state" value="([^"]*)"', page.text)
    assert found
    return found[1].replace("&amp;", "&").replace("&gt;", ">")
