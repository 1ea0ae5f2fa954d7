"""`locked_by:` finds the runs that a member has locked."""

from __future__ import annotations

import pytest

from runs.actions.actor import Actor
from runs.actions.bulk import LockChange, apply_bulk_change
from runs.actions.run import create_run
from runs.models import Experiment, Role
from runs.search.query import build_query, read_all_keys
from studio.core.view_spec import ViewSpec
from tests.access.people import make_member

pytestmark = pytest.mark.django_db


def test_runs_are_found_by_who_locked_them(
    experiment: Experiment, actor: Actor, now: int
) -> None:
    workspace = experiment.workspace
    owner = make_member(workspace, "olga", Role.OWNER)
    bo = make_member(workspace, "bo", Role.CONTRIBUTOR)
    runs = {
        name: create_run(experiment, run_id=name, actor=actor, now=now).pk
        for name in "abcd"
    }
    for member, name, on in (
        (bo, "a", True),
        (bo, "b", True),
        (owner, "c", True),
        (bo, "b", False),
    ):
        who = Actor(member)
        change = LockChange(on, who, False, now)
        apply_bulk_change(workspace, [runs[name]], change, actor=who, now=now)

    def found(q: str) -> set[str]:
        query = build_query(ViewSpec.from_query({"q": q}), owner, workspace, now=now)
        keys = read_all_keys(query, 10)
        return {name for name, key in runs.items() if key in keys}

    assert found("locked_by:bo") == {"a"}
    assert found("locked_by:me") == {"c"}
    assert found('locked_by contains "o"') == {"a", "c"}
    assert found("not locked_by:bo") == {"b", "c", "d"}
    assert found("locked_by is not null") == {"a", "c"}
