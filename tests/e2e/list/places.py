"""The pages, menus and dialogs that axe-core looks at: a new one is one line of PLACES.

What `act` opens stays open while the page gets narrow and dark. `widths` are those at
which there is such a thing; the page is opened at the first of them. `{run}` in a path
is the run of `rich_run`, `{view}` the view of `shared_view`; paths that do not begin
with `/` are below the workspace's.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.parts.server import Server
from tests.parts.wire import Connection

WIDE, PHONE = 1280, 360
Act = Callable[[Page], None]
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC"
)
FILES = {
    "logs/train.log": b"epoch 1\n\x1b[31mred\x1b[0m\nTraceback (most recent",
    "table.csv": b"a,b\n1,2\n3,4\n",
    "notes.md": b"# Notes\n\n- one\n",
    "images/pixel.png": PIXEL,
}


#: Everything that a description may have.
NOTE = """A **fine** run, [see](https://x.y), metric:acc,
run:digits-01, [gone](run:x).[^1]

- [x] done
- [ ] to do

```python
def lr(step: int) -> float:  # falls
    return 0.1 * step, "text"
```

| a | b |
|---|---|
| 1 | 2 |

![pixel](file:images/pixel.png)

[^1]: A note.
"""


@dataclass(frozen=True)
class Place:
    name: str
    path: str
    act: Act | None = None
    widths: tuple[int, ...] = (WIDE, PHONE)

    def __str__(self) -> str:
        return self.name


def rich_run(server: Server) -> str:
    """The id of a run that has something in every tab of its page."""
    link = Connection(server)
    asked = {"experiment_id": "0", "run_name": "rich", "start_time": 1}
    run: str = link.call("POST", "/runs/create", asked)["run"]["info"]["run_id"]
    where = link.call("GET", f"/runs/get?run_id={run}")["run"]["info"]["artifact_uri"]
    root = where.partition("mlflow-artifacts:")[2].lstrip("/")
    for path, data in FILES.items():
        address = f"{link.prefix}/api/2.0/mlflow-artifacts/artifacts/{root}/{path}"
        link.ask("PUT", address, data)
    metrics = [
        {"key": key, "value": value, "timestamp": step, "step": step}
        for key in ("acc", "val/loss")
        for step, value in enumerate((0.25, 0.5, 0.75))
    ]
    params = [{"key": "lr", "value": "0.1"}, {"key": "model", "value": "resnet50"}]
    tags = [
        {"key": "seed", "value": "1"},
        {"key": "mlflow.note.content", "value": NOTE},
    ]
    batch = {"run_id": run, "metrics": metrics, "params": params, "tags": tags}
    link.call("POST", "/runs/log-batch", batch)
    return run


def shared_view(server: Server) -> str:
    """The slug of a view that was saved again after its first revision."""
    link = Connection(server)
    state = {"group": "tags.model", "columns": "name,metrics.acc"}
    asked = {
        "name": "Looked at",
        "description": "**Table 3** of the paper.",
        "shared": True,
        "experiment": "digits",
        "state": {**state, "charts": "line!metrics.acc,bar!metrics.acc"},
    }
    slug: str = link.rest("POST", "/views", asked)["slug"]
    changed = {"state": {**state, "q": "status:Completed"}, "revision": 1}
    link.rest("PATCH", f"/views/{slug}", changed)
    state["charts"] = "line!metrics.acc,bar!metrics.acc"
    link.rest("PATCH", f"/views/{slug}", {"state": state, "revision": 2})
    return slug


def shown_out(page: Page) -> None:
    """Make the link of the page's form and open it."""
    page.locator(".share-out button").click()
    page.goto(page.locator("#new-share").inner_text())
    page.locator(".shared").wait_for()


def saved_over(page: Page) -> None:
    """Save what somebody else saved meanwhile."""
    page.locator(".view-bar summary.tool", has_text="Save").click()
    page.locator(".view-bar .menu[open] form[action$='/save/'] button").click()
    page.locator(".view-both").wait_for()


def clicked(selector: str, shows: str = "") -> Act:
    def act(page: Page) -> None:
        page.locator(selector).filter(visible=True).first.click()
        if shows:
            page.locator(shows).first.wait_for()

    return act


def typed(text: str, shows: str, *, enter: bool = False) -> Act:
    def act(page: Page) -> None:
        box = page.locator("#q")
        box.focus()
        box.press_sequentially(text)
        if enter:
            box.press("Enter")
        page.locator(shows).first.wait_for()

    return act


def keyed(key: str, shows: str) -> Act:
    def act(page: Page) -> None:
        page.keyboard.press(key)
        page.locator(shows).first.wait_for()

    return act


def row_keyed(key: str, shows: str) -> Act:
    def act(page: Page) -> None:
        page.locator("[data-row-link]").first.focus()
        keyed(key, shows)(page)

    return act


DIGITS = "experiments/digits/?rows=25"
COMPARED = "compare/?run=digits-01&run=digits-02&run=digits-04&run=nosuch"
SELECTED = "selected=" + ",".join(f"digits-{n:02}" for n in range(1, 13))
GROUPED = "group=tags.model"
PLACES = [
    Place("comparison", COMPARED),
    Place("adding a run", COMPARED, clicked("#compare-add summary", "[role=option]")),
    Place("conclusion", COMPARED, clicked("#edit-conclusion", ".describe-text")),
    Place("no comparison", "compare/"),
    Place("pictures", "compare/?run={run}&run=digits-01&diff=files:table.csv"),
    Place("run list", DIGITS),
    Place("selected runs", f"{DIGITS}&{SELECTED}"),
    Place("groups", f"{DIGITS}&{GROUPED}&{SELECTED}", clicked("a.chevron", ".open")),
    Place(
        "what to group by",
        f"{DIGITS}&{GROUPED}",
        clicked("#group-by", "#pill-editor li"),
        (WIDE,),
    ),
    Place("what differs", f"list/differs/?q=experiment:digits&{SELECTED}"),
    Place("completion", DIGITS, typed("tags.m", "[role=option]")),
    Place(
        "syntax error",
        DIGITS,
        typed("metrics.acc > x", "#filter-note mark", enter=True),
    ),
    Place(
        "values of a pill",
        f"{DIGITS}&q=tags.seed:1",
        clicked("#pill-0", "#pill-editor form"),
    ),
    Place(
        "numbers of a pill",
        f"{DIGITS}&q=metrics.acc>0.6",
        clicked("#pill-0", "#pill-editor form"),
    ),
    Place(
        "dates of a pill",
        f"{DIGITS}&q=created>-7d",
        clicked("#pill-0", "#pill-editor form"),
    ),
    Place("add filter", DIGITS, clicked("#add-filter", "#editor-find")),
    Place("edit columns", DIGITS, clicked("#edit-columns", "dialog[open]")),
    Place(
        "column's menu",
        f"{DIGITS}&columns=name,metrics.acc",
        clicked("[data-column='metrics.acc'] .head-menu", "#column-menu"),
        (WIDE,),
    ),
    Place("facets", f"{DIGITS}&facets=1"),
    Place(
        "charts",
        f"{DIGITS}&charts=line!metrics.acc,parallel!params.lr!metrics.acc",
        clicked("[data-enlarge]", ".plot .main-svg"),
    ),
    Place(
        "chart's menu",
        f"{DIGITS}&charts=parallel!params.lr!metrics.acc,bar!metrics.acc",
        clicked(".chart summary", ".chart .menu[open]"),
    ),
    Place("add chart", DIGITS, clicked("#add-chart", "dialog[open]"), (WIDE,)),
    Place("chart, a page", "list/charts/?charts=bar!metrics.acc&at=0"),
    Place("chart's table", "list/charts/table/?chart=line!metrics.acc"),
    Place("tree", "runs/?q=experiment:sweeps&children=1&tree=sweep"),
    Place("path to a match", "runs/?q=sweep-3&children=1&tree=sweep&differs=1"),
    Place("no match", "runs/?q=nothing-is-called-so"),
    Place("notice", f"{DIGITS}&columns=name,nonsense&after=x"),
    Place("first run", "experiments/Default/?q=nothing"),
    Place(
        "tools of a phone",
        DIGITS,
        clicked("[aria-label=More]", ".menu[open]"),
        (PHONE,),
    ),
    Place(
        "navigation of a phone",
        DIGITS,
        clicked("label[for=nav-open]", ".switcher"),
        (PHONE,),
    ),
    Place("keys", DIGITS, keyed("?", "#key-list[open]"), (WIDE,)),
    Place("theme", DIGITS, clicked("[aria-label=Theme]", ".menu[open]"), (WIDE,)),
    Place("account's menu", DIGITS, clicked("[aria-label^=Account]", ".menu[open]")),
    Place("workspaces", DIGITS, clicked(".switcher summary", ".menu[open]"), (WIDE,)),
    Place("columns, a page", "list/columns/?in=1"),
    Place("filter, a page", "list/filter/?field=status"),
    Place("column's menu, a page", "list/head/?field=metrics.acc"),
    Place("experiments", "experiments/"),
    Place("experiments, none", "experiments/?q=nothing-is-called-so"),
    Place("run", "runs/{run}/"),
    Place("run's metrics", "runs/{run}/metrics/"),
    Place("run's metrics, a table", "runs/{run}/metrics/?metric=acc&table=1"),
    Place("run's files", "runs/{run}/files/"),
    Place("run's log", "runs/{run}/files/?path=logs/train.log"),
    Place("run's history", "runs/{run}/history/"),
    Place("cancel", "runs/{run}/cancel/"),
    Place("run's name", "runs/{run}/", keyed("e", "input[name=name]")),
    Place("members", "members/"),
    Place("account", "/account/"),
    Place("help", "/help/"),
    Place("parts", "/parts/"),
    Place("not found", "runs/no-such-run/"),
    Place("selection", DIGITS, clicked("[data-pick]", "#run-tray .tray-count")),
    Place("groups", f"{DIGITS}&group=tags.model"),
    Place("group by", DIGITS, clicked("#group-by", "#pill-editor form"), (WIDE,)),
    Place("export", DIGITS, clicked("#export summary", "#export[open]"), (WIDE,)),
    Place("name in a row", DIGITS, row_keyed("e", "#row-editor"), (WIDE,)),
    Place("tag in a row", DIGITS, row_keyed("t", "#row-editor"), (WIDE,)),
    Place("views' menu", f"{DIGITS}&sort=name", clicked(".view-select", "#view-menu")),
    Place(
        "saving a view",
        DIGITS,
        clicked(".view-bar .menu:not(.view-menu) summary", ".menu[open]"),
    ),
    Place("views", "views/"),
    Place("view's form", "views/{view}/edit/", clicked("[name=preview]", ".prose")),
    Place("view's versions", "views/{view}/history/"),
    Place("view saved twice", f"{DIGITS}&sort=name&view={{view}}.1", saved_over),
    Place("link for an outsider", "share/?view={view}"),
    Place("view, shown out", "share/?view={view}", shown_out),
    Place("run, shown out", "share/?run={run}", shown_out),
    Place(
        "run's description",
        "runs/{run}/",
        clicked("#run-description a[hx-get]", "#description-text"),
    ),
    Place("versions of a description", "runs/{run}/description/versions/"),
    Place(
        "experiment's description",
        DIGITS,
        clicked("#experiment-description a[hx-get]", "#description-text"),
    ),
    Place("run's images", "runs/{run}/images/"),
    Place("run's sources", "runs/{run}/snapshot/"),
]
