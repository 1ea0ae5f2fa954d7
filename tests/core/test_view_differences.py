"""What differs between two states of a list, and what a shared one writes out."""

from __future__ import annotations

import pytest

from studio.core.view_differences import differences, override_query
from studio.core.view_sharing import replace_me
from studio.core.view_spec import ViewSpec, read_stored

BASE = "q=status:failed&columns=name,status,metrics.acc&charts=line!metrics.loss"


def spec(query: str) -> ViewSpec:
    return ViewSpec.from_query(query)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (BASE, []),
        (BASE.replace("status:failed", "status+%3D+Failed"), []),
        (BASE.replace("failed", "failed+tag:x"), ["+filter tag:x"]),
        (BASE.replace("q=status:failed&", ""), ["-filter status:Failed"]),
        (BASE.replace("name,status,metrics.acc", "name"), ["-column status"] * 2),
        (BASE.replace("name,status", "name:90,status"), ["~width name → name:90"]),
        (BASE.replace("name,status", "status,name"), ["~order"]),
        (BASE + "&children=1&archived=1", ["+children", "+archived"]),
        (BASE + "&sort=-metrics.acc", ["~sort -created → -metrics.acc"]),
        (BASE.replace("loss", "acc"), ["-chart", "+chart"]),
        (BASE + "&selected=a,b", ["+selected a", "+selected b"]),
        (BASE + "&group=params.lr", ["+group params.lr"]),
        (BASE + "&rows=25&view=abc&after=x", ["~rows 50 → 25"]),
    ],
)
def test_each_difference_is_described(query: str, found: list[str]) -> None:
    changes = differences(spec(BASE), spec(query))
    said = [
        f"{d.sign}{d.part} {' → '.join(filter(None, (d.before, d.after)))}"
        for d in changes
    ]
    assert len(said) == len(found)
    for each, wanted in zip(said, found, strict=True):
        assert each.startswith(wanted.split(" status")[0])


def test_swapping_the_two_states_reverses_the_differences() -> None:
    one, two = spec(BASE), spec("q=tag:x&mine=1&columns=name")
    there, back = differences(one, two), differences(two, one)
    turned = {(d.part, d.after, d.before) for d in back}
    assert turned == {(d.part, d.before, d.after) for d in there}


def test_default_columns_of_two_lists_can_differ() -> None:
    standard = spec("columns=name,status,metrics.acc").columns
    chosen = spec("columns=name,status")
    [found] = differences(ViewSpec(), chosen, standard=standard)
    assert (found.sign, found.before) == ("-", "metrics.acc")


def test_an_override_has_only_differences_and_clears_removed_parts() -> None:
    wanted = spec("q=tag:x&columns=name,status,metrics.acc")
    query = override_query(spec(BASE), wanted)
    assert query == "q=tag:x&charts="


def test_a_shared_state_replaces_me_by_the_name() -> None:
    mine = spec("q=status:failed+not+submitter:me+starred&mine=1")
    shared = replace_me(mine, "ada")
    assert not shared.mine
    others, own = "submitter != ada", "submitter:ada"
    assert shared.q == f"status:Failed and {others} and starred:true and {own}"
    assert replace_me(shared, "ben") == shared


def test_a_view_of_another_version_is_read_as_far_as_possible() -> None:
    stored = {"q": "status:failed", "columns": "name,hue", "lens": "x", "rows": 7}
    found, complaints = read_stored(stored)
    assert found.q == "status:failed"
    assert [str(column) for column in found.columns] == ["name"]
    assert {each.name for each in complaints} == {"columns", "lens", "rows"}
    assert read_stored(None)[0] == ViewSpec()
