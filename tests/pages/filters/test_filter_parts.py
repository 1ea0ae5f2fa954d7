"""Completion and the filter's editor as the server answers them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.parts.elements import every

COMPLETE = "/w/default/list/complete/"
EDITOR = "/w/default/list/filter/"

#: Values that quotes, addresses and pages are easily wrong about.
NASTY = [
    "it's",
    'a "quoted" word',
    "`ticks`",
    "a''b\"\"c``d",
    "C:\\dir\\n",
    "a&b=c?d#e%20f+g;h",
    "<b>&amp;</b>",
    "(x|y), z",
    "/* not a comment */",
    "-7d",
    "1e-3",
    "NaN",
    "null",
    "and",
    "a..b",
    "status:failed",
    "蒸馏 → café 🧪",
    "\u202eright to left",
    "tab\tand\nnewline",
    "{{ 7*7 }} {% x %}",
    "a" * 3000,
]


def options(visitor: Client, text: str, **more: str) -> list[str]:
    query = urlencode({"text": text, "at": str(len(text)), **more})
    page = visitor.get(f"{COMPLETE}?{query}").text
    # A run that has the word is opened, and inserts nothing.
    return re.findall(r'data-insert="([^"]+)"', page)


def choices(visitor: Client, text: str, **more: str) -> list[str]:
    """The texts that can be inserted."""
    page = visitor.get(COMPLETE, {"text": text, "at": str(len(text)), **more})
    return [each["data-insert"] for each in every(page, "[role=option]")]


def apply(visitor: Client, **given: Any) -> str:
    """The filter that the form leads to."""
    query = urlencode({**given, "apply": "1"}, doseq=True)
    answer = visitor.get(f"{EDITOR}?{query}")
    assert answer.status_code == 302
    return parse_qs(urlsplit(answer["Location"]).query).get("q", [""])[0]


def test_values_are_counted_with_the_other_terms_applied(
    visitor: Client, log: Any
) -> None:
    log("a", tags={"model": "resnet50"})
    log("b", tags={"model": "resnet18"})
    log("c", tags={"model": "resnet18", "old": None})
    assert choices(visitor, "tag:old tags.model = ") == ["resnet18 "]
    assert choices(visitor, "tags.model = 5") == ["resnet50 "]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("tags.model = res", ["resnet18 "]),
        ("tags.model in (RESNET5", ["resnet50) "]),
        ("tags.model = net5", []),
        ("tags.model contains res", []),
        ("params.lr = 0.1", ["0.1 "]),
        # A number is whole as it is typed.
        ("params.lr = 0", []),
        ("tags.model = ", []),
    ],
)
def test_the_value_that_fits_is_preselected(
    visitor: Client, log: Any, text: str, chosen: list[str]
) -> None:
    for n, model in enumerate(("resnet18", "resnet18", "resnet50", "wide_res")):
        log(f"r{n}", tags={"model": model}, params={"lr": f"0.1{n or ''}"})
    page = visitor.get(COMPLETE, {"text": text, "at": str(len(text))})
    found = every(page, ".option[data-chosen]")
    assert [each["data-insert"] for each in found] == chosen
    # Whatever is chosen, the text before the word at hand stays.
    word = text[text.rindex(" ") + 1 :].lstrip("(")
    starts = {int(each["data-start"]) for each in every(page, "[role=option]")}
    assert starts <= {len(text) - len(word), text.index(" ")}


def test_prefixes_and_recent_filters_are_offered(visitor: Client, log: Any) -> None:
    log("a", acc=0.9)
    prefixes = ["tags.", "params.", "metrics.", "properties."]
    assert choices(visitor, "")[-4:] == prefixes
    assert choices(visitor, "metr") == ["metrics."]
    assert choices(visitor, "tag")[0] == "tags."
    recent = ["status:failed", "status:", "metrics.acc > 0.5"]
    page = visitor.get(COMPLETE, {"text": "", "at": "0", "recent": recent})
    inserts = [each["data-insert"] for each in every(page, ".option")]
    # What is no filter is not offered.
    assert inserts[:2] == ["status:failed", "metrics.acc > 0.5"]
    assert "metrics.acc > 0.5" in choices(visitor, "metr", recent=recent[2])
    assert "status:failed" not in choices(visitor, "metr", recent=recent[0])


def test_an_empty_value_is_suggested_with_a_label(visitor: Client, log: Any) -> None:
    log("a", params={"note": ""})
    page = visitor.get(COMPLETE, {"text": "params.note = ", "at": "14"})
    options = every(page, ".option")
    [empty] = [each for each in options if each["data-insert"] == '"" ']
    assert "(empty)" in empty.text


def test_keys_with_special_characters_are_quoted(visitor: Client, log: Any) -> None:
    log("a", tags={"odd key: x": "1"}, params={"a.max": "2"})
    assert options(visitor, "odd") == ["tags.&quot;odd key: x&quot; "]
    assert options(visitor, "tags.odd") == ["tags.&quot;odd key: x&quot; "]


@pytest.mark.parametrize("value", NASTY)
def test_a_value_round_trips_through_the_form(
    visitor: Client, log: Any, value: str
) -> None:
    log("a", tags={"odd": value})
    log("b", tags={"odd": "plain"})
    q = apply(visitor, field="tags.odd", op="in", value=[value])
    page = visitor.get("/w/default/runs/?" + urlencode({"q": q}))
    assert re.findall(r'data-row-link title="([^"]*)"', page.text) == ["a"]
    assert apply(visitor, q=q, term="0", field="tags.odd", op="in", value=[value]) == q


WRITTEN = [
    ("field=status&op=not+in&value=failed", "status != Failed"),
    ("field=created&op=last&value=7&unit=d", "created >= -7d"),
    ("field=created&op=<&value=2026-11-24", "created < 2026-11-24"),
    ("field=duration&op=>&value=90&unit=s", "duration > 1m30s"),
    ("field=duration&op=>&value=1h&unit=s", "duration > 1h"),
    ("field=duration&op=>&value=90", "duration > 1h30m"),
    ("field=created&op=last&value=2", "created >= -2d"),
    (
        "field=duration&op=between&value=1h30m&value=3&unit=s&unit=h",
        "duration:1h30m..3h",
    ),
    ("field=created&op=last&value=36h&unit=d", "created >= -1d12h"),
    ("field=metrics.acc&op=between&value=0&value=1", "metrics.acc:0..1"),
    ("field=starred&op==&value=false", "starred:false"),
    ("field=tags.x&op=is+null", "-tag:x"),
    ("field=name&op=contains&value=a+b", 'name contains "a b"'),
]


@pytest.mark.parametrize(("form", "q"), WRITTEN)
def test_every_editor_writes_its_term(visitor: Client, form: str, q: str) -> None:
    assert apply(visitor, **parse_qs(form)) == q


@pytest.mark.parametrize(
    "given",
    [
        {"field": "status", "op": "in"},
        {"field": "status", "op": "in", "value": "nonsense"},
        {"field": "created", "op": ">", "value": "soon"},
        {"field": "number", "op": ">", "value": ""},
        {"field": "duration", "op": ">", "value": "long", "unit": "h"},
        {"field": "duration", "op": ">", "value": "-3", "unit": "h"},
        {"field": "created", "op": "last", "value": "1e300", "unit": "d"},
        {"q": "a or b", "term": "0", "text": "a or"},
    ],
)
def test_invalid_parts_are_reported_and_kept(
    visitor: Client, given: dict[str, str]
) -> None:
    answer = visitor.get(f"{EDITOR}?{urlencode({**given, 'apply': '1'})}")
    assert answer.status_code == 422
    assert 'id="editor-error"' in answer.text


def test_an_invalid_filter_redirects_to_the_list(visitor: Client) -> None:
    answer = visitor.get(EDITOR + "?q=metrics.acc+>+high&term=0")
    assert answer["Location"].startswith("/w/default/runs/?q=metrics.acc")


@pytest.mark.parametrize(
    "address", [COMPLETE + "?text=t", EDITOR, EDITOR + "?field=tags.t"]
)
def test_the_number_of_queries_does_not_depend_on_the_runs(
    visitor: Client, log: Any, address: str
) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert visitor.get(address).status_code == 200
        return len(asked)

    log("a", tags={"t": "1"}, params={"t": "1"}, acc=1)
    count()  # The first visit notes that the session was seen.
    before = count()
    for number in range(5):
        more = {"t": f"{number}", f"t{number}": "x"}
        log(f"b{number}", tags=more, params=more, acc=1)
    assert count() == before
