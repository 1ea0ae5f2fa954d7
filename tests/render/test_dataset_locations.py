"""Where a dataset came from."""

from __future__ import annotations

import pytest

from runs.render.run.dataset_sources import dataset_source_address

SAID = [
    ('{"uri": "s3://b/d.csv"}', "s3://b/d.csv"),
    ('{"url": "https://example.org/d.csv"}', "https://example.org/d.csv"),
    ('{"path": "org/set", "split": "train"}', "org/set"),
    ('{"uri": null, "path": ["a"]}', ""),
    ('{"tags": {"mlflow.source.name": "a.py"}}', ""),
    ("{}", ""),
    ('"text"', ""),
    ("not JSON", ""),
    ("[" * 100, ""),
]


@pytest.mark.parametrize(("source", "place"), SAID)
def test_the_dataset_location_is_read_from_its_source(source: str, place: str) -> None:
    assert dataset_source_address(source) == place
