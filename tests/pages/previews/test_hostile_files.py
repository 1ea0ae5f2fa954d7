"""Files that attack the previews: bombs, lying sizes, scripts, running pickles."""

from __future__ import annotations

import gzip
import json
import pickle
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runs.pages.previews import preview_file
from runs.pages.previews.reader import MAX_JSON_VALUES
from tests.pages.previews.samples import (
    NOTEBOOK,
    PDF,
    PICTURE,
    field,
    file_of,
    npy,
    safetensors,
    tarred,
    zipped,
)
from tests.pages.previews.test_kinds import part, shown
from tests.parts.waiting import becomes

ATTACK = "<img src=x onerror=alert(1)><a href='javascript:alert(1)'>x</a>"


class RunsOnLoad:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("name", ["a.pkl", "a.pt", "a.joblib", "a.zip.pt"])
def test_a_pickle_never_runs_and_names_what_it_would_run(
    tmp_path: Path, name: str
) -> None:
    target = tmp_path / "ran"
    data = pickle.dumps({"model": RunsOnLoad(target)})
    packed = zipped({"a/data.pkl": data}) if name == "a.zip.pt" else data
    kind, html = shown(name, packed)
    assert kind in ("pickle", "torch")
    assert "pathlib" in html
    assert not target.exists()


def test_a_dangerous_pickle_says_so() -> None:
    _kind, html = shown("a.pkl", b"cos\nsystem\n(Vrm -rf /\ntR.")
    assert "could run any command. It uses os.system." in html


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04" + b"]" * 300_000 + b"a" * 299_999 + b".",
        b"\x80\x04]\x94" + b"h\x00a" * 50_000 + b".",
        b"\x80\x04(" + b"K\x01" * 100_000 + b"t.",
        b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f" + b"x" * 100,
        b"\x80\x04\x8b\xff\xff\xff\x7f" + b"\x01" * 100,
        b"\x80\x04j\xff\xff\xff\xff.",
        b"\x80\x04" + b"0" * 1000 + b"R" * 1000 + b".",
        b"\x80\x04}\x94h\x00h\x00s" * 10 + b".",
    ],
    ids=["nested", "in itself", "wide", "long", "integer", "memo", "empty", "cycle"],
)
def test_the_instructions_of_a_pickle_cannot_break_the_page(data: bytes) -> None:
    assert shown("a.pkl", data)[1]


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.json", b"[" * 100_000, "text"),
        ("a.json", b'{"a": [' + b"0," * MAX_JSON_VALUES + b"0]}", "text"),
        ("a.json", b"[" + b"[" * 900 + b"]" * 900 + b"]", "json"),
        ("a.json", b'{"a":' * 500 + b"1" + b"}" * 500, "json"),
        ("a.json", b"1" * 5000, "text"),
        ("a.json", b'{"data": [{}], "layout": 1}', "json"),
        ("a.ipynb", b'{"cells": [' + b"{}," * 400_000 + b"{}]}", "text"),
        ("a.ipynb", b'{"cells": [1, null, {"outputs": [[]]}]}', "notebook"),
        ("a.safetensors", struct.pack("<Q", 1 << 60) + b"{}", "bytes"),
        ("a.safetensors", safetensors([]), "bytes"),
        ("a.safetensors", safetensors({"w": {"shape": [-1], "dtype": 1}}), "bytes"),
        ("a.npy", npy(np.zeros(2)).replace(b"(2,)", b"(9" + b"9" * 1), "bytes"),
        ("a.wav", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0" + b"\0" * 16, "audio"),
        ("a.wav", b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 1000, "audio"),
        ("a.onnx", field(7, b"\x0a\x7f"), "text"),
        ("a.onnx", b"\0" * 1000, "bytes"),
        ("a.h5", b"\x89HDF\r\n\x1a\n\0", "bytes"),
        ("a.pdf", b"not a document", "text"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 100, "bytes"),
        ("a.npz", b"PK\x05\x06" + b"\xff" * 18, "text"),
        ("a.tar.gz", gzip.compress(b"\0" * 100_000), "bytes"),
    ],
)
def test_what_is_no_file_of_its_kind_is_shown_as_what_it_is(
    name: str, data: bytes, kind: str
) -> None:
    # A busy server says of some that it still reads a table.
    assert becomes(lambda: shown(name, data)[0] == kind)


