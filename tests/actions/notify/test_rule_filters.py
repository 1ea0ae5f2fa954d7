"""Many rules at once: equal filters are one query, and runs are ruled out before."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.actions.actor import Actor
from runs.actions.notify import create_alert_rule, create_notifications
from runs.actions.run.run_edits import set_run_tags
from runs.models import Experiment, FiredAlert, Workspace, now_ms
from runs.search.notify import RunTexts
from runs.search.query import runs_matching
from studio.core.filters import parse
from tests.actions.notify.rules import FAILS, fail
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db


def test_a_rule_of_other_runs_costs_no_query(
    workspace: Workspace, experiment: Experiment, actor: Actor, ben: object, now: int
) -> None:
    def work_off(rules: range, run_id: str) -> int:
        for number in rules:
            text = replace(FAILS, name=f"rule {number}", q=f"tags.team = t{number}")
            create_alert_rule(workspace, text, actor=actor, now=now)
        run = fail(experiment, run_id, actor, now)
        set_run_tags(run, {"team": "t1"}, actor=actor, now=now)
        with CaptureQueriesContext(connection) as queries:
            create_notifications(now)
        return len(queries)

    create_alert_rule(
        workspace, replace(FAILS, name="same", q="tags.team = t1"), actor=actor, now=now
    )
    # The first alert of a rule is a row, the next counts in it.
    work_off(range(2), "a")
    few = work_off(range(2, 4), "b")
    assert work_off(range(4, 24), "c") == few
    fired = FiredAlert.objects.order_by("rule__name")
    assert list(fired.values_list("rule__name", "matches")) == [
        ("rule 1", 3),
        ("same", 3),
    ]


FILTERS = (
    "tags.team = a",
    'tags.n = "1.0"',
    "tags.n = 1",
    "tags.n in (1, 2)",
    "tags.team in (a, b)",
    "tag:team",
    "-tag:team",
    "tags.team != a",
    "tags.team is null",
    "tags.team is not null",
    "tags.team like 'A%'",
    "tags.team ilike 'A%'",
    "params.lr = 1 or tags.team = a",
    "params.lr < 1 tags.team = b",
    "experiment:digits",
    "experiment:Digits",
    "experiment != digits",
    "experiment contains dig",
    "properties.author is not null",
    "",
    "broken = = x",
)


def test_only_runs_that_cannot_match_are_ruled_out(db: None) -> None:
    library = empty_library("many", "ada", "bob")
    _fill(library)
    keys = list(library.digits.runs.values_list("pk", flat=True))
    texts = RunTexts(keys)
    texts.read(FILTERS)
    for q in FILTERS[:-1]:
        matching = set(
            runs_matching(
                parse(q), viewer=library.ada, workspace=library.workspace, now=now_ms()
            ).values_list("pk", flat=True)
        )
        assert matching <= set(texts.possible_runs(q, keys)), q
    assert len(texts.possible_runs("tags.team = a", keys)) == 1
    assert texts.possible_runs("experiment:Digits", keys) == []
    # Its rule says what is wrong with it.
    assert texts.possible_runs(FILTERS[-1], keys) == keys


def _fill(library: Library) -> None:
    library.make("a", tags={"team": "a", "n": "1.0"}, params={"lr": "1"})
    library.make("b", tags={"team": "b", "n": "1"}, params={"lr": "0.5"})
    library.make("c", tags={"team": None, "n": "2"}, properties={"author": "x"})
    library.make("d", tags={"team": "Apple"})
    library.make("e")
