"""Rows and cells escape what people wrote, wherever it is shown."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from runs.render import run_list
from runs.render.experiments import (
    ExperimentLine,
    LatestRun,
    StatusCount,
    TagLink,
    experiment_rows,
)
from runs.render.run_list import (
    ColumnBox,
    ColumnHead,
    ListRow,
    MoreChildrenLine,
    TreeBranch,
    column_boxes,
    head_cells,
    list_rows,
    member_rows,
)

HOSTILE = """</td><script>alert(1)</script>"onclick='x' & %(name)s {{ x }}"""
HREFS = (f"?q={HOSTILE}", f"?q=not {HOSTILE}")


class _Elements(HTMLParser):
    """The tags of HTML with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag != "script"
        assert "onclick" not in dict(attrs)
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def values_of(self, attribute: str) -> list[str | None]:
        return [found[attribute] for _, found in self.tags if attribute in found]


class _TagLink:
    text, key, filter_href, exclude_href = HOSTILE, HOSTILE, *HREFS


def _row(branch: TreeBranch | None = None) -> ListRow:
    return ListRow(
        7,
        HOSTILE,
        HOSTILE,
        starred=True,
        children=3,
        cells=("", "<td>safe</td>"),
        href=f"/w/{HOSTILE}/",
        children_href=HREFS[0],
        rollup=(("Failed", 3),),
        branch=branch,
        series=2,
    )


def test_a_row_of_the_tree_escapes_names_and_addresses() -> None:
    line = MoreChildrenLine(1, HREFS[0], HOSTILE, HOSTILE)
    branch = TreeBranch(1, False, True, HREFS[1], (line,))
    found = _Elements(list_rows([_row(branch)], True, 2))
    assert found.text.count(HOSTILE) == 3
    assert f"Select {HOSTILE}" in found.values_of("aria-label")
    assert f"Child runs of {HOSTILE}" in found.values_of("aria-label")
    assert found.values_of("value").count(HOSTILE) == 1
    assert {f"/w/{HOSTILE}/", f"/w/{HOSTILE}/name/", *HREFS} == set(
        found.values_of("href")
    )
    assert found.values_of("class")[0] == "depth-1 path chosen"
    assert found.values_of("colspan") == ["2"]


def test_only_editors_rename_and_only_parents_have_child_counts() -> None:
    row = _row()
    assert "data-row-edit" not in list_rows([row], False, 2)
    assert "rollup" not in list_rows([replace(row, children=0)], True, 2)
    assert "rollup" in list_rows([row], True, 2)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("short name", ["short name"]),
        (
            "gpt-125m tokens=5B lr=6e-4 seed=3",
            ["gpt-125m tokens=5B ", "lr=6e-4 seed=3"],
        ),
        ("x" * 40, ["x" * 24, "x" * 16]),
    ],
)
def test_a_long_name_keeps_its_ending(name: str, parts: list[str]) -> None:
    html = list_rows([replace(_row(), name=name, children=0)], False, 2)
    [link] = re.findall(r"<a id=\"run-7\"[^>]*>(.*?)</a>", html)
    assert re.sub(r"</?span>", "|", link).strip("|").split("||") == parts


def test_a_row_of_a_group_escapes_its_name() -> None:
    found = _Elements(member_rows([_row()]))
    assert found.text == f"{HOSTILE}safe"
    assert HOSTILE in found.values_of("title")


def test_heads_escape_names_of_columns() -> None:
    head = ColumnHead(HOSTILE, "name", HOSTILE, HREFS[0], "descending", HREFS[1])
    plain = ColumnHead(HOSTILE, "", HOSTILE, menu=HREFS[1])
    found = _Elements(head_cells([head, plain]))
    assert found.text == HOSTILE * 2
    assert found.values_of("data-column") == [HOSTILE, HOSTILE]
    assert found.values_of("aria-sort") == ["descending"]


@pytest.mark.parametrize(
    "cell",
    [
        run_list.text_cell("a", HOSTILE, label=HOSTILE, title=HOSTILE, hrefs=HREFS),
        run_list.text_cell("a", HOSTILE, is_best=True),
        run_list.link_cell("a", HOSTILE, HREFS),
        run_list.status_cell("a", HOSTILE, HREFS),
        run_list.running_duration_cell("a", HOSTILE, HOSTILE),
        run_list.tags_cell("a", [run_list.tag_chip(_TagLink())], [HOSTILE]),
    ],
)
def test_a_cell_escapes_its_text(cell: str) -> None:
    found = _Elements(cell)
    assert HOSTILE in found.text
    assert found.tags[0][0] == "td"
    for name in ("title", "data-label", "data-ticking"):
        assert all(value == HOSTILE for value in found.values_of(name))
    hrefs = found.values_of("href") + found.values_of("data-but")
    assert tuple(hrefs) in ((), HREFS)


def test_a_box_of_a_column_escapes_its_name_and_the_match_in_it() -> None:
    box = ColumnBox(HOSTILE, HOSTILE, (HOSTILE, HOSTILE, HOSTILE), HOSTILE, True)
    found = _Elements(column_boxes([box]))
    assert found.text == HOSTILE * 4
    assert found.values_of("value") == [HOSTILE, HOSTILE]
    assert found.values_of("data-label") == [HOSTILE]


def test_the_box_of_the_name_cannot_be_cleared() -> None:
    name = ColumnBox("name", "Display name", ("Display name", "", ""), "", True)
    assert "disabled" in column_boxes([name])
    assert 'name="had"' not in column_boxes([name])


def test_a_row_of_an_experiment_escapes_names_and_addresses() -> None:
    line = ExperimentLine(
        key=3,
        number=1,
        name=HOSTILE,
        archived=True,
        starred=False,
        href=HREFS[0],
        path=HREFS[1],
        tags=(TagLink(HOSTILE, HOSTILE, HREFS[0]), TagLink("", HOSTILE, HREFS[1])),
        more_tags=HOSTILE,
        counts=(StatusCount(HOSTILE, "Failed", 1, HREFS[0]),),
        latest=LatestRun(HOSTILE, HOSTILE, HREFS[1]),
        submitter=HOSTILE,
        submitter_href=HREFS[0],
        activity=0,
        created=0,
    )
    found = _Elements(experiment_rows([line], True))
    assert found.text.count(HOSTILE) == 8
    assert set(found.values_of("href")) == set(HREFS)
    assert HOSTILE in found.values_of("title")
    plain = replace(line, tags=(), counts=(), latest=None, submitter="")
    assert "chips" not in experiment_rows([plain], False)
    assert experiment_rows([plain], False).count("–") == 3
