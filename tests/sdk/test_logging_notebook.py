"""Every row of the notebook logging-api, through `azureml.core`."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

from tests.sdk.user import User


@pytest.fixture(scope="module")
def seen(user: User) -> dict[str, Any]:
    return user.file("logging_api")


def test_the_version_is_text(seen: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", seen["version"])


def test_workspace_details_are_strings(seen: dict[str, Any]) -> None:
    assert seen["workspace"].startswith(
        "Workspace name: defaultAzure region: 127.0.0.1"
    )


def test_an_experiment_is_created_or_found(seen: dict[str, Any]) -> None:
    assert seen["same"] is True


def test_a_run_and_an_experiment_have_an_html_repr(seen: dict[str, Any]) -> None:
    assert seen["run"] == (
        f"Run(Experiment: logging-api-test,\nId: {seen['id']},\nType: None,\n"
        "Status: Running)"
    )
    assert (
        seen["experiment"] == "Experiment(Name: logging-api-test,\nWorkspace: default)"
    )
    run, experiment = seen["html"]
    for word in (
        "Details Page",
        "Docs Page",
        seen["id"],
        "logging-api-test",
        "Running",
    ):
        assert word in run
    for word in ("Report Page", "Docs Page", "logging-api-test", "Workspace"):
        assert word in experiment


def test_a_completed_run_is_found_again(seen: dict[str, Any]) -> None:
    assert seen["fetched"].endswith("Status: Completed)")


def test_get_metrics_returns_exactly_the_logged_metrics(seen: dict[str, Any]) -> None:
    assert sorted(seen["metrics"]) == sorted(
        [
            *("Category", "scale factor", "Magic Number", "Fibonacci", "Sigmoid"),
            *("Cosine Wave", "Sine Wave", "Hyperbolic Tangent"),
            *("Accuracy", "Precision", "Recall"),
        ]
    )


def test_values_round_trip(seen: dict[str, Any]) -> None:
    metrics = seen["metrics"]
    assert (metrics["Category"], metrics["Magic Number"]) == ("Red", 84)
    assert type(metrics["scale factor"]) is int
    assert metrics["Fibonacci"] == [0, 1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    assert metrics["Sigmoid"] == [1 / (1 + math.exp(-x)) for x in range(-10, 10)]
    assert seen["one"] == {"scale factor": 2}


def test_rows_and_tables_are_returned_as_columns(seen: dict[str, Any]) -> None:
    angles = [i / 2 for i in range(-10, 10)]
    cosines, sines = seen["metrics"]["Cosine Wave"], seen["metrics"]["Sine Wave"]
    assert cosines["angle"] == sines["angle"] == angles
    assert cosines["cos"] == pytest.approx([math.cos(angle) for angle in angles])
    assert sines["sine"] == pytest.approx([math.sin(angle) for angle in angles])


@pytest.mark.parametrize("name", ["Accuracy", "Precision", "Recall"])
def test_three_thousand_rows_are_stored(seen: dict[str, Any], name: str) -> None:
    table = seen["metrics"][name]
    assert table == {f"column{j}": [i * j for i in range(1000)] for j in range(15)}


def test_an_image_metric_refers_to_a_file(seen: dict[str, Any]) -> None:
    [name] = [f for f in seen["files"] if f.endswith(".png")]
    found = re.fullmatch(r"Hyperbolic Tangent_(\d+)\.png", name)
    assert found
    assert 0 <= int(found[1]) - seen["epoch"] < 60
    address = seen["metrics"]["Hyperbolic Tangent"]
    assert address.startswith(
        f"aml://artifactId/ExperimentRun/dcid.{seen['id']}/Hyperb"
    )
    assert seen["png"] == [b"\x89PNG".hex()]


def test_an_uploaded_file_is_downloaded_unchanged(seen: dict[str, Any]) -> None:
    assert "logging-api/myfile.txt" in seen["files"]
    assert seen["text"] == "This is an output file."


def test_a_completed_run_accepts_tags(seen: dict[str, Any]) -> None:
    assert seen["tags"] == {"My Favorite Run": None, "Competition Rank": "1"}


def test_the_receipt_is_complete(seen: dict[str, Any]) -> None:
    points, files = seen["receipt"]
    assert points == 3 + 12 + 20 + 20 + 20 + 1 + 3000
    # An image, a file, and the record of the environment.
    assert files == 3
    lines = [line for line in seen["stderr"].splitlines() if seen["id"] in line]
    assert len(lines) == 1
    assert lines[0].endswith("all stored.")
