"""The run page in a real browser: charts, live refresh, files, cancel, themes."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
import uuid
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, StorageState, expect

from runs.render import formats
from tests.parts.browser import Watch, new_context
from tests.parts.server import Server

NAN, INFINITY = "NaN", "Infinity"


class Writer:
    """A run, written as an MLflow client writes it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        name = f"page-{uuid.uuid4().hex[:8]}"
        body = {"experiment_id": "0", "run_name": name, "start_time": 1}
        self.id: str = self.call("runs/create", body)["run"]["info"]["run_id"]
        self.page = f"{server.url}/w/default/runs/{self.id}/"

    def call(self, path: str, body: dict[str, Any]) -> Any:
        address = f"{self.server.url}/w/default/api/2.0/mlflow/{path}"
        return json.load(self._send(address, "POST", json.dumps(body).encode()))

    def log(self, key: str, values: list[Any], first: int = 0) -> None:
        metrics = [
            {"key": key, "value": value, "timestamp": 1000 + step - first, "step": step}
            for step, value in enumerate(values, start=first)
        ]
        self.call("runs/log-batch", {"run_id": self.id, "metrics": metrics})

    def point(self, key: str, value: float) -> None:
        """By REST, which takes names that MLflow's clients may not give."""
        point = {"key": key, "value": value, "step": 0}
        body = {"writer": "w", "sequence": 0, "points": [point]}
        address = f"{self.server.url}/api/v1/workspaces/default/runs/{self.id}/metrics"
        self._send(address, "POST", json.dumps(body).encode())

    def rows(self, rows: list[list[Any]]) -> None:
        """As our SDK delivers them, of every kind."""
        body = json.dumps({"first": 0, "rows": rows}).encode()
        root = f"{self.server.url}/api/v1/workspaces/default/runs/{self.id}"
        self._send(f"{root}/writers/{uuid.uuid4().hex}/rows", "POST", body)

    def address(self, path: str) -> str:
        """The value of a metric whose content is that file."""
        return f"aml://artifactId/ExperimentRun/dcid.{self.id}/{path}"

    def keep(self, path: str, data: bytes) -> None:
        run = self.call_get(f"runs/get?run_id={self.id}")["run"]["info"]
        root = urllib.parse.urlsplit(run["artifact_uri"]).path.lstrip("/")
        artifacts = f"{self.server.url}/w/default/api/2.0/mlflow-artifacts/artifacts"
        self._send(f"{artifacts}/{root}/{path}", "PUT", data)

    def call_get(self, path: str) -> Any:
        address = f"{self.server.url}/w/default/api/2.0/mlflow/{path}"
        return json.load(self._send(address, "GET", None))

    def _send(self, address: str, method: str, data: bytes | None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(address, data, headers, method=method)
        return urllib.request.urlopen(request)


@pytest.fixture
def run(server: Server) -> Writer:
    return Writer(server)


def test_a_chart_is_drawn_without_violating_the_content_security_policy(
    run: Writer, owner_page: Page
) -> None:
    run.log("loss", [3.0, NAN, 2.0, INFINITY, 1.0])
    owner_page.goto(f"{run.page}metrics/")
    plot = owner_page.locator(".plot")
    expect(plot.locator(".main-svg").first).to_be_visible()
    expect(plot.get_by_text("NaN")).to_be_visible()
    expect(plot.get_by_text("Infinity")).to_be_visible()


def log_what_is_hard_to_draw(run: Writer) -> None:
    run.log("tiny", [3e-20, 5e-21, 1e-22])
    run.log("huge", [1e200, 5.0, 1e-200])
    run.log("far", [1.0, 2.0, 3.0], first=2**63 - 5)
    run.point("<b>bold</b><br>x<sup>2</sup> &lt;", 1.0)
    run.log("constant", [0.003])


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("all=1", 3),
        ("all=1&log=1", 3),
        ("all=1&x=relative", 3),
        ("all=1&x=time", 3),
        ("key=tiny&key=huge&one=1", 1),
    ],
)
def test_charts_have_no_inline_styles(
    run: Writer, owner_page: Page, query: str, count: int
) -> None:
    log_what_is_hard_to_draw(run)
    owner_page.goto(f"{run.page}metrics/?{query}")
    plots = owner_page.locator(".plot:has(.main-svg)")
    expect(plots).to_have_count(count)
    for plot in plots.all():
        plot.locator(".nsewdrag").first.hover()
    # The watch of the browser fails the test if one of them did.
    expect(owner_page.locator(".hoverlayer .legend").first).to_be_attached()


