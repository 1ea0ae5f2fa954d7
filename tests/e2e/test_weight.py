"""What a first visit costs over the wire, as `python -m tests.bench weight` tells."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.bench.weight import LIMIT, MAX_REQUESTS, run_list
from tests.parts.server import running


def test_the_run_list_is_small_and_loads_no_charts(
    browser: Browser, tmp_path: Path
) -> None:
    with running(tmp_path / "home") as server:
        answers, _ = run_list(browser, server)
    table = "\n".join(f"{answer.size} {answer.address}" for answer in answers)
    assert "/w/default/runs/" in table
    assert "plotly" not in table
    assert len(answers) <= MAX_REQUESTS, table
    assert sum(answer.size for answer in answers) <= LIMIT, table
