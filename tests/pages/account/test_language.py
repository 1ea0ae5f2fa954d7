"""The language of the pages: of the browser, of a cookie, of the account."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from django.test import Client

from runs.models import User
from tests.access.people import Team, browser_of, make_team
from tests.parts.elements import one

ROOT = Path(__file__).resolve().parents[3]
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
FILES = sorted(ROOT.glob("runs/locale/*/LC_MESSAGES/*.po"))

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    return make_team()


@pytest.fixture
def reader(team) -> Client:
    return browser_of(team.reader)


def test_a_browsers_language_is_the_default():
    chinese = Client(headers=CHINESE).get("/sign-in/")
    assert one(chinese, "html")["lang"] == "zh-hans"
    assert one(Client().get("/sign-in/"), "html")["lang"] == "en"


def test_an_unknown_browser_language_falls_back_to_english():
    visitor = Client(headers={"Accept-Language": "tlh"})
    assert one(visitor.get("/sign-in/"), "html")["lang"] == "en"


def test_a_visitors_choice_stays_in_a_cookie():
    visitor = Client()
    chosen = {"language": "zh-hans", "next": "//evil.example"}
    assert visitor.post("/account/language/", chosen).headers["Location"] == "/"
    assert '<html lang="zh-hans"' in visitor.get("/sign-in/").text


def test_a_members_language_applies_in_every_browser(team, reader):
    reader.post("/account/language/", {"language": "zh-hans", "next": "/account/"})
    assert User.objects.get(pk=team.reader.pk).language == "zh-hans"
    other = browser_of(team.reader)
    assert '<html lang="zh-hans"' in other.get("/account/").text


def test_an_error_has_the_language_of_its_own_request():
    """One thread answers many callers, one after the other."""
    visitor = Client(headers={**CHINESE, "host": "evil.example"})
    assert "主机名" in visitor.get("/api/v1/workspaces").json()["error"]["message"]
    script = Client(headers={"host": "evil.example"})
    refusal = script.get("/api/v1/workspaces").json()["error"]["message"]
    assert refusal.startswith("This server")


def test_an_unknown_language_choice_is_refused(reader):
    answer = reader.post("/account/language/", {"language": "pink"})
    assert answer.status_code == 400
    assert "en, zh-hans" in answer.text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.parent.parent.name)
def test_message_files_are_sorted_so_that_changes_merge(path):
    """Their entries are sorted and without line numbers or dates."""
    file = polib.pofile(str(path))
    keys = [(entry.msgid, entry.msgctxt or "") for entry in file]
    assert keys == sorted(keys)
    assert not any(entry.occurrences for entry in file)
    assert not any("Date" in name for name in file.metadata)