def test_clocks_format_durations_like_the_server(run: Writer, owner_page: Page) -> None:
    lengths = [-5, 0, 400, 4149, 9999, 10_000, 41_000, 125_000, 599_999, 600_000]
    lengths += [3_374_000, 3_600_000, 21_840_000, 2 * 86_400_000, 183_600_000]
    owner_page.goto(run.page)
    shown = owner_page.evaluate(
        """async (lengths) => {
          const clocks = studioModules.load("js/site/clocks.js");
          return lengths.map((ms) => [clocks.duration(ms), clocks.exactDuration(ms)]);
        }""",
        lengths,
    )
    wanted = [[formats.duration(ms), formats.exact_duration(ms)] for ms in lengths]
    assert shown == wanted


def test_clocks_use_the_language_of_the_page(run: Writer, owner_page: Page) -> None:
    def in_welsh(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, body=answer.text().replace("%(s)s s", "%(s)s eiliad")
        )

    owner_page.route(run.page, in_welsh)
    owner_page.goto(run.page)
    clock = owner_page.locator("#run-head [data-ticking]")
    expect(clock).to_contain_text("eiliad")


def test_colors_are_those_of_the_theme(
    browser: Browser, run: Writer, owner_state: StorageState
) -> None:
    run.log("loss", [3.0, 1.0])
    context = new_context(browser, Watch(), state=owner_state)
    page = context.new_page()
    page.goto(f"{run.page}metrics/")
    line = page.locator(".js-line").first
    expect(line).to_have_css("stroke", "rgb(0, 120, 212)")
    page.emulate_media(color_scheme="dark")
    expect(line).to_have_css("stroke", "rgb(74, 163, 240)")
    context.close()


def test_times_are_in_the_zone_of_the_browser(
    browser: Browser, run: Writer, owner_state: StorageState
) -> None:
    context = new_context(browser, Watch(), state=owner_state)
    page = context.new_page()
    zone = {"timezoneId": "Asia/Shanghai"}
    context.new_cdp_session(page).send("Emulation.setTimezoneOverride", zone)
    page.goto(run.page)
    page.reload()
    title = page.locator("#run-details time").first
    expect(title).to_have_attribute("title", re.compile(" CST$"))
    context.close()


def test_checking_a_metric_draws_it_and_updates_the_address(
    run: Writer, owner_page: Page
) -> None:
    run.log("a", [1.0, 2.0])
    # System metrics are not drawn by default if there are others.
    run.log("system/gpu", [1.0])
    owner_page.goto(f"{run.page}metrics/")
    owner_page.locator("#metric-list summary", has_text="system").click()
    owner_page.get_by_label("system/gpu", exact=True).check()
    expect(owner_page.locator(".plot .main-svg").nth(1)).to_be_attached()
    both = r"metrics/\?key=a&key=system(/|%2F)gpu"
    expect(owner_page).to_have_url(re.compile(f"{both}$"))
    owner_page.get_by_label("Log y").check()
    expect(owner_page).to_have_url(re.compile(f"{both}&log=1$"))
    owner_page.go_back()
    expect(owner_page.get_by_label("Log y")).not_to_be_checked()
    expect(owner_page.locator(".plot .main-svg").first).to_be_attached()


def test_new_points_are_drawn_and_listed(run: Writer, owner_page: Page) -> None:
    run.log("loss", [3.0, 2.0])
    owner_page.goto(f"{run.page}metrics/")
    expect(owner_page.locator(".plot").get_by_text("100", exact=True)).to_have_count(0)
    run.log("loss", [1.0] * 150, first=2)
    table = owner_page.locator("#metric-values")
    expect(table.get_by_text("151", exact=True)).to_be_visible(timeout=15_000)
    drawn = owner_page.locator(".plot").get_by_text("100", exact=True)
    expect(drawn).to_be_visible(timeout=15_000)


def test_the_page_follows_the_run_until_it_ends(run: Writer, owner_page: Page) -> None:
    owner_page.goto(run.page)
    head = owner_page.locator("#run-state")
    expect(head.get_by_text("Running")).to_be_visible()
    expect(owner_page.get_by_text("Live")).to_be_visible()
    run.call("runs/update", {"run_id": run.id, "status": "FINISHED", "end_time": 9})
    expect(head.get_by_text("Completed")).to_be_visible(timeout=15_000)
    expect(owner_page.get_by_text("Live")).to_be_hidden()