def bomb(size: int) -> bytes:
    return zipped({"archive/data.pkl": b"\x80\x04" + b"N0" * (size // 2)})


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bomb.pt", bomb(60_000_000)),
        ("bomb.zip", bomb(60_000_000)),
        ("bomb.npz", zipped({"x.npy": npy(np.zeros(0)) + b"\0" * 60_000_000})),
        ("bomb.tar.gz", tarred({f"{n}": b"\0" * 9_000_000 for n in range(12)})),
    ],
    ids=["torch", "zip", "npz", "tar"],
)
def test_an_archive_that_grows_is_not_unpacked(name: str, data: bytes) -> None:
    tracemalloc.start()
    preview = preview_file(file_of(name, data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert preview.kind != ""
    assert peak < 40_000_000


def test_a_packed_member_is_read_only_to_the_budget() -> None:
    data = b"x\n" * 100_000_000
    preview = preview_file(file_of("a.txt", data, is_packed=True))
    assert preview.is_limited


def test_an_array_of_a_lying_size_has_no_picture() -> None:
    data = npy(np.zeros((4, 4))).replace(b"(4, 4)", b"(9999, 9999)"[:6])
    huge = npy(np.zeros((4, 4), np.uint8))[:70] + b"\0" * 16
    for each in (data, huge):
        assert shown("a.npy", each)[1]


def test_an_array_of_objects_is_not_loaded(tmp_path: Path) -> None:
    target = tmp_path / "ran"
    data = npy(np.array([RunsOnLoad(target)], dtype=object))
    assert "pickled objects, which are not loaded" in shown("a.npy", data)[1]
    assert not target.exists()


FIGURE: dict[str, Any] = {
    "data": [
        {
            "type": "scatter",
            "x": [1],
            "y": [1],
            "name": ATTACK,
            "text": ["<script>alert(1)</script>", "&lt;a href=x&gt;y"],
            "marker": {"color": "url(https://evil.example)"},
            "hovertemplate": "<a href='https://evil.example'>go</a>",
            "xsrc": "user:1",
        },
        {"type": ATTACK, "z": [1]},
        "no trace",
    ][:2],
    "layout": {
        "images": [{"source": "https://evil.example/x.png"}],
        "updatemenus": [{"buttons": []}],
        "title": {"text": ATTACK},
        "deep": json.loads("[" * 50 + "]" * 50),
    },
}


def test_a_figure_keeps_no_markup_links_or_images() -> None:
    data = json.dumps(FIGURE).encode()
    sent = part("a.json", data, "figure").content.decode()
    for word in ("<img", "<a", "<script", "javascript", "evil.example", "updatemenus"):
        assert word not in sent
    assert "<img" not in shown("a.json", data)[1]


@pytest.mark.parametrize(
    "page",
    [
        b"<script>PlotlyConfig; Plotly.newPlot(",
        b"<script>PlotlyConfig; Plotly.newPlot(alert(1))",
        b"PlotlyConfig Plotly.newPlot(" + b"[" * 100_000,
        b'PlotlyConfig Plotly.newPlot("a", [{}], ' + b"1," * 2_000_000,
    ],
)
def test_a_page_without_a_readable_figure_is_shown_as_source(page: bytes) -> None:
    assert shown("a.html", page)[0] == "text"


def test_a_notebook_keeps_no_markup_of_its_outputs() -> None:
    cell = {
        "cell_type": "code",
        "source": ATTACK,
        "outputs": [
            {"output_type": "display_data", "data": {"text/html": ATTACK}},
            {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}},
            {"output_type": "display_data", "data": {"image/png": '"><script>'}},
            {"output_type": "stream", "text": ATTACK},
        ],
    }
    data = json.dumps({**NOTEBOOK, "cells": [cell]}).encode()
    _kind, html = shown("a.ipynb", data)
    assert "<img" not in html
    assert "<a " not in html
    assert "<script" not in html


def test_names_in_files_are_escaped() -> None:
    header = {ATTACK: {"dtype": ATTACK, "shape": [1], "data_offsets": [0, 4]}}
    header["__metadata__"] = {ATTACK: ATTACK}
    files = [
        ("a.safetensors", safetensors(header)),
        ("a.zip", zipped({ATTACK: b""})),
        ("a.tar", tarred({ATTACK: b""}, "w")),
        ("a.json", json.dumps({ATTACK: ATTACK}).encode()),
        ("a.pkl", pickle.dumps({ATTACK: ATTACK})),
        ("a.onnx", field(7, field(2, ATTACK.encode()))),
        ("a.pdf", PDF.replace(b"A \\(new\\) report", b"<img src=x onerror=1>")),
    ]
    for name, data in files:
        html = shown(name, data)[1]
        assert "onerror" in html, name
        assert "<img src=x" not in html, name


@pytest.mark.parametrize(
    ("side", "kind"), [(1, "image"), (100_000, "bytes"), (2**31, "bytes")]
)
def test_an_image_of_huge_size_is_not_loaded(side: int, kind: str) -> None:
    data = PICTURE[:16] + struct.pack(">II", side, side)
    preview = preview_file(file_of("a.png", data))
    assert (preview.kind, preview.is_limited) == (kind, kind == "bytes")


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\0\1\2 no image", "bytes"), (b"no image", "text"), (b"\xff\xd8", "image")],
)
def test_what_is_no_image_is_shown_as_what_it_is(data: bytes, kind: str) -> None:
    assert preview_file(file_of("a.png", data)).kind == kind


def test_a_file_that_shrinks_while_it_is_read_has_a_page() -> None:
    whole = npy(np.arange(1000.0))
    file = file_of("a.npy", whole)
    shrunk = file_of("a.npy", whole[:300])
    opened = type(file)(file.name, file.size, shrunk.open)
    assert preview_file(opened).kind in ("array", "bytes")
