"""Pages of the user documentation below /help/."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.test import Client

from runs.render.help import heading_id, render_help_page
from runs.search.help import find_sections, read_contents, read_page
from studio.core.errors import NotFound
from tests.parts.elements import every, hrefs, one

FOLDER = Path(settings.HELP_DIR)
ENTRIES = [entry for part in read_contents("en") for entry in part.entries]


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.slug)
def test_every_entry_of_the_contents_is_a_page(visitor: Client, entry):
    answer = visitor.get(f"/help/{entry.slug}/")
    assert answer.status_code == 200
    assert f"<h1>{entry.title}</h1>" in answer.text


def test_every_page_is_in_the_contents():
    files = {path.stem for path in FOLDER.glob("*.md")} - {"contents"}
    assert files == {entry.slug for entry in ENTRIES}


def test_a_page_that_is_not_listed_is_not_found(visitor: Client):
    assert visitor.get("/help/contents/").status_code == 404
    with pytest.raises(NotFound):
        read_page("../../README", "en")


def test_no_link_of_a_page_leads_to_the_page_itself(visitor: Client):
    links = {}
    for entry in ENTRIES:
        address = f"/help/{entry.slug}/"
        found = hrefs(visitor.get(address), ".prose a")
        links[address] = {urljoin(address, link) for link in found}
    assert "/help/filter-language/" in links["/help/find/"]
    assert [address for address in links if address in links[address]] == []


def test_examples_have_the_address_of_this_server():
    page = render_help_page(
        "# T\n\n`https://x.example`", {"https://x.example": "own"}, "/"
    )
    assert "<code>own</code>" in page.body


def test_links_between_pages_stay_below_help():
    page = render_help_page("# T\n\n[a](log.md#files)", {}, "/help/")
    assert 'href="/help/log/#files"' in page.body


def test_code_keeps_what_looks_like_a_link():
    page = render_help_page("# T\n\n```\n[a](log.md)\n```\n", {}, "/help/")
    assert "[a](log.md)" in page.body


def test_equal_headings_have_different_anchors():
    page = render_help_page("# T\n\n## Same\n\n## Same\n", {}, "/help/")
    assert [heading.id for heading in page.headings] == ["same", "same-2"]


def test_anchors_are_the_same_as_on_github():
    assert heading_id("Log `metrics`, fast!") == "log-metrics-fast"


def test_a_search_finds_sections_with_every_word():
    found = find_sections("log run", "en")
    assert found
    assert found[0].heading.casefold().count("log") == 1
    assert find_sections("log nosuchword", "en") == []


def test_found_sections_are_linked(visitor: Client):
    page = visitor.get("/help/", {"find": "log a run"})
    assert "/help/start/#log-a-run" in hrefs(page, ".help-found a")


def test_hostile_words_are_shown_as_text(visitor: Client):
    words = "<script>alert(1)</script>"
    page = visitor.get("/help/", {"find": words})
    assert one(page, "input[name=find]")["value"] == words
    assert not any("alert" in script.text for script in every(page, "script"))


def test_images_are_loaded_from_this_server_only(visitor: Client):
    for name in ("..%2Fcontents.md", "nosuch.png", "contents.md"):
        assert visitor.get(f"/help/pictures/{name}").status_code == 404
