"""The conclusion of a comparison: saved, shown, listed, linked, refused, undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from runs.actions.actor import Actor
from runs.actions.changes.edit_conflicts import version_token
from runs.actions.compare.conclusions import set_conclusion
from runs.models import ChangeSet, Conclusion, Role, Run, Workspace
from runs.pages.undo.change_lines import change_line
from runs.search.compare.conclusions import list_conclusions, list_conclusions_of
from studio.core.errors import Conflict
from tests.access.people import browser_of, make_member
from tests.pages.compare.test_compare import COMPARE, HTMX
from tests.parts.elements import hrefs, one

pytestmark = pytest.mark.django_db

EDIT = f"{COMPARE}conclusion/?run=a&run=b"


@pytest.fixture
def pair(log: Any) -> list[Run]:
    return [log("a"), log("b")]


def save(visitor: Client, text: str, seen: str = "", address: str = EDIT) -> Any:
    sent = {"text": text, "seen": version_token(seen)}
    return visitor.post(address, sent, headers=HTMX)


def test_a_conclusion_is_shown_for_the_same_runs_in_any_order(
    visitor: Client, pair: list[Run], log: Any
) -> None:
    answer = save(visitor, "Cosine is **better**")
    assert "<strong>better</strong>" in answer.text
    assert "Conclusion saved" in answer.headers["HX-Trigger"]
    assert "better</strong>" in visitor.get(f"{COMPARE}?run=b&run=a").text
    log("c")
    assert "better</strong>" not in visitor.get(f"{COMPARE}?run=a&run=b&run=c").text


def test_a_conclusion_is_listed_on_its_runs(visitor: Client, pair: list[Run]) -> None:
    save(visitor, "# Cosine wins\nmore", address=EDIT + "&baseline=b")
    href = f"{COMPARE}?run=a&run=b&baseline=b"
    for address in (COMPARE, "/w/default/runs/a/", "/w/default/runs/b/"):
        page = visitor.get(address).text
        assert "Cosine wins" in page
        assert href in hrefs(page)


def test_a_text_of_another_member_is_not_overwritten(
    visitor: Client, pair: list[Run]
) -> None:
    save(visitor, "first")
    refused = save(visitor, "mine", seen="")
    assert refused.status_code == 422
    assert "first" in refused.text
    assert "mine" in refused.text
    assert Conclusion.objects.get().text == "first"


def test_a_change_is_undone_and_redone(visitor: Client, pair: list[Run]) -> None:
    save(visitor, "first")
    save(visitor, "second", seen="first")
    visitor.post("/w/default/undo/")
    assert Conclusion.objects.get().text == "first"
    made = ChangeSet.objects.latest("pk")
    visitor.post(f"/w/default/undo/{made.pk}/")
    assert Conclusion.objects.get().text == "second"
    history = visitor.get("/w/default/runs/a/history/").text
    assert "Conclusion of a comparison" in history


def test_an_empty_conclusion_is_deleted(visitor: Client, pair: list[Run]) -> None:
    save(visitor, "to-be-deleted")
    save(visitor, "", seen="to-be-deleted")
    assert "to-be-deleted" not in visitor.get(COMPARE).text
    card = one(visitor.get(f"{COMPARE}?run=a&run=b"), "#compare-conclusion")
    assert card.one(".card-body p.soft").text.startswith("No conclusion yet")
    assert card.all(".prose") == []


def test_readers_cannot_change_a_conclusion(
    visitor: Client, pair: list[Run], workspace: Workspace
) -> None:
    save(visitor, "first")
    reader = browser_of(make_member(workspace, "rita", Role.READER))
    page = reader.get(f"{COMPARE}?run=a&run=b").text
    assert "first" in page
    assert "edit-conclusion" not in page
    assert save(reader, "mine", seen="first").status_code == 403


def test_without_scripts_the_conclusion_editor_is_a_page(
    visitor: Client, pair: list[Run]
) -> None:
    form = visitor.get(EDIT)
    assert "<textarea" in form.text
    sent = {"text": "plain", "seen": version_token("")}
    answer = visitor.post(EDIT, sent)
    assert answer.headers["Location"] == f"{COMPARE}?run=a&run=b"
    assert visitor.get(f"{COMPARE}conclusion/").status_code == 400


def test_two_concurrent_saves_report_one_conflict(
    workspace: Workspace, pair: list[Run], actor: Actor, now: int
) -> None:
    def write(text: str, seen: str) -> None:
        set_conclusion(
            workspace,
            pair,
            text,
            query="",
            actor=actor,
            now=now,
            seen_version=version_token(seen),
        )

    write("one", "")
    with pytest.raises(Conflict):
        write("two", "")
    assert change_line("conclusion.1", None, "x").label == "Conclusion of a comparison"


def test_lists_read_only_the_beginning_of_conclusions(
    visitor: Client, pair: list[Run], workspace: Workspace
) -> None:
    save(visitor, "# Cosine **wins**\n" + "x" * 60_000)
    assert "Cosine wins</a>" in visitor.get(COMPARE).text
    for found in (list_conclusions(workspace), list_conclusions_of(pair[0])):
        assert [each.get_deferred_fields() for each in found] == [{"text"}]