def test_the_header_of_the_child_runs_tab_updates_and_can_be_edited(
    run: Writer, owner_page: Page
) -> None:
    owner_page.goto(f"{run.page}children/")
    state = owner_page.locator("#run-state")
    expect(state).to_contain_text("Running")
    pencil = owner_page.locator("#run-title").get_by_label("Rename")
    pencil.click()
    name = owner_page.get_by_role("textbox", name="Display name")
    expect(name).to_be_focused()
    name.fill("mine")
    name.press("Enter")
    title = owner_page.get_by_role("heading", level=1)
    expect(title).to_have_text("mine")
    owner_page.keyboard.press("z")
    expect(title).not_to_have_text("mine")
    expect(pencil).to_be_focused()
    end = {"run_id": run.id, "status": "FINISHED", "run_name": "elsewhere"}
    run.call("runs/update", end)
    expect(state).to_contain_text("Completed", timeout=15_000)
    expect(title).to_have_text("elsewhere")


def test_cancel_opens_a_confirmation_dialog(run: Writer, owner_page: Page) -> None:
    owner_page.goto(run.page)
    owner_page.get_by_role("link", name="Cancel").click()
    dialog = owner_page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_contain_text("Cancel page-")
    dialog.get_by_role("link", name="Keep running").click()
    expect(dialog).to_be_hidden()
    owner_page.get_by_role("link", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel run").click()
    expect(owner_page.get_by_text("Cancel requested")).to_be_visible()
    owner_page.get_by_role("button", name="Force").click()
    expect(owner_page.locator("#run-head").get_by_text("Canceled")).to_be_visible()


def test_a_file_opens_and_its_page_runs_no_script(
    run: Writer, owner_page: Page, watch: Watch
) -> None:
    run.keep("outputs/notes.txt", b"first\nsecond\n")
    run.keep("outputs/evil.html", b"<p>shown</p><script>parent.pwned = 1</script>")
    owner_page.goto(f"{run.page}files/")
    owner_page.get_by_role("link", name="notes.txt").click()
    expect(owner_page.locator("#L2")).to_contain_text("second")
    owner_page.locator("#L1 > span").click()
    owner_page.locator("#L2 > span").click(modifiers=["Shift"])
    expect(owner_page).to_have_url(re.compile(r"notes\.txt#L1-L2$"))
    expect(owner_page.locator(".line.marked")).to_have_count(2)
    watch.expect("document's frame is sandboxed")
    tree = owner_page.locator("#run-tree")
    tree.get_by_role("link", name="evil.html").click()
    owner_page.get_by_role("link", name="Preview HTML").click()
    frame = owner_page.frame_locator(".view-frame")
    expect(frame.get_by_text("shown")).to_be_visible()
    assert owner_page.evaluate("window.pwned") is None


def test_everything_is_readable_without_a_script(
    browser: Browser, run: Writer, owner_state: StorageState
) -> None:
    run.log("loss", [3.0, 0.25])
    run.keep("a.txt", b"hello\n")
    context = browser.new_context(java_script_enabled=False, storage_state=owner_state)
    page = context.new_page()
    page.goto(run.page)
    page.get_by_role("link", name="loss").click()
    expect(page.locator("#metric-values").get_by_text("0.25")).to_be_visible()
    page.get_by_role("link", name="Outputs + logs").click()
    expect(page.get_by_text("hello")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Cancel run").click()
    expect(page.locator("#run-head").get_by_text("CancelRequested")).to_be_visible()
    context.close()


def test_the_first_points_of_a_run_appear_without_a_reload(
    run: Writer, owner_page: Page
) -> None:
    owner_page.goto(run.page)
    expect(owner_page.get_by_text("Live")).to_be_visible()
    run.log("loss", [3.0, 0.25])
    expect(owner_page.locator("#run-metrics-card")).to_contain_text(
        "loss", timeout=15_000
    )
    owner_page.goto(f"{run.page}metrics/")
    owner_page.get_by_placeholder("Find a metric").fill("acc")
    run.log("acc", [0.1, 0.2])
    expect(owner_page.get_by_label("acc", exact=True)).to_be_visible(timeout=15_000)
    expect(owner_page.get_by_label("loss", exact=True)).to_be_hidden()
    expect(owner_page.locator(".plot .main-svg").nth(2)).to_be_attached()
