"""Full metric histories by REST: requested, written by the worker, downloaded."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from runs.actions.run_list import HistoryExporter
from runs.models import HistoryExport, User
from tests.api.rest import Rest

PATH = "history-exports"


@pytest.fixture
def logged(rest: Rest, files_dir: Path) -> None:
    del files_dir
    for name in ("a", "b"):
        rest.new_run(name, name=name)
        points = [{"key": "loss", "value": n / 7, "step": n} for n in range(30)]
        rest.points(name, *points)


def test_an_export_is_requested_and_downloaded(rest: Rest, logged: None) -> None:
    made = rest.ok("POST", PATH, {"q": "name:b"}, 202)
    assert (made["state"], made["points"]) == ("waiting", 0)
    assert rest.ok("POST", PATH, {"q": "name:b"}, 202) == made
    file = f"{PATH}/{made['id']}/file"
    assert rest.refused("GET", file)[0] == 404
    HistoryExporter()(0)
    done = rest.get(f"{PATH}/{made['id']}")
    assert (done["state"], done["runs"], done["points"]) == ("done", 1, 30)
    table = pd.read_parquet(io.BytesIO(rest.send("GET", file).getvalue()))
    assert set(table.run_id) == {"b"}
    assert list(table.value) == [n / 7 for n in range(30)]


def test_a_wrong_filter_and_exports_of_others_are_refused(
    rest: Rest, logged: None
) -> None:
    assert rest.refused("POST", PATH, {"q": "nosuch:1"})[1]["code"] == "InvalidFilter"
    assert rest.refused("GET", f"{PATH}/{2**63}")[0] == 404
    made = rest.ok("POST", PATH, {}, 202)
    HistoryExport.objects.update(user=User.objects.create(username="other"))
    for path in (f"{PATH}/{made['id']}", f"{PATH}/{made['id']}/file"):
        assert rest.refused("GET", path)[0] == 404
