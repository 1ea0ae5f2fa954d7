"""One question, three doors: the page, REST and the MLflow endpoint agree.

The filters are those that mean the same in both languages: MLflow's own meaning of `!=`
(a run that lacks the key does not match) differs, and is tested where it is translated.
"""

from __future__ import annotations

import re

import pytest

from tests.api.protocol import Mlflow

pytestmark = pytest.mark.django_db

RUNS: list[tuple[str, dict[str, object], dict[str, str], dict[str, str], str]] = [
    ("alpha", {"acc": 0.1}, {"lr": "0.1"}, {"team": "nlp"}, "FINISHED"),
    ("Alpha-2", {"acc": 0.5, "val/loss": 2.0}, {"lr": "0.01"}, {"team": "NLP"}, ""),
    ("ÄRGER", {"acc": 0.9}, {}, {"team": "vision"}, "FAILED"),
    ("学习率 sweep", {"acc": "NaN"}, {"lr": "word"}, {"odd key.x": "1"}, "KILLED"),
    ("x_y", {"acc": "Infinity"}, {"lr": ""}, {"team": ""}, "FINISHED"),
    ("x%y", {"acc": -1}, {"lr": "0.1"}, {}, ""),
    ("it's", {}, {}, {}, "FINISHED"),
    ('q"q', {"val/loss": 0.5}, {"lr": "0.1"}, {"team": "nlp"}, "FAILED"),
]

FILTERS = [
    "metrics.acc > 0.3",
    "metrics.acc <= 0.5",
    "metrics.acc = 0.5",
    "metrics.acc >= 1e308",
    'metrics."val/loss" < 1',
    "metrics.`val/loss` > 0 and params.lr = '0.01'",
    "params.lr = '0.1'",
    "params.lr = ''",
    "params.lr LIKE '0%'",
    "params.lr ILIKE 'WO%'",
    "params.lr IS NULL",
    "tags.team = 'nlp'",
    "tags.team ILIKE 'nlp'",
    "tags.team LIKE 'n%'",
    "tags.team IS NULL",
    "tags.team IS NOT NULL",
    "tags.`odd key.x` = '1'",
    "parameter.lr = '0.1' AND tag.team = 'nlp'",
    "attributes.run_name = 'alpha'",
    "run_name LIKE 'x_y'",
    "run_name ILIKE 'är%'",
    "run_name LIKE '学习%'",
    'run_name = "it\'s"',
    "attributes.start_time > 0",
    "attributes.run_id IN ('nothing')",
]


@pytest.fixture
def lab(mlflow: Mlflow) -> Mlflow:
    mlflow.post("experiments/create", name="doors")
    for name, metrics, params, tags, status in RUNS:
        created = mlflow.post(
            "runs/create", experiment_id="1", run_name=name, start_time=1_700_000_000
        )
        run_id = created["run"]["info"]["run_id"]
        points = [
            {"key": key, "value": value, "timestamp": 1, "step": 0}
            for key, value in metrics.items()
        ]
        mlflow.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=points,
            params=[{"key": k, "value": v} for k, v in params.items()],
            tags=[{"key": k, "value": v} for k, v in tags.items()],
        )
        if status:
            mlflow.post("runs/update", run_id=run_id, status=status, end_time=2)
    return mlflow


def by_mlflow(lab: Mlflow, text: str) -> set[str]:
    found = lab.post("runs/search", experiment_ids=["1"], filter=text)
    return {run["info"]["run_id"] for run in found.get("runs", [])}


def by_rest(lab: Mlflow, text: str) -> set[str]:
    url = f"/api/v1/workspaces/{lab.workspace.name}/runs"
    answer = lab.client.get(url, {"q": text, "experiment": "1"})
    assert answer.status_code == 200, answer.content
    return {found["run"]["id"] for found in answer.json()["runs"]}


def by_page(lab: Mlflow, text: str) -> set[str]:
    url = f"/w/{lab.workspace.name}/experiments/doors/"
    answer = lab.client.get(url, {"q": text})
    assert answer.status_code == 200, answer.content
    return set(re.findall(r'data-id="([^"]+)"', answer.text))


@pytest.mark.parametrize("text", FILTERS)
def test_page_rest_and_mlflow_find_the_same_runs(lab: Mlflow, text: str) -> None:
    answer = by_mlflow(lab, text)
    assert by_rest(lab, text) == answer
    assert by_page(lab, text) == answer


def test_each_filter_matches_some_but_not_all_runs(lab: Mlflow) -> None:
    sizes = {len(by_mlflow(lab, text)) for text in FILTERS}
    assert {0, 1, 2} < sizes
