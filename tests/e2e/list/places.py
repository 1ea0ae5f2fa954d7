"""The pages, menus and dialogs that axe-core looks at: a new one is one line of PLACES.

What `act` opens stays open while the page gets narrow and dark. `widths` are those at
which there is such a thing; the page is opened at the first of them. `{run}` in a path
is the run of `rich.rich_run`, `{queued}` that of `rich.queued_run`, `{view}` the view
of `rich.shared_view`, `{model}` the model of `rich.registered_model`;
paths that do not begin with `/` are below the workspace's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

WIDE, PHONE = 1280, 360
Act = Callable[[Page], None]


@dataclass(frozen=True)
class Place:
    name: str
    path: str
    act: Act | None = None
    widths: tuple[int, ...] = (WIDE, PHONE)
    status: int = 200

    def __str__(self) -> str:
        return self.name


def shown_out(page: Page) -> None:
    """Make the link of the page's form and open it."""
    page.locator(".public-link-form button").click()
    page.goto(page.locator("#new-share").inner_text())
    page.locator(".shared").wait_for()


def saved_over(page: Page) -> None:
    """Save a change as another member who edits at the same time."""
    page.locator(".view-bar summary.tool", has_text="Save").click()
    page.locator(".view-bar .menu[open] form[action$='/save/'] button").click()
    page.locator(".view-both").wait_for()


def histories(page: Page) -> None:
    """Ask for the export, which opens its page."""
    page.locator("#export summary").click()
    page.locator("#export button").click()
    page.locator("a[href$='.parquet']").wait_for()


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
    Place("copying a comparison", COMPARED, clicked("#compare-copy summary")),
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
    Place("run's lineage", "runs/{run}/lineage/", clicked("#lineage summary")),
    Place("logged models", "logged-models/"),
    Place("logged models, none", "logged-models/?q=nothing-is-called-so"),
    Place("logged model", "logged-models/", clicked("a[data-row-link]", "#lineage")),
    Place("datasets", "datasets/"),
    Place("dataset", "datasets/", clicked("a[data-row-link]", "#lineage")),
    Place("run's metrics", "runs/{run}/metrics/"),
    Place("run's metrics, a table", "runs/{run}/metrics/?key=acc&show=table"),
    Place("run's files", "runs/{run}/files/"),
    Place("run's notebook", "runs/{run}/files/?path=previews/eval.ipynb"),
    Place("run's JSON file", "runs/{run}/files/?path=previews/config.json"),
    Place("run's figure", "runs/{run}/files/?path=previews/figure.json"),
    Place("run's array", "runs/{run}/files/?path=previews/array.npy"),
    Place("run's image", "runs/{run}/files/?path=images/pixel.png"),
    Place("run's table", "runs/{run}/files/?path=table.csv&edit=a&min.a=1"),
    Place("run's log", "runs/{run}/files/?path=logs/train.log"),
    Place("searching a log", "runs/{run}/files/?path=logs/train.log&q=e"),
    Place("log search", "logs/"),
    Place("logs side by side", "compare/logs/?run={run}&to=logs/train.log&q=e"),
    Place("choosing a log", "compare/logs/?run={run}"),
    Place("run's history", "runs/{run}/history/"),
    Place("cancel", "runs/{run}/cancel/"),
    Place("run's name", "runs/{run}/", keyed("e", "input[name=name]")),
    Place("models", "models/"),
    Place("models, none", "models/?q=nothing-is-called-so"),
    Place("models, wrong filter", "models/?q=nothing:me", status=400),
    Place("new model", "models/", clicked("#new-model", "#model-dialog form")),
    Place("new model, a page", "new-model/"),
    Place("members", "members/"),
    Place("activity", "activity/"),
    Place(
        "values of a change",
        "activity/",
        clicked(".activity-values summary", ".activity-table"),
    ),
    Place("background tasks", "tasks/"),
    Place("compute", "compute/"),
    Place(
        "adding a target", "compute/", clicked("a[href$='targets/']", "dialog[open]")
    ),
    Place("new run", "new-run/"),
    Place("queued run", "runs/{queued}/"),
    Place(
        "resubmit",
        "runs/{queued}/resubmit/",
        clicked("#add-argument", ".argument-row"),
    ),
    Place("adding an agent", "compute/agents/"),
    Place("account", "/account/"),
    Place("help", "/help/"),
    Place("REST API", "/api/v1/"),
    Place("parts", "/parts/"),
    Place("not found", "runs/no-such-run/", status=404),
    Place("selection", DIGITS, clicked("[data-pick]", "#selection-bar .tray-count")),
    Place("groups", f"{DIGITS}&group=tags.model"),
    Place("group by", DIGITS, clicked("#group-by", "#pill-editor form"), (WIDE,)),
    Place("export", DIGITS, clicked("#export summary", "#export[open]"), (WIDE,)),
    Place("full histories", DIGITS, histories),
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
    Place("link for a non-member", "share/?view={view}"),
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
    Place("run's media", "runs/{run}/media/"),
    Place("run's media over steps", "runs/{run}/media/?view=steps"),
    Place("run's sources", "runs/{run}/snapshot/"),
    Place("a source file", "runs/{run}/snapshot/?path=src/train.py"),
    Place("sources next to another run", "runs/{run}/snapshot/?with={run}"),
    Place("a run's environment", "runs/{run}/snapshot/?show=environment&with={run}"),
    Place("uncommitted changes", "runs/{run}/snapshot/?show=changes"),
]
