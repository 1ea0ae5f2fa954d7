"""Times are on the reader's clock; a filter means the same for every reader."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from runs.models import Run
from studio.core.filters import parse, to_text
from tests.pages.filters.test_filter_parts import apply, choices
from tests.pages.rows import ALL, names

pytestmark = pytest.mark.django_db

EDITOR = "/w/default/list/filter/"
SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def reader(visitor: Client) -> Client:
    """Someone without a time zone of the account, in a browser in Shanghai."""
    visitor.cookies["zone"] = "Asia/Shanghai"
    return visitor


def submit(log: Any, name: str, time: int) -> None:
    log(name)
    Run.objects.filter(run_id=name).update(created=time)


def test_the_browser_s_zone_holds_where_the_account_has_none(
    reader: Client, log: Any
) -> None:
    submit(log, "one", 1_764_000_000_000)  # 2025-11-24 16:00 UTC
    page = reader.get(ALL + "?columns=name,created")
    assert 'title="25 Nov 2025, 00:00:00 CST"' in page.text
    assert "created:2025-11-25%2B08:00" in page.text.replace("%3A", ":")
    unknown = ("../../etc/passwd", "Mars/Olympus", "x" * 5000, "")
    for zone in unknown:
        reader.cookies["zone"] = zone
        assert "24 Nov 2025, 16:00:00 UTC" in reader.get(ALL).text


def test_a_pill_is_on_the_reader_s_clock_and_names_days_of_other_zones(
    reader: Client,
) -> None:
    shown = {
        "created:2025-11-25+08:00": "25 Nov 2025<",
        "created >= 2025-11-24T16:00": "25 Nov 2025, 00:00",
        "created:2025-11-24": "24 Nov 2025 UTC",
        "created:2025-11-24+05:00": "24 h from 24 Nov 2025, 03:00",
    }
    for q, words in shown.items():
        assert words in reader.get(ALL, {"q": q}).text, q


def test_a_day_has_the_runs_of_that_day_there(reader: Client, log: Any) -> None:
    submit(log, "before", 1_763_999_999_999)
    submit(log, "first", 1_764_000_000_000)
    submit(log, "last", 1_764_086_399_999)
    submit(log, "after", 1_764_086_400_000)
    page = reader.get(ALL, {"q": "created:2025-11-25+08:00"})
    assert names(page) == ["last", "first"]


@pytest.mark.parametrize(
    "offset", ["", "+13:00", "+08:00", "+05:45", "-03:30", "-10:00"]
)
def test_a_day_is_written_with_the_offset_of_its_place(offset: str) -> None:
    text = f"created:2025-12-02{offset}"
    assert to_text(parse(text)) == text


def test_the_editor_writes_the_offset_and_keeps_what_is_not_edited(
    reader: Client,
) -> None:
    edited = apply(reader, field="created", op=">=", value="2025-11-25")
    assert edited == "created >= 2025-11-25+08:00"
    timed = apply(reader, field="created", op=">=", value="2025-11-25T00:30")
    assert timed == "created >= 2025-11-25T00:30+08:00"
    for q in ("created >= 2025-11-24", "created >= 2025-11-25+08:00"):
        form = reader.get(EDITOR, {"q": q, "term": "0"})
        day = q[-16:-6] if "+" in q else q[-10:]
        assert f'value="{day}"' in form.text
        kept = apply(reader, q=q, term="0", field="created", op=">=", value=day)
        assert kept == q
    assert "Asia/Shanghai" in form.text


def test_days_are_offered_by_their_words(reader: Client) -> None:
    today = datetime.now(SHANGHAI).date()
    # Midnight can have passed since then.
    offered = {f"{today}+08:00", f"{datetime.now(SHANGHAI).date()}+08:00"}
    assert {each.strip() for each in choices(reader, "created:tod")} <= offered
    day = choices(reader, "created:yest")[0].strip()
    assert day in {f"{today - timedelta(days=ago)}+08:00" for ago in (0, 1)}
    [week] = choices(reader, "created:this")
    assert week.strip().endswith("+08:00..")
    assert choices(reader, "created >= this") == []


def link_of_day(page: Any, day: str) -> str:
    """The address of the runs of the only group of that day."""
    [row] = [row for row in page.context["grouped"]["rows"] if day in row.label]
    return str(row.href)


def test_groups_by_day_are_days_on_the_reader_s_clock(reader: Client, log: Any) -> None:
    submit(log, "before", 1_763_999_999_999)
    submit(log, "first", 1_764_000_000_000)
    submit(log, "last", 1_764_086_399_999)
    page = reader.get(ALL, {"group": "created", "columns": "name"})
    day = link_of_day(page, "25 Nov 2025")
    assert names(reader.get(ALL + day)) == ["last", "first"]


def test_a_day_on_which_clocks_change_has_all_of_its_runs(
    visitor: Client, log: Any
) -> None:
    visitor.cookies["zone"] = "Europe/Berlin"
    night = datetime(2025, 10, 26, tzinfo=ZoneInfo("Europe/Berlin"))
    start = int(night.timestamp()) * 1000
    hour = 3_600_000
    submit(log, "first", start)
    submit(log, "last", start + 25 * hour - 1)
    submit(log, "after", start + 25 * hour)
    page = visitor.get(ALL, {"group": "created", "columns": "name"})
    day = link_of_day(page, "26 Oct 2025")
    assert names(visitor.get(ALL + day)) == ["last", "first"]


def test_a_brushed_time_has_the_offset_of_the_axis(reader: Client, log: Any) -> None:
    submit(log, "one", 1_764_000_000_000)
    ends = {"field": "created", "low": "1763999999000", "high": "1764000001000"}
    answer = reader.get("/w/default/list/charts/brush/", ends)
    query = parse_qs(urlsplit(answer["Location"]).query)["q"][0]
    assert query == (
        "created:2025-11-24T23:59:59.000+08:00..2025-11-25T00:00:01.000+08:00"
    )
    assert names(reader.get(answer["Location"])) == ["one"]
