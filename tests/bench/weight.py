"""What the run list costs a browser: bytes, requests, time, and CPU time."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, StorageState

from tests.parts.browser import Watch, new_context
from tests.parts.server import Server
from tests.parts.wire import Connection

LIMIT = 75 * 1024
MAX_REQUESTS = 8
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


def run_list(browser: Browser, server: Server) -> tuple[list[Answer], StorageState]:
    """The answers to a signed-in browser with an empty cache, and its session."""
    fill(server)
    signed_in = new_context(browser, Watch())
    visit = signed_in.new_page()
    visit.goto(server.sign_in_url)
    visit.get_by_role("button").first.click()
    visit.wait_for_url(lambda address: "/w/" in address)
    state = signed_in.storage_state()
    signed_in.close()
    cold = new_context(browser, Watch(), state=state)
    page = cold.new_page()
    with weighed(page) as answers:
        page.goto(f"{server.url}/w/default/runs/", wait_until="networkidle")
    cold.close()
    return answers, state


@dataclass(frozen=True)
class Visits:
    """Medians in milliseconds: until `load`, and the CPU time of the browser."""

    name: str
    load: float
    cpu: float
    counts: dict[str, float]


VISITS = 12
#: What Chromium counts for one visit (`Performance.getMetrics`); durations in seconds.
COUNTED = (
    "Nodes",
    "LayoutCount",
    "RecalcStyleCount",
    "LayoutDuration",
    "RecalcStyleDuration",
    "ScriptDuration",
)


def visits(browser: Browser, server: Server, state: StorageState) -> list[Visits]:
    """Visits to the run list of a signed-in browser, cold and warm."""
    address = f"{server.url}/w/default/runs/"
    return [
        cold_visits(browser, address, state),
        warm_visits(browser, address, state),
    ]


def cold_visits(browser: Browser, address: str, state: StorageState) -> Visits:
    """Each visit in a profile of its own, with an empty cache."""
    contexts: list[BrowserContext] = []

    def visit() -> Page:
        contexts.append(new_context(browser, Watch(), state=state))
        page = contexts[-1].new_page()
        page.goto("about:blank")
        return page

    result = measure_visits("cold", browser, address, visit)
    for context in contexts:
        context.close()
    return result


def warm_visits(browser: Browser, address: str, state: StorageState) -> Visits:
    """One page goes to the address repeatedly."""
    context = new_context(browser, Watch(), state=state)
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    result = measure_visits("warm", browser, address, lambda: page)
    context.close()
    return result


def measure_visits(
    name: str, browser: Browser, address: str, new_page: Callable[[], Page]
) -> Visits:
    """Go to the address on the page of each visit; the medians."""
    processes = browser.new_browser_cdp_session()
    loads, cpu, counts = [], [], []
    for _ in range(VISITS):
        page = new_page()
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        counted, spent = read_counts(session), read_cpu_time(processes)
        page.goto(address, wait_until="networkidle")
        cpu.append((read_cpu_time(processes) - spent) * 1000)
        after = read_counts(session)
        loads.append(page.evaluate("performance.getEntries()[0].loadEventEnd"))
        counts.append({key: after[key] - counted[key] for key in COUNTED})
        session.detach()
    median = {key: statistics.median(each[key] for each in counts) for key in COUNTED}
    return Visits(name, statistics.median(loads), statistics.median(cpu), median)


def read_counts(session: CDPSession) -> dict[str, float]:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return {metric["name"]: metric["value"] for metric in metrics}


def read_cpu_time(processes: CDPSession) -> float:
    """Seconds that the browser's running processes used so far."""
    infos = processes.send("SystemInfo.getProcessInfo")["processInfo"]
    return sum(info["cpuTime"] for info in infos)
