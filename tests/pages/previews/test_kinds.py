"""Each kind of preview shows its files, and alters nothing else on the page."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from runs.pages.previews import part_response, preview_file
from studio.core.errors import NotFound
from tests.pages.previews.samples import FIGURE, SAMPLES, VEGA, file_of

PARTS = ("figure", "vega", "array")


NAMES = [name for name, _data, _kind in SAMPLES]


def shown(name: str, data: bytes, view: str = "") -> tuple[str, str]:
    """The kind that shows the file, and its HTML."""
    preview = preview_file(file_of(name, data), view=view)
    context = {
        "shown": preview.shown,
        "preview": preview,
        "file": {"name": name, "path": name, "size": len(data)},
        "raw_href": "/raw",
    }
    return preview.kind, render_to_string(preview.template, context)


def part(name: str, data: bytes, wanted: str) -> Any:
    request = RequestFactory().get("/")
    return part_response(request, file_of(name, data), wanted)


@pytest.mark.parametrize(("name", "data", "kind"), SAMPLES, ids=NAMES)
def test_a_file_is_shown_by_its_kind(name: str, data: bytes, kind: str) -> None:
    found, html = shown(name, data)
    assert found == kind
    assert "<script>" not in html
    assert " onload=" not in html


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("a.wav", ['<path d="M0.0 ', '<audio controls preload="metadata"']),
        ("a.mp4", ['<video controls preload="metadata" src="/raw?inline=1"']),
        ("a.ipynb", ["one", "KeyError", "&lt;script&gt;alert(1)", "bold"]),
        ("a.json", ['<span class="called">b</span> <span class="value">null</span>']),
        ("a.pdf", ["1.7", "A (new) report", "12", "210 × 297 mm"]),
        ("a.safetensors", ["F32", "2 × 3"]),
        ("a.pt", ["fc.weight", "float", "2 × 3", "torch._utils._rebuild_tensor_v2"]),
        ("a.pkl", ["epoch", "3", "was not loaded"]),
        ("a.onnx", ["batch × 4", "Relu", "ai.onnx 17", "float32"]),
        ("a.npy", ["float64", "3 × 4", "5.5", '<img class="array-picture"']),
        ("a.npz", ["2 × 2"]),
        ("a.zip", ["x/y.txt", "4 bytes"]),
        ("a.tar.gz", ["x/y.txt", "4 bytes"]),
        ("a.bin", ["00000000", "00 01 02"]),
        ("figure.json", ['data-file-figure="/raw?as=figure"', "heatmap", "<td>4</td>"]),
        ("figure.json", ["not drawn here. Their values are shown as tables: heatmap."]),
        ("layers.json", ["composed in this way are not drawn here: layer."]),
        ("layers.json", ["These are its data.", "<td>A</td>", "Specification"]),
    ],
)
def test_a_preview_has_what_the_file_says(name: str, texts: list[str]) -> None:
    data = next(data for each, data, _kind in SAMPLES if each == name)
    _kind, html = shown(name, data)
    assert [text for text in texts if text not in html] == []


@pytest.mark.parametrize("name", ["figure.json", "figure.html"])
def test_a_figure_is_sent_as_data_that_the_bundle_draws(name: str) -> None:
    data = next(data for each, data, _kind in SAMPLES if each == name)
    figure = json.loads(part(name, data, "figure").content)
    assert [trace["type"] for trace in figure["data"]] == ["scatter", "bar"]
    assert figure["data"][0]["y"] == [1.0]
    assert sum(figure["data"][1]["y"]) == 3
    assert figure["layout"]["title"]["text"] == "Loss"


def test_a_vega_chart_is_sent_as_a_figure() -> None:
    data = next(data for name, data, _kind in SAMPLES if name == "chart.json")
    [trace] = json.loads(part("chart.json", data, "vega").content)["data"]
    assert (trace["type"], trace["x"], trace["y"]) == ("bar", ["A", "B"], [2, 5])


def test_a_vega_chart_is_sent_with_the_number_of_its_panels() -> None:
    data = json.dumps({**VEGA, "vconcat": [VEGA, VEGA]}).encode()
    sent = json.loads(part("chart.json", data, "vega").content)
    assert (len(sent["data"]), sent["panels"]) == (2, [1, 2])


def test_an_array_is_sent_as_a_picture() -> None:
    data = next(data for name, data, _kind in SAMPLES if name == "a.npy")
    answer = part("a.npy", data, "array")
    assert answer["Content-Type"] == "image/png"
    assert answer.content[16:24] == b"\0\0\0\4\0\0\0\3"


@pytest.mark.parametrize(
    ("name", "wanted"), [("a.txt", "figure"), ("a.json", "array"), ("a.csv", "no")]
)
def test_a_file_has_only_the_parts_of_its_kind(name: str, wanted: str) -> None:
    with pytest.raises(NotFound):
        part(name, json.dumps(FIGURE).encode(), wanted)


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes cut off, or some of them replaced by numbers that lie about sizes."""
    if rng.random() < 0.3:
        return data[: rng.randrange(len(data))]
    changed = bytearray(data)
    for _count in range(rng.randrange(1, 8)):
        changed[rng.randrange(len(data))] = rng.choice([0, 127, 128, 255, 58, 44])
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "data", "kind"), SAMPLES, ids=NAMES)
def test_a_damaged_file_still_has_a_page(name: str, data: bytes, kind: str) -> None:
    rng = random.Random(name)
    for _count in range(25):
        hurt = damaged(data, rng)
        assert shown(name, hurt, rng.choice(["", "source", kind]))[1]
        for wanted in PARTS:
            try:
                part(name, hurt, wanted)
            except NotFound:
                continue
