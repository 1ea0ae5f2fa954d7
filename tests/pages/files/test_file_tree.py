"""The tree of files in the tab Outputs + logs, and the files that are open in it."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from runs.models import File, LoggedModel, Run, path_key
from runs.search.files import files as file_queries
from runs.search.files import tree as tree_queries
from tests.pages.files.test_run_files import model
from tests.pages.run.run_page import HTMX, PAGE, browser, cost, keep
from tests.parts.elements import every, one, texts

__all__ = ["browser", "model"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files_dir")]

FILES = f"{PAGE}files/"
LEAVES = "#run-tree .leaf"


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every tree is read a level at a time."""
    monkeypatch.setattr(file_queries, "MAX_WHOLE_TREE", 0)


def names(page: str, selector: str = LEAVES) -> list[str]:
    return texts(page, f"{selector} .clip")


def hrefs(page: str, selector: str) -> list[str]:
    return [str(link["href"]).removeprefix(FILES) for link in every(page, selector)]


@pytest.mark.usefixtures("levels")
def test_a_closed_folder_is_a_link_that_opens_it(browser: Client, run: Run) -> None:
    for path in ("a.txt", "out/b.txt", "out/deep/c.txt"):
        keep(run, path)
    page = browser.get(FILES).text
    assert (names(page), names(page, ".branch")) == (["a.txt"], ["out"])
    opened = browser.get(one(page, ".branch")["href"]).text
    assert sorted(names(opened)) == ["a.txt", "b.txt"]
    assert names(opened, ".branch") == ["deep"]


@pytest.mark.usefixtures("levels")
def test_the_folders_above_the_open_file_are_open(browser: Client, run: Run) -> None:
    keep(run, "out/deep/c.txt")
    keep(run, "other/d.txt")
    page = browser.get(f"{FILES}?path=out/deep/c.txt").text
    assert one(page, f"{LEAVES}[aria-current]")["title"] == "out/deep/c.txt"
    assert names(page, ".branch") == ["other"]


@pytest.mark.parametrize("folder", ["", "out", "//m-1", "//m-1/data"])
def test_one_level_can_be_requested(
    browser: Client, run: Run, model: LoggedModel, folder: str
) -> None:
    for home in (run, model):
        keep(home, "top.txt")
        keep(home, "out/x.txt")
        keep(home, "data/x.txt")
    page = browser.get(f"{FILES}tree/", {"folder": folder}, headers=HTMX).text
    wanted = "x.txt" if folder.endswith(("out", "data")) else "top.txt"
    assert names(page, ".leaf") == [wanted]


@pytest.mark.usefixtures("levels")
def test_more_folders_follow_on_request(
    browser: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_queries, "MAX_LEVEL_FOLDERS", 1)
    for path in ("top.txt", "a/x.txt", "b & c/x.txt"):
        keep(run, path)
    page = browser.get(FILES).text
    assert (names(page), names(page, ".branch")) == (["top.txt"], ["a"])
    more = one(page, ".more-files")
    answer = browser.get(more["hx-get"], headers=HTMX).text
    assert (names(answer), names(answer, ".branch")) == ([], ["b & c"])
    # Without scripts it is a page.
    assert names(browser.get(more["href"]).text, ".branch") == ["b & c"]


@pytest.mark.parametrize("folder", ["../x", "/etc", "a//b", "C:\\x", "a\n"])
def test_a_folder_outside_of_the_run_is_refused(
    browser: Client, run: Run, folder: str
) -> None:
    keep(run, "a.txt")
    answer = browser.get(f"{FILES}tree/", {"folder": folder}, headers=HTMX)
    assert answer.status_code == 400
    assert browser.get(FILES, {"in": folder}).status_code == 200


def test_the_models_of_other_runs_have_no_level(browser: Client, run: Run) -> None:
    answer = browser.get(f"{FILES}tree/?folder=//other", headers=HTMX)
    assert answer.status_code == 404


def test_open_files_are_tabs_in_the_address(browser: Client, run: Run) -> None:
    for name in "abc":
        keep(run, f"{name}.txt")
    page = browser.get(f"{FILES}?open=a.txt&open=gone.txt&path=b.txt").text
    assert names(page, ".view-tab-name") == ["a.txt", "gone.txt", "b.txt"]
    assert one(page, ".view-tab-name[aria-current] .clip").text == "b.txt"
    closed = hrefs(page, ".view-tab-close")[2]
    assert closed == "?path=gone.txt&open=a.txt&open=gone.txt"
    opened = hrefs(page, f"{LEAVES}[title=c.txt]")[0]
    assert opened.startswith("?path=c.txt&open=a.txt")


def test_all_tabs_can_be_closed(browser: Client, run: Run) -> None:
    keep(run, "std_log.txt")
    close = hrefs(browser.get(FILES).text, ".view-tab-close")
    assert close == ["?open="]
    assert "No open file" in browser.get(FILES + close[0]).text


def test_a_file_of_a_model_has_a_tab(
    browser: Client, run: Run, model: LoggedModel
) -> None:
    keep(run, "MLmodel", b"of the run")
    keep(model, "MLmodel", b"of the model")
    page = browser.get(f"{FILES}?open=MLmodel&open=//m-1/MLmodel").text
    assert "of the model" in page
    assert hrefs(page, ".view-tab-name")[1].startswith("?model=m-1&path=MLmodel")


@pytest.mark.parametrize(
    ("find", "found"), [("LOG std", ["std_log.txt"]), ("é", ["é.txt"]), ("no", [])]
)
def test_files_are_found_by_their_path(
    browser: Client, run: Run, find: str, found: list[str]
) -> None:
    for path in ("logs/std_log.txt", "logs/other.txt", "é.txt"):
        keep(run, path)
    page = browser.get(FILES, {"find": find}).text
    assert [leaf["title"].rpartition("/")[2] for leaf in every(page, LEAVES)] == found
    assert one(page, "#find-file")["value"] == find


def test_a_log_of_an_active_run_is_marked_as_live(browser: Client, run: Run) -> None:
    keep(run, "a.txt")
    file = keep(run, "logs/std_log.txt")
    File.objects.filter(pk=file.pk).update(sha256="")
    page = browser.get(FILES).text
    leaves = every(page, LEAVES)
    live = [leaf["title"] for leaf in leaves if leaf.all(".live-dot")]
    assert (len(leaves), live) == (2, ["logs/std_log.txt"])


def test_a_large_tree_costs_the_same_for_any_number_of_files(
    browser: Client, run: Run
) -> None:
    keep(run, "logs/std_log.txt")

    def add(count: int) -> None:
        paths = [f"out/d{n % 7}/{uuid4()}.txt" for n in range(count)]
        File.objects.bulk_create(
            File(
                run=run,
                folder=path.rpartition("/")[0],
                name=path.rpartition("/")[2],
                path_key=path_key(path),
                blob=uuid4().hex,
                size=1,
                created=1,
            )
            for path in paths
        )

    add(300)
    before = cost(browser, f"{FILES}?in=out/d1")
    add(900)
    assert cost(browser, f"{FILES}?in=out/d1") == before
    assert before <= 20
