"""Descriptions in a real browser: links, pictures, versions, and an experiment's."""

from __future__ import annotations

import base64
import io
import re
import uuid

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect

from tests.e2e.list.live.held import Held
from tests.parts.browser import Watch
from tests.parts.server import Server
from tests.parts.wire import Connection

#: Hands files to the page as a reader's paste or drop does.
GIVE = """([selector, kind, name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
    const files = new DataTransfer();
    files.items.add(new File([bytes], name, { type }));
    const how = kind === "paste" ? ClipboardEvent : DragEvent;
    const given = kind === "paste" ? { clipboardData: files } : { dataTransfer: files };
    document.querySelector(selector).dispatchEvent(
        new how(kind, { bubbles: true, cancelable: true, ...given }));
}"""


def picture(color: str) -> str:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), color).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


@pytest.fixture
def place(server: Server) -> str:
    """An experiment with two runs, `a<place>` and `b<place>`; its name."""
    name = f"notes{uuid.uuid4().hex[:8]}"
    link = Connection(server)
    for run in ("a", "b"):
        body = {"experiment": name, "id": f"{run}{name}", "name": f"{run} {name}"}
        link.rest("POST", "/runs", body)
    points = [{"key": "val/acc", "value": 0.25, "step": 0}]
    batch = {"writer": "w", "sequence": 1, "points": points}
    link.rest("POST", f"/runs/a{name}/metrics", batch)
    return name


def expect_pictures(prose: Locator) -> None:
    for image in prose.locator("img").all():
        # Not `scroll_into_view_if_needed`, which fails where the text is drawn again.
        image.evaluate("each => each.scrollIntoView()")
        expect(image).to_have_js_property("naturalWidth", 40)


def test_a_description_is_written_with_links_and_pictures(
    owner_page: Page, server: Server, place: str, watch: Watch
) -> None:
    watch.expect("status of 400")
    page = owner_page
    page.goto(f"{server.url}/w/default/runs/a{place}/")
    card = page.locator("#run-description")
    card.get_by_role("link", name="Edit").click()
    text = card.get_by_label("Description in Markdown")
    options = card.get_by_role("option")
    text.press_sequentially("see run:b")
    expect(options.first).to_contain_text(place)
    text.press_sequentially(place)
    expect(options).to_have_count(1)
    text.press("Enter")
    expect(text).to_have_value(f"see run:b{place}")
    text.press_sequentially(" at metric:acc")
    expect(options).to_have_text("val/acc")
    text.press("Escape")
    expect(options).to_have_count(0)
    text.press("Backspace")
    expect(options).to_have_count(1)
    options.first.click()
    give = "#description-text"
    page.evaluate(GIVE, [give, "paste", "image.png", "image/png", picture("red")])
    shows = re.compile(r"metric:val/acc\n!\[image\]\(file:notes/image-\w{8}\.png\)\n$")
    expect(text).to_have_value(shows)
    page.evaluate(GIVE, [give, "drop", "b.png", "image/png", picture("blue")])
    expect(text).to_have_value(re.compile(r"!\[b\]"))
    no_picture = base64.b64encode(b"no").decode()
    page.evaluate(GIVE, [give, "drop", "c.png", "image/png", no_picture])
    expect(page.locator(".toast")).to_contain_text("Only PNG")
    card.get_by_role("button", name="Save").click()
    prose = card.locator(".prose")
    expect(prose.get_by_role("link", name=f"b {place}")).to_be_visible()
    expect(prose.get_by_role("link", name="val/acc")).to_have_text("val/acc 0.25")
    expect_pictures(prose)
    card.get_by_role("link", name="Edit").click()
    text.fill("another text")
    text.press("Control+Enter")
    card.get_by_role("link", name="2 versions").click()
    expect(page.locator(".word-diff ins")).to_contain_text("another")
    page.locator(".version-list a").last.click()
    page.get_by_role("button", name="Restore this version").click()
    expect(page.locator(".toast", has_text="restored")).to_be_visible()
    expect(prose.locator("img")).to_have_count(2)
    page.keyboard.press("z")
    expect(prose).to_have_text("another text")


def test_an_experiment_is_described_above_its_runs(
    owner_page: Page, server: Server, place: str, watch: Watch
) -> None:
    watch.expect("status of 422")
    page = owner_page
    page.goto(f"{server.url}/w/default/experiments/{place}/")
    part = page.locator("#experiment-description")
    part.get_by_role("link", name="Add a description").click()
    text = part.get_by_label("Description in Markdown")
    expect(text).to_be_focused()
    text.press("Escape")
    expect(part.get_by_role("link", name="Add a description")).to_be_focused()
    page.keyboard.press("Enter")
    text.fill(f"Mine.\n\n- run:a{place}")
    link = Connection(server)
    number = link.rest("GET", f"/runs/a{place}")["experiment_id"]
    link.rest("PATCH", f"/experiments/{number}", {"description": "Theirs."})
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_label("Other version")).to_have_text("Theirs.")
    part.get_by_role("button", name="Save").click()
    expect(part.locator("summary")).to_contain_text("Mine.")
    part.locator("summary").click()
    expect(part.get_by_role("link", name=f"a {place}")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(part.locator("summary")).to_contain_text("Theirs.")


def of_text(request: Request) -> bool:
    """The page that is read for its description, and the description's editor."""
    return request.headers.get("accept") == "text/html" or (
        request.url.endswith("/description/")
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["first", "last"])
def test_an_editor_opens_although_the_description_is_refreshed(
    owner_page: Page, server: Server, place: str, order: tuple[int, int]
) -> None:
    page = owner_page
    page.goto(f"{server.url}/w/default/experiments/{place}/")
    part = page.locator("#experiment-description")
    text = part.get_by_label("Description in Markdown")
    part.get_by_role("link", name="Add a description").click()
    expect(text).to_be_focused()
    held = Held(page, of_text)
    text.press("Escape")
    held.wait(1)
    page.keyboard.press("Enter")
    held.wait(2)
    for route in [held.routes[at] for at in order]:
        held.answer(route)
    held.release()
    expect(text).to_be_focused()


def test_a_comment_mentions_a_member_and_others_see_it_live(
    owner_page: Page, server: Server, place: str
) -> None:
    page, tab = owner_page, f"{server.url}/w/default/runs/a{place}/comments/"
    page.goto(tab)
    text = page.get_by_role("textbox", name="New comment")
    text.press_sequentially("Ask @")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    name = options.first.inner_text()
    text.press("Enter")
    expect(text).to_have_value(f"Ask {name}")
    # A draft stays in this browser.
    page.reload()
    expect(text).to_have_value(f"Ask {name}")
    text.press("Control+Enter")
    comments = page.locator(".comment")
    expect(comments.locator(".mention")).to_have_text(name)
    expect(text).to_have_value("")
    path = f"/runs/a{place}/comments"
    Connection(server).rest("POST", path, {"text": "by a script"})
    expect(comments).to_have_count(2, timeout=30_000)
    page.locator("h1").click()
    page.keyboard.press("z")
    expect(comments).to_have_count(1, timeout=30_000)
