"""Rename, tag, archive, delete and restore experiments in the browser."""

from __future__ import annotations

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.changes import version_token
from runs.actions.experiments import (
    create_experiment,
    rename_experiment,
    set_experiment_tag,
)
from runs.actions.run import create_run
from runs.actions.run_rows import lock_run
from runs.models import (
    ChangeSet,
    Experiment,
    ExperimentTag,
    Member,
    Role,
    Run,
    User,
    Workspace,
)
from tests.access.people import browser_of

pytestmark = pytest.mark.django_db

ALL = "/w/default/experiments/"
DIGITS = f"{ALL}digits/"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(owner: User) -> Client:
    return browser_of(owner)


@pytest.fixture
def reader(workspace: Workspace) -> User:
    user = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=user, role=Role.READER)
    return user


def name_of(experiment: Experiment) -> str:
    experiment.refresh_from_db()
    return experiment.name


def undo_last(browser: Client) -> None:
    browser.post("/w/default/undo/", {"next": ALL})


def test_old_addresses_lead_to_the_renamed_experiment_through_a_chain(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    for name in ("numbers", "Numbers", "mnist v2"):
        rename_experiment(experiment, name, actor=actor, now=now)
    for old in ("digits", "numbers", "Numbers"):
        answer = browser.get(f"{ALL}{old}/?q=status:failed&sort=name")
        assert answer.status_code == 302
        assert (
            answer.headers["Location"] == f"{ALL}mnist%20v2/?q=status:failed&sort=name"
        )
    # An editor that was opened before the rename still saves to this experiment.
    assert browser.get(f"{DIGITS}name/").status_code == 200
    assert browser.get(f"{ALL}DIGITS/").status_code == 404
    rename_experiment(experiment, "digits", actor=actor, now=now)
    assert browser.get(DIGITS).status_code == 200
    assert browser.get(f"{ALL}mnist%20v2/").headers["Location"] == DIGITS


def test_a_new_experiment_with_the_old_name_wins_its_address(
    browser: Client,
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    now: int,
) -> None:
    rename_experiment(experiment, "numbers", actor=actor, now=now)
    other = create_experiment(workspace, "digits", actor=actor, now=now)
    assert browser.get(DIGITS).context["experiment"] == other
    # Renamed in turn, the one that had the name last gets its address.
    rename_experiment(other, "digits 2", actor=actor, now=now)
    assert browser.get(DIGITS).headers["Location"] == f"{ALL}digits%202/"
    browser.post(f"{ALL}digits%202/trash/")
    gone = browser.get(DIGITS)
    assert gone.status_code == 404
    assert "is in the trash" in gone.text


def test_a_rename_leads_to_the_new_address_and_is_undone(
    browser: Client, experiment: Experiment
) -> None:
    form = browser.get(f"{DIGITS}name/", headers=HTMX).text
    assert "Scripts that use the old name create a new experiment." in form
    given = {"name": "numbers", "seen": version_token("digits")}
    answer = browser.post(f"{DIGITS}name/", given, headers=HTMX)
    assert answer.headers["HX-Redirect"] == f"{ALL}numbers/"
    undo_last(browser)
    assert name_of(experiment) == "digits"
    assert browser.get(f"{ALL}numbers/").headers["Location"] == DIGITS
    undo_last(browser)
    assert name_of(experiment) == "numbers"


@pytest.mark.parametrize("address", ["name/", "row/name/"])
def test_a_rename_is_refused_when_another_member_renamed_it_since(
    browser: Client, experiment: Experiment, ben: User, now: int, address: str
) -> None:
    rename_experiment(experiment, "by ben", actor=Actor(ben), now=now)
    given = {"name": "mine", "seen": version_token("digits")}
    refused = browser.post(f"{DIGITS}{address}", given, headers=HTMX)
    assert refused.status_code == 422
    assert "Someone else renamed this experiment to “by ben”" in refused.text
    assert 'value="mine"' in refused.text
    assert name_of(experiment) == "by ben"
    again = {"name": "mine", "seen": version_token("by ben")}
    browser.post(f"{DIGITS}{address}", again, headers=HTMX)
    assert name_of(experiment) == "mine"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "empty"),
        ("x" * 501, "500"),
        ("a\x00b", "control"),
        ("taken", "already exists"),
        ("gone", "in the trash"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_reason(
    browser: Client,
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    now: int,
    name: str,
    problem: str,
) -> None:
    create_experiment(workspace, "taken", actor=actor, now=now)
    create_experiment(workspace, "gone", actor=actor, now=now)
    browser.post(f"{ALL}gone/trash/")
    answer = browser.post(f"{DIGITS}name/", {"name": name})
    assert answer.status_code == 422
    assert problem in answer.text
    assert name_of(experiment) == "digits"


def test_a_hostile_name_is_only_text(browser: Client, experiment: Experiment) -> None:
    name = '"><script>alert(1)</script>'
    browser.post(f"{DIGITS}name/", {"name": name})
    assert name_of(experiment) == name
    for page in (ALL, f"{ALL}~{experiment.number}/", f"{DIGITS}history/"):
        assert "<script>alert" not in browser.get(page, follow=True).text


def test_a_deleted_experiment_is_listed_in_the_trash_and_restored(
    browser: Client, run: Run
) -> None:
    answer = browser.post(f"{DIGITS}trash/", {"next": ALL}, follow=True)
    assert "Moved to the trash" in answer.text
    assert "digits" not in [line.name for line in answer.context["lines"]]
    trash = browser.get(f"{ALL}?q=deleted:true")
    assert [line.name for line in trash.context["lines"]] == ["digits"]
    # Its name links to its runs, which are in the trash with it.
    href = trash.context["lines"][0].href
    assert run.name in browser.get(href).text
    browser.post(f"{ALL}~{run.experiment.number}/restore/")
    assert browser.get(DIGITS).status_code == 200
    undo_last(browser)
    assert browser.get(DIGITS).status_code == 404


def test_a_locked_run_keeps_its_experiment_out_of_the_trash(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    lock_run(run, actor=actor, now=now)
    answer = browser.post(f"{DIGITS}trash/", {"next": ALL}, follow=True)
    assert "locked" in answer.text
    assert browser.get(DIGITS).status_code == 200


def test_an_experiment_is_archived_and_back(
    browser: Client, experiment: Experiment
) -> None:
    browser.post(f"{DIGITS}archive/", {"on": "1"})
    assert "digits" not in [each.name for each in browser.get(ALL).context["lines"]]
    browser.post(f"{DIGITS}archive/", {"on": "0"})
    undo_last(browser)
    experiment.refresh_from_db()
    assert experiment.archived is not None


def test_tags_are_added_changed_and_removed(
    browser: Client, experiment: Experiment
) -> None:
    tags = ExperimentTag.objects.filter(experiment=experiment)
    added = browser.post(f"{DIGITS}tags/", {"tag": "team: nlp"}, headers=HTMX)
    assert "Tag added" in added.headers["HX-Trigger"]
    given = {"key": "team", "value": "vision", "seen": version_token("nlp")}
    browser.post(f"{DIGITS}tags/", given)
    assert [*tags.values_list("key", "value")] == [("team", "vision")]
    refused = browser.post(f"{DIGITS}tags/", {**given, "value": "x"}, headers=HTMX)
    assert refused.status_code == 422
    assert "Someone else set it to “vision”" in refused.text
    browser.post(f"{DIGITS}row/tags/", {"drop": "team"}, headers=HTMX)
    assert not tags.exists()
    undo_last(browser)
    assert [*tags.values_list("key", "value")] == [("team", "vision")]


def test_known_tags_of_experiments_are_offered(
    browser: Client, experiment: Experiment, actor: Actor, now: int
) -> None:
    set_experiment_tag(experiment, "team", "nlp", actor=actor, now=now)
    set_experiment_tag(experiment, "mlflow.note", "x", actor=actor, now=now)
    assert 'value="team"' in browser.get(f"{DIGITS}tags/known/?tag=T").text
    assert "team: nlp" in browser.get(f"{DIGITS}tags/known/?tag=team: n").text
    assert "mlflow" not in browser.get(f"{DIGITS}tags/known/?tag=m").text


def test_the_history_names_who_changed_what_and_undoes_it(
    browser: Client, experiment: Experiment, ben: User, now: int
) -> None:
    rename_experiment(experiment, "numbers", actor=Actor(ben), now=now)
    page = browser.get(f"{ALL}numbers/history/")
    assert "ben" in page.text
    assert "<del>digits</del><ins>numbers</ins>" in page.text
    change_set = ChangeSet.objects.get(action="rename experiment")
    address = f"/w/default/undo/{change_set.pk}/"
    assert f'formaction="{address}"' in page.text
    browser.post(address, {"next": ALL})
    assert name_of(experiment) == "digits"


def test_an_undo_of_a_name_that_is_taken_now_says_so(
    browser: Client,
    experiment: Experiment,
    workspace: Workspace,
    actor: Actor,
    now: int,
) -> None:
    browser.post(f"{DIGITS}name/", {"name": "numbers"})
    create_run(
        create_experiment(workspace, "digits", actor=actor, now=now),
        run_id="new",
        actor=actor,
        now=now,
    )
    answer = browser.post("/w/default/undo/", {"next": ALL}, follow=True)
    assert "already exists" in answer.text
    assert name_of(experiment) == "numbers"


def test_a_reader_sees_the_history_and_no_editor(
    experiment: Experiment, reader: User
) -> None:
    browser = browser_of(reader)
    page = browser.get(DIGITS).text
    assert f'href="{DIGITS}history/"' in page
    for what in ("name/", "tags/", "trash/", "archive/"):
        assert f'"{DIGITS}{what}"' not in page
        assert browser.post(f"{DIGITS}{what}", {"name": "x"}).status_code == 403
    assert 'class="menu-item"' not in browser.get(ALL, headers=HTMX).text
