"""Tables among a run's files, as a grid in the viewer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.test import Client

from runs.models import Run
from tests.pages.run.run_page import PAGE, browser, cost, keep
from tests.parts.elements import Element, every, one, texts

__all__ = ["browser"]
pytestmark = pytest.mark.django_db

FILES = f"{PAGE}files/?path=t.csv"
RAW = f"{PAGE}files/raw/t.csv?as=table"
CSV = b"name,dice,stain\nb,0.5,DAPI\na,0.25,PAS\n=1+1,,DAPI\n"


@pytest.fixture(autouse=True)
def table(run: Run, files_dir: Path) -> None:
    keep(run, "t.csv", CSV)


def grid(browser: Client, query: str = "") -> Element:
    return one(browser.get(FILES + query), "#table-grid")


def cells(browser: Client, query: str = "") -> list[list[str]]:
    """The texts of the rows, without their numbers."""
    rows = grid(browser, query).all("tbody tr")
    return [[cell.text for cell in row.all("td")][1:] for row in rows]


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ["b", "a", "=1+1"]),
        ("&sort=dice", ["a", "b", "=1+1"]),
        ("&sort=-dice", ["b", "a", "=1+1"]),
        ("&min.dice=0.3", ["b"]),
        ("&is.stain=DAPI", ["b", "=1+1"]),
        ("&missing.dice=only", ["=1+1"]),
        ("&search=pas", ["a"]),
        ("&page=99", ["b", "a", "=1+1"]),
        ("&min.unknown=1&sort=unknown&col=unknown", ["b", "a", "=1+1"]),
    ],
)
def test_rows_are_selected_by_the_address(
    browser: Client, query: str, shown: list[str]
) -> None:
    assert [row[0] for row in cells(browser, query)] == shown


def test_a_filter_is_shown_and_removed(browser: Client) -> None:
    page = grid(browser, "&min.dice=0.3&max.dice=0.8&sort=dice")
    assert page.one(".pill .term").text == "dice: 0.3 – 0.8"
    assert page.one(".grid-count").text == "1 of 3 rows"
    assert page.one(".pill .remove")["href"] == f"{FILES}&sort=dice"


def test_the_head_shows_the_order_and_links_to_the_next(browser: Client) -> None:
    page = grid(browser, "&sort=dice")
    head = page.one("th[data-column=dice]")
    assert head["aria-sort"] == "ascending"
    assert head.all(".grid-name a")[0]["href"] == f"{FILES}&sort=-dice"


def test_columns_are_chosen(browser: Client) -> None:
    assert cells(browser, "&col=stain&col=name")[0] == ["DAPI", "b"]


def test_a_bound_that_is_no_number_is_explained(browser: Client) -> None:
    page = grid(browser, "&min.dice=abc")
    assert "must be numbers" in page.one("[role=alert]").text
    assert len(page.all("tbody tr")) == 3


def test_the_filter_of_a_column_keeps_the_rest_of_the_state(browser: Client) -> None:
    form = grid(browser, "&edit=stain&sort=dice&is.stain=PAS").one(".grid-editor")
    hidden = {each["name"]: each["value"] for each in form.all("input[type=hidden]")}
    assert hidden == {"path": "t.csv", "sort": "dice"}
    [chosen] = [
        each
        for each in form.all("input[type=checkbox]")
        if "checked" in each.attributes
    ]
    assert chosen["value"] == "PAS"


def test_pages_of_rows(browser: Client, run: Run) -> None:
    keep(run, "t.csv", b"n\n" + b"".join(b"%d\n" % n for n in range(120)))
    page = grid(browser, "&page=2")
    assert [row[0] for row in cells(browser, "&page=2")] == [
        str(n) for n in range(50, 100)
    ]
    assert page.one(".pages .soft").text == "51–100 of 120"
    assert page.one("a[rel=prev]")["href"] == FILES
    assert page.one("a[rel=next]")["href"] == f"{FILES}&page=3"


@pytest.mark.parametrize("mark", ["<script>x</script>", '"onload=x', "'><img src=x>"])
def test_nothing_of_a_file_becomes_html(browser: Client, run: Run, mark: str) -> None:
    cell = mark.replace('"', '""')
    content = f'"{cell}","b"\n"{cell}",1\n"{cell}",2\n"{"x" * 500}",3\n'
    keep(run, "t.csv", content.encode())
    for query in ("", "&edit=" + mark, "&has." + mark + "=" + mark):
        page = browser.get(FILES + query).text
        assert (
            mark not in page[page.index('id="table-grid"') :].partition("</table>")[0]
        )


def test_the_selected_rows_are_downloaded(browser: Client) -> None:
    response = browser.get(f"{RAW}&sort=name&col=name&col=dice&is.stain=DAPI")
    text = response.getvalue().decode("utf-8-sig")
    # A spreadsheet would compute what begins with an equals sign.
    assert text.splitlines() == ["name,dice", "'=1+1,", "b,0.5"]
    assert response["Content-Disposition"].endswith('filename="t.csv"')


@pytest.mark.parametrize("start", ["=", "+", "@", "＝", "＋"])
def test_formulas_of_every_kind_are_disarmed(
    browser: Client, run: Run, start: str
) -> None:
    keep(run, "t.csv", f"a,b\n{start}cmd|x,1\n".encode())
    text = browser.get(RAW).getvalue().decode("utf-8-sig")
    assert text.splitlines()[1] == f"'{start}cmd|x,1"


def test_images_that_log_table_stored(browser: Client, run: Run) -> None:
    keep(run, "images/1.png", b"png")
    cell = {"type": "image", "filepath": "images/1.png"}
    outside = {"type": "image", "filepath": "../../x.png"}
    document = {"columns": ["picture"], "data": [[cell], [outside]]}
    keep(run, "eval.json", json.dumps(document).encode())
    page = browser.get(f"{PAGE}files/?path=eval.json")
    assert [img["src"] for img in every(page, ".grid-image img")] == [
        f"{PAGE}files/raw/images/1.png?inline=1"
    ]


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("config.json", b'{"lr": 1}', "lines"),
        ("broken.json", b'{"columns": [', "lines"),
        ("half.jsonl", b"no json", "lines"),
    ],
)
def test_a_file_that_is_no_table_is_shown_as_text(
    browser: Client, run: Run, name: str, content: bytes, kind: str
) -> None:
    keep(run, name, content)
    page = browser.get(f"{PAGE}files/?path={name}").text
    assert 'id="table-grid"' not in page
    assert content.decode()[:5] in "".join(texts(page, "code")) or "lr" in page


def test_a_damaged_parquet_file_is_explained(browser: Client, run: Run) -> None:
    pytest.importorskip("arro3.io")
    keep(run, "bad.parquet", b"PAR1" + bytes(50) + b"PAR1")
    page = browser.get(f"{PAGE}files/?path=bad.parquet").text
    assert "This file is damaged" in page


def test_a_table_of_another_workspace_is_not_found(client: Client, run: Run) -> None:
    assert client.get(FILES).status_code in {302, 404}
    assert client.get(RAW).status_code in {302, 404}


def test_the_statements_of_a_page_are_constant(browser: Client, run: Run) -> None:
    few = cost(browser, FILES)
    keep(run, "t.csv", b"n,m\n" + b"1,2\n" * 5_000)
    assert cost(browser, f"{FILES}&sort=n&min.m=1&edit=n") == few


def test_a_column_of_dates_has_a_range_of_dates(browser: Client, run: Run) -> None:
    keep(run, "t.csv", b"name,day\nb,2026-03-14 10:00\na,2026-01-02\n=1,2026-02-01\n")
    page = grid(browser, "&sort=day&edit=day&max.day=2026-02")
    head = page.one("th[data-column=day]")
    assert "2026-01-02 00:00 – 2026-03-14 10:00" in head.text
    bars = head.all(".histogram rect")
    assert [bar["class"] for bar in bars] == ["bar", "bar", "bar pale"]
    field = page.one(".grid-editor").one("input[name=max.day]")
    assert (field["value"], field["placeholder"]) == ("2026-02", "2026-03-14 10:00")
    assert [row[0] for row in cells(browser, "&sort=day&max.day=2026-02")] == [
        "a",
        "=1",
    ]
    wrong = grid(browser, "&min.day=soon").one("[role=alert]").text
    assert "such as 2026-03-14" in wrong
