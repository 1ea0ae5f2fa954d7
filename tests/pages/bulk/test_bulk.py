"""The dialogs that change selected runs: what they say, do and undo."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import (
    ChangeSet,
    Key,
    KeyKind,
    Member,
    Role,
    Run,
    RunParam,
    RunStar,
    RunTag,
    User,
    Workspace,
)
from tests.access.people import browser_of
from tests.pages.rows import ALL, HTMX
from tests.parts.elements import one, parse_page, texts

pytestmark = pytest.mark.django_db
BULK = "/w/default/list/bulk/"
ABC = "?selected=a,b,c"


@pytest.fixture
def abc(log: Any) -> list[Run]:
    return [
        log(name, tags={"stage": "draft"}, params={"lr": f"0.{n}"})
        for n, name in enumerate("abc")
    ]


def tags(run: Run) -> dict[str, str | None]:
    return dict(RunTag.objects.filter(run=run).values_list("key__name", "value"))


def archived() -> set[str]:
    return {run.run_id for run in Run.objects.exclude(archived=None)}


def plan(page: Any) -> str:
    return " ".join(texts(page, "#bulk-plan")[0].split())


def test_selected_runs_are_archived_and_come_back_by_one_undo(
    visitor: Client, abc: list[Run]
) -> None:
    dialog = visitor.get(f"{BULK}archive/{ABC}", headers=HTMX)
    assert texts(dialog, "h2") == ["Archive 3 runs"]
    answer = visitor.post(f"{BULK}archive/{ABC}")
    assert answer["Location"] == f"{ALL}{ABC}"
    assert archived() == {"a", "b", "c"}
    page = visitor.get(answer["Location"])
    assert "3 runs archived" in page.text
    [undo] = re.findall(r'formaction="(/w/default/undo/\d+/)"', page.text)
    visitor.post(undo)
    assert archived() == set()


def test_the_dialog_says_which_runs_it_skips(visitor: Client, abc: list[Run]) -> None:
    Run.objects.filter(run_id="a").update(locked=True)
    said = plan(visitor.get(f"{BULK}delete/{ABC}"))
    assert "1 run is skipped 1 run is locked a" in said
    assert said.endswith("Delete 2 runs")
    answer = visitor.post(f"{BULK}delete/{ABC}")
    # What is in the trash is no longer selected.
    assert answer["Location"] == ALL
    page = visitor.get(ALL)
    assert "2 runs moved to the trash, 1 skipped" in page.text
    assert Run.objects.get(deleted=None).run_id == "a"


@pytest.mark.parametrize(
    ("sent", "kept"), [({"asked": "1"}, {"d"}), ({"asked": "1", "below": "1"}, set())]
)
def test_child_runs_are_archived_if_the_box_is_checked(
    visitor: Client, abc: list[Run], log: Any, sent: dict[str, str], kept: set[str]
) -> None:
    log("d", parent="a")
    dialog = visitor.get(f"{BULK}archive/{ABC}")
    assert "checked" in one(dialog, "input[name=below]").attributes
    assert "with their 1 child run" in dialog.text
    assert plan(dialog).endswith("Archive 4 runs")
    visitor.post(f"{BULK}archive/{ABC}", sent)
    assert archived() == {"a", "b", "c", "d"} - kept


def test_tags_are_set_on_every_run_or_removed(visitor: Client, abc: list[Run]) -> None:
    visitor.post(f"{BULK}tag/?selected=a", {"add": "paper\nnote: x: y"})
    assert tags(abc[0]) == {"stage": "draft", "paper": None, "note": "x: y"}
    sent = {"tag.paper": "set", "tag.stage": "remove", "add": "release: v2"}
    said = plan(visitor.get(f"{BULK}tag/{ABC}&{urlencode(sent)}"))
    assert "+release: v23 runs" in said
    assert "−stage3 runs" in said
    assert "+paper2 runs" in said
    visitor.post(f"{BULK}tag/{ABC}", sent)
    assert [tags(run) for run in abc] == [
        {"paper": None, "note": "x: y", "release": "v2"},
        {"paper": None, "release": "v2"},
        {"paper": None, "release": "v2"},
    ]


def test_new_tags_are_collected_in_a_list_without_scripts(
    visitor: Client, abc: list[Run]
) -> None:
    page = visitor.get(f"{BULK}tag/{ABC}")
    fields = [field.attributes for field in parse_page(page).all("[type=hidden]")]
    # A form that is sent by GET replaces the query of its address.
    kept = {field["name"]: field["value"] for field in fields}
    del kept["csrfmiddlewaretoken"]
    assert kept["selected"] == "a,b,c"
    typed = {**kept, "add": "paper", "do": "add"}
    first = parse_page(visitor.get(f"{BULK}tag/", typed))
    assert first.one("#bulk-add").attributes.get("value") == ""
    assert first.one("[name=new]")["value"] == "paper"
    second = visitor.get(f"{BULK}tag/", {**kept, "new": "paper", "add": "stage: a"})
    assert "+paper3 runs" in plan(second)
    assert "+stage: a3 runs" in plan(second)
    assert [each["value"] for each in parse_page(second).all("[name=new]")] == ["paper"]
    visitor.post(f"{BULK}tag/{ABC}", {"new": ["paper", "x: 1"], "add": "stage: a"})
    assert tags(abc[2]) == {"paper": None, "x": "1", "stage": "a"}


def test_a_tag_with_several_values_can_only_be_removed(
    visitor: Client, abc: list[Run]
) -> None:
    visitor.post(f"{BULK}tag/?selected=a", {"add": "stage: final"})
    dialog = visitor.get(f"{BULK}tag/{ABC}")
    choices = dialog.text.partition('name="tag.stage"')[2].partition("</select>")[0]
    # Each run has it, although with different values.
    assert 'data-tristate="true"' in choices
    assert re.findall('option value="(.*?)"', choices) == ["", "remove"]
    visitor.post(f"{BULK}tag/{ABC}", {"tag.stage": "set"})
    assert tags(abc[0]) == {"stage": "final"}


def test_an_invalid_tag_is_refused_next_to_what_was_typed(
    visitor: Client, abc: list[Run]
) -> None:
    answer = visitor.post(f"{BULK}tag/{ABC}", {"add": "k" * 300})
    assert answer.status_code == 422
    assert "k" * 300 in answer.text
    assert texts(answer, ".problem")
    assert not ChangeSet.objects.exists()


def test_runs_are_renamed_by_a_pattern_with_a_preview(
    visitor: Client, abc: list[Run]
) -> None:
    sent = {"pattern": "{name} lr={params.lr}", "find": "a", "replacement": "best"}
    dialog = visitor.get(f"{BULK}rename/{ABC}&{urlencode(sent)}")
    assert "best lr=0.0" in dialog.text
    visitor.post(f"{BULK}rename/{ABC}", sent)
    renamed = list(Run.objects.order_by("pk").values_list("name", flat=True))
    assert renamed == ["best lr=0.0", "b lr=0.1", "c lr=0.2"]


def test_an_unknown_field_of_a_pattern_is_named(
    visitor: Client, abc: list[Run]
) -> None:
    answer = visitor.post(f"{BULK}rename/{ABC}", {"pattern": "{lr}"})
    assert answer.status_code == 422
    assert "{lr} is not known in a pattern" in answer.text


def test_a_reader_stars_runs_but_changes_none(
    workspace: Workspace, visitor: Client, abc: list[Run]
) -> None:
    eve = User.objects.create(username="eve")
    Member.objects.create(workspace=workspace, user=eve, role=Role.READER)
    reader = browser_of(eve)
    reader.post(f"{BULK}star/{ABC}")
    assert RunStar.objects.filter(user=eve).count() == 3
    for action in ("archive", "delete", "cancel", "tag", "rename"):
        assert reader.post(f"{BULK}{action}/{ABC}", {"add": "x"}).status_code == 403
    tray = reader.get(f"{ALL}{ABC}")
    assert 'id="tray-star"' in tray.text
    assert 'id="tray-delete"' not in tray.text


def test_the_tray_says_how_many_runs_can_be_canceled(
    visitor: Client, abc: list[Run], log: Any
) -> None:
    visitor.post(f"{BULK}cancel/?selected=a")
    said = plan(visitor.get(f"{BULK}cancel/{ABC}"))
    assert "1 run is being canceled" in said
    assert said.endswith("Cancel 2 runs")


def test_an_unknown_action_is_not_found(visitor: Client, abc: list[Run]) -> None:
    assert visitor.get(f"{BULK}purge/{ABC}").status_code == 404


def test_runs_of_another_workspace_are_not_changed(
    visitor: Client, abc: list[Run]
) -> None:
    other = Workspace.objects.create(name="other")
    Run.objects.filter(run_id="b").update(workspace=other)
    visitor.post(f"{BULK}archive/{ABC}")
    assert archived() == {"a", "c"}


def test_the_dialog_costs_the_same_for_more_runs(
    visitor: Client, abc: list[Run]
) -> None:
    def count(selected: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            visitor.get(f"{BULK}tag/?selected={selected}")
        return len(captured)

    count("a")
    assert count("a,b,c") == count("a")


def test_a_reader_undoes_own_stars_and_nothing_else(
    workspace: Workspace, visitor: Client, abc: list[Run]
) -> None:
    eve = User.objects.create(username="eve")
    Member.objects.create(workspace=workspace, user=eve, role=Role.READER)
    reader = browser_of(eve)
    reader.post(f"{BULK}star/{ABC}")
    reader.post("/w/default/undo/")
    assert not RunStar.objects.filter(user=eve).exists()
    visitor.post(f"{BULK}archive/{ABC}")
    number = ChangeSet.objects.latest("pk").pk
    assert reader.post(f"/w/default/undo/{number}/").status_code == 403
    assert archived() == {"a", "b", "c"}


def test_the_preview_of_names_says_exactly_what_happens(
    visitor: Client, abc: list[Run]
) -> None:
    Run.objects.filter(run_id="c").update(locked=True)
    # Twice as long as a name can be, for the run that has the parameter.
    sent = {"pattern": "{params.big}same", "find": "", "replacement": ""}
    key = Key.objects.create(workspace=abc[0].workspace, kind=KeyKind.PARAM, name="big")
    RunParam.objects.create(run=abc[0], key=key, value="x" * 60_000)
    said = plan(visitor.get(f"{BULK}rename/{ABC}&{urlencode(sent)}"))
    assert "csame locked" in said
    assert "empty or too long" in said
    assert "1 new name is empty or too long" in said
    assert "get the same name" not in said
    visitor.post(f"{BULK}rename/{ABC}", sent)
    assert list(Run.objects.order_by("pk").values_list("name", flat=True)) == [
        "a",
        "same",
        "c",
    ]
    for field in ("find", "replacement", "pattern"):
        answer = visitor.post(f"{BULK}rename/{ABC}", {**sent, field: "x" * 501})
        assert answer.status_code == 422


def test_the_preview_of_tags_leaves_out_locked_runs(
    visitor: Client, abc: list[Run]
) -> None:
    Run.objects.filter(run_id="c").update(locked=True)
    sent = {"tag.stage": "remove", "add": "new"}
    said = plan(visitor.get(f"{BULK}tag/{ABC}&{urlencode(sent)}"))
    assert "+new2 runs" in said
    assert "−stage2 runs" in said
    assert said.endswith("Change 2 runs")


def test_the_menu_has_only_what_applies(visitor: Client, abc: list[Run]) -> None:
    tray = visitor.get(f"{ALL}{ABC}").text
    assert 'id="tray-lock"' in tray
    assert not any(f'id="tray-{name}"' in tray for name in ("unlock", "restore"))
    Run.objects.update(locked=True)
    tray = visitor.get(f"{ALL}{ABC}").text
    assert 'id="tray-unlock"' in tray
    assert 'id="tray-lock"' not in tray


def test_the_preview_counts_names_that_are_the_same(
    visitor: Client, abc: list[Run]
) -> None:
    said = plan(visitor.get(f"{BULK}rename/{ABC}&pattern=b"))
    assert "2 runs get the same name as another one." in said
    assert said.endswith("Rename 2 runs")
