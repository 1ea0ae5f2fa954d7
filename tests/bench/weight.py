"""What the run list costs over the wire, cold: the page and everything it links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from tests.parts.browser import Watch, new_context
from tests.parts.server import Server
from tests.parts.wire import Connection

LIMIT = 100 * 1024
RUNS = 60


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire: headers and compressed body, in bytes."""

    address: str
    size: int


@contextmanager
def weighed(page: Page) -> Iterator[list[Answer]]:
    """Collects the answers that the page gets while the block runs."""
    answers: list[Answer] = []
    addresses: dict[str, str] = {}
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})

    def finished(event: dict[str, object]) -> None:
        name = addresses.get(str(event["requestId"]), "?")
        answers.append(Answer(name, int(str(event["encodedDataLength"]).split(".")[0])))

    def received(event: dict[str, object]) -> None:
        response = event["response"]
        assert isinstance(response, dict)
        addresses[str(event["requestId"])] = str(response["url"])

    session.on("Network.responseReceived", received)
    session.on("Network.loadingFinished", finished)
    yield answers
    session.detach()


def fill(server: Server) -> None:
    """Enough runs for a full first page, with tags and metrics as people log them."""
    connection = Connection(server)
    for number in range(RUNS):
        tags = [{"key": f"team {place}", "value": f"{number}"} for place in range(4)]
        create = {"experiment_id": "0", "start_time": number, "tags": tags}
        run = connection.call("POST", "/runs/create", create)["run"]["info"]["run_id"]
        metrics = [
            {"key": f"m{place}", "value": number / 7, "timestamp": 1, "step": 0}
            for place in range(5)
        ]
        connection.call("POST", "/runs/log-batch", {"run_id": run, "metrics": metrics})


def run_list(browser: Browser, server: Server) -> list[Answer]:
    """The run list's answers to a signed-in browser with an empty cache."""
    fill(server)
    signed_in = new_context(browser, Watch())
    visit = signed_in.new_page()
    visit.goto(server.sign_in_url)
    visit.get_by_role("button").first.click()
    visit.wait_for_url(lambda address: "/w/" in address)
    cold = new_context(browser, Watch(), state=signed_in.storage_state())
    page = cold.new_page()
    with weighed(page) as answers:
        page.goto(f"{server.url}/w/default/runs/", wait_until="networkidle")
    cold.close()
    signed_in.close()
    return answers
