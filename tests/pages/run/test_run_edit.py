"""The run page's editors and its history, as the server answers them."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.changes.edit_conflicts import version_token
from runs.actions.run.lifecycle import change_status
from runs.actions.run.run_edits import describe_run, rename_run, set_run_tags
from runs.actions.run.runs import trash_run
from runs.models import ChangeSet, Member, Role, Run, User, Workspace
from studio.core.statuses import RunStatus
from tests.access.people import browser_of
from tests.pages.run.run_page import HTMX, PAGE, browser, cost
from tests.parts.elements import every, one

__all__ = ["browser"]
pytestmark = pytest.mark.django_db


def test_a_reader_sees_no_editor(workspace: Workspace, run: Run) -> None:
    reader = User.objects.create(username="rita")
    Member.objects.create(workspace=workspace, user=reader, role=Role.READER)
    visitor = browser_of(reader)
    for tab in ("", "history/"):
        page = visitor.get(f"{PAGE}{tab}").text
        for word in (
            'id="undo-form"',
            "tag-box",
            f"{PAGE}name/",
            f"{PAGE}description/",
        ):
            assert word not in page, word
    assert visitor.post(f"{PAGE}name/", {"name": "x"}).status_code == 403


def test_the_response_has_the_changed_fragment_and_a_toast(
    browser: Client, run: Run
) -> None:
    given = {"name": "<b>new</b>", "seen": version_token(run.name)}
    answer = browser.post(f"{PAGE}name/", given, headers=HTMX)
    assert answer.text.startswith('<div class="run-title"')
    assert "<h1>&lt;b&gt;new&lt;/b&gt;</h1>" in answer.text
    said = json.loads(answer["HX-Trigger"])["toast"]
    made = ChangeSet.objects.latest("pk")
    assert (said["text"], said["undo"]) == ("Renamed", f"{PAGE}undo/{made.pk}/")


def test_repeating_a_request_shows_no_toast(browser: Client, run: Run) -> None:
    answer = browser.post(f"{PAGE}name/", {"name": run.name}, headers=HTMX)
    assert "HX-Trigger" not in answer
    assert not ChangeSet.objects.exists()


@pytest.mark.parametrize("name", ["", "x" * 501])
def test_an_invalid_name_is_explained(browser: Client, run: Run, name: str) -> None:
    answer = browser.post(
        f"{PAGE}name/", {"name": name, "seen": version_token(run.name)}
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("typed", "tag"),
    [
        ("team", ("team", None)),
        ("team: nlp", ("team", "nlp")),
        ("team:nlp", ("team", "nlp")),
        ("a:b: c: d", ("a:b", "c: d")),
        (" word : ", ("word", None)),
    ],
)
def test_a_tag_is_parsed_from_one_input(
    browser: Client, run: Run, typed: str, tag: tuple[str, str | None]
) -> None:
    browser.post(f"{PAGE}tags/", {"tag": typed})
    assert list(run.tags.values_list("key__name", "value")) == [tag]


def test_a_tag_changed_by_someone_else_is_shown(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    set_run_tags(run, {"seed": "theirs"}, actor=actor, now=now)
    given = {"key": "seed", "value": "mine", "seen": version_token("old")}
    answer = browser.post(f"{PAGE}tags/", given, headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#tag-box")
    assert "“theirs”" in answer.text
    assert 'value="mine"' in answer.text
    gone = {"key": "gone", "value": "mine", "seen": version_token("old")}
    assert "removed this tag" in browser.post(f"{PAGE}tags/", gone).text


def test_existing_tags_are_suggested(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    tags = {"seed": "1", "Season": None, "team": '"><script>', "mlflow.user": "x"}
    set_run_tags(run, tags, actor=actor, now=now)

    def offered(typed: str) -> list[str]:
        text = browser.get(f"{PAGE}tags/known/", {"tag": typed}).text
        return re.findall(r'value="([^"]*)"', text)

    assert offered("se") == ["Season", "seed"]
    assert offered("seed:") == ["seed: 1"]
    assert offered("team: ") == ["team: &quot;&gt;&lt;script&gt;"]
    assert offered("mlf") == []
    assert offered("nosuch:") == []


def test_a_description_too_long_is_kept_in_the_form(browser: Client, run: Run) -> None:
    text = "é" * 32_769
    given = {"text": text, "seen": version_token("")}
    answer = browser.post(f"{PAGE}description/", given, headers=HTMX)
    assert answer.status_code == 422
    assert text in answer.text
    assert "65536" in answer.text


def test_hostile_markdown_does_nothing_in_the_preview(
    browser: Client, run: Run
) -> None:
    given = {"text": "<script>x</script> ![a](http://evil/x.png)", "preview": "1"}
    shown = browser.post(f"{PAGE}description/", given, headers=HTMX).text
    assert every(shown, "script") == every(shown, "img") == []
    assert "<script>x</script>" in one(shown, ".prose").text


def test_leading_lines_survive_the_form(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    describe_run(run, "\n\ntext", actor=actor, now=now)
    form = browser.get(f"{PAGE}description/").text
    typed = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", form, re.DOTALL)
    assert typed
    assert typed[1] == "\n\ntext"


def test_the_history_has_changes_and_events_in_order(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    rename_run(run, "<i>new</i>", actor=actor, now=now + 1)
    set_run_tags(run, {"team": "nlp"}, actor=actor, now=now + 2)
    change_status(run, RunStatus.COMPLETED, actor=actor, now=now + 3)
    trash_run(run, actor=actor, now=now + 4)
    page = browser.get(f"{PAGE}history/").text
    places = [
        page.index(word)
        for word in ("Moved to the trash", ">Completed<", "nlp</ins>", "&lt;i&gt;new")
        if word in page[page.index("timeline") :]
    ]
    assert len(places) == 4
    assert page.count(f'formaction="{PAGE}undo/') == 3


def test_the_history_compares_long_texts_word_by_word(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    text = "A long <b>text</b> of many words. " * 20
    describe_run(run, f"{text}It was slow. {text}", actor=actor, now=now + 1)
    describe_run(run, f"{text}It was fast. {text}", actor=actor, now=now + 2)
    page = browser.get(f"{PAGE}history/").text
    assert "It was <del>slow</del><ins>fast</ins>. A long &lt;b&gt;text" in page
    newest = page[page.index("in-words") : page.index("</dd>")]
    assert len(newest) < 600


def test_a_long_history_is_shown_in_parts(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    for number in range(60):
        rename_run(run, f"n{number}", actor=actor, now=now + number)
    assert browser.get(f"{PAGE}history/").text.count("<li id=") == 50
    longer = browser.get(f"{PAGE}history/?rows=100").text
    assert longer.count("<li id=") == 61
    assert "Show older" not in longer


def test_undo_after_a_later_change_asks_for_confirmation(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    rename_run(run, "mine", actor=actor, now=now)
    mine = ChangeSet.objects.latest("pk")
    rename_run(run, "theirs", actor=Actor(), now=now)
    asked = browser.post(f"{PAGE}undo/", headers=HTMX)
    assert asked["HX-Retarget"] == "#run-cancel"
    assert "theirs" in asked.text
    again = {"anyway": "1", "next": "http://evil/"}
    answer = browser.post(f"{PAGE}undo/{mine.pk}/", again)
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    run.refresh_from_db()
    assert run.name not in ("mine", "theirs")


def test_the_undo_shortcut_undoes_only_my_own_changes_on_pages(
    browser: Client, run: Run, now: int
) -> None:
    rename_run(run, "by the server", actor=Actor(), now=now)
    answer = browser.post(f"{PAGE}undo/", headers=HTMX)
    assert "no change to undo" in answer["HX-Trigger"]


def test_a_change_of_another_run_is_not_undone_here(
    browser: Client, run: Run, now: int
) -> None:
    assert browser.post(f"{PAGE}undo/999/").status_code == 404


def test_queries_do_not_grow_with_the_history(
    browser: Client, run: Run, actor: Actor, now: int
) -> None:
    def grow(first: int, last: int) -> int:
        for number in range(first, last):
            tags = {f"k{number}": "v", f"l{number}": "v"}
            set_run_tags(run, tags, actor=actor, now=now + number)
        return cost(browser, f"{PAGE}history/")

    assert grow(0, 1) == grow(1, 20) <= 12


@pytest.mark.parametrize("editor", ["name/", "tags/", "description/"])
def test_an_editor_costs_few_queries(
    browser: Client, run: Run, actor: Actor, now: int, editor: str
) -> None:
    set_run_tags(run, {f"k{n}": "v" for n in range(50)}, actor=actor, now=now)
    assert cost(browser, f"{PAGE}{editor}") <= 9
