"""One small file of each kind of preview, and files that attack the previews."""

from __future__ import annotations

import io
import json
import pickle
import struct
import tarfile
import wave
import zipfile
from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np

from runs.pages.previews import FileContent
from tests.pages.metrics.test_metric_kinds import PNG

#: 1 × 1 pixel.
PICTURE = PNG + b"\0\0\0\x01\0\0\0\x01\x08\0\0\0\0"


def file_of(name: str, data: bytes, *, is_packed: bool = False) -> FileContent:
    """A file in memory."""
    return FileContent(name, len(data), lambda: closing(io.BytesIO(data)), is_packed)


def written(write: Callable[[io.BytesIO], object]) -> bytes:
    target = io.BytesIO()
    write(target)
    return target.getvalue()


def wav(samples: np.ndarray) -> bytes:
    def write(target: io.BytesIO) -> None:
        with wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(samples.dtype.itemsize)
            file.setframerate(8000)
            file.writeframes(samples.tobytes())

    return written(write)


def npy(array: np.ndarray) -> bytes:
    return written(lambda target: np.save(target, array))


def zipped(files: dict[str, bytes]) -> bytes:
    def write(target: io.BytesIO) -> None:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in files.items():
                archive.writestr(name, data)

    return written(write)


def tarred(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    def write(target: io.BytesIO) -> None:
        with tarfile.open(fileobj=target, mode=mode) as archive:  # type: ignore[call-overload]
            for name, data in files.items():
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))

    return written(write)


def safetensors(header: object, data: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def field(number: int, value: bytes | int) -> bytes:
    """A field of a protobuf message with a small number and a short value."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value


def onnx() -> bytes:
    dimensions = field(1, field(2, b"batch")) + field(1, field(1, 4))
    kind = field(1, field(1, 1) + field(2, dimensions))
    port = field(1, b"x") + field(2, kind)
    weight = (
        field(1, 4) + field(1, 2) + field(2, 1) + field(8, b"W") + field(9, b"\0" * 32)
    )
    graph = field(1, field(4, b"Relu")) + field(2, b"tiny") + field(5, weight)
    graph += field(11, port) + field(12, port)
    return field(1, 8) + field(2, b"test") + field(8, field(2, 17)) + field(7, graph)


def torch_pickle() -> bytes:
    """What `torch.save({"fc": {"weight": …}, "epoch": 3})` writes as data.pkl."""
    storage = b"(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI6\ntQ"
    tensor = (
        b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"I0\n(I2\nI3\nt(I3\nI1\nt"
    )
    tensor += b"I00\nccollections\nOrderedDict\n(tRtR"
    return b"\x80\x02}(Vfc\n}Vweight\n" + tensor + b"sVepoch\nI3\nu."


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "<script>alert(1)</script>"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["one\n"]},
                {
                    "output_type": "display_data",
                    "data": {"text/html": "<script>alert(2)</script><b>bold</b>"},
                },
                {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo="}},
                {"output_type": "error", "traceback": ["\x1b[31mKeyError\x1b[0m"]},
            ],
        },
    ],
    "metadata": {"kernelspec": {"language": "python"}},
}
FIGURE: dict[str, Any] = {
    "data": [
        {"type": "scatter", "x": [1, 2], "y": {"dtype": "f8", "bdata": "AAAAAAAA8D8="}},
        {"type": "heatmap", "z": [[1, 2], [3, 4]]},
        {"type": "histogram", "x": [1, 1, 2]},
    ],
    "layout": {"title": {"text": "Loss"}},
}
VEGA = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": "A", "b": 1}, {"a": "A", "b": 3}, {"a": "B", "b": 5}]},
    "mark": "bar",
    "encoding": {
        "x": {"field": "a", "type": "nominal"},
        "y": {"field": "b", "type": "quantitative", "aggregate": "mean"},
    },
}
PAGE = b"<html><script>window.PlotlyConfig = {}</script><script>Plotly.newPlot("
PAGE += b'"id", ' + json.dumps(FIGURE["data"]).encode() + b", "
PAGE += json.dumps(FIGURE["layout"]).encode() + b", {})</script></html>"
PDF = b"%PDF-1.7\n1 0 obj<</Type /Pages /Count 12>>\n<</MediaBox [0 0 595 842]>>\n"
PDF += b"<</Title (A \\(new\\) report)>>\0%%EOF"

#: The name and bytes of a file, and the kind that shows it.
SAMPLES: list[tuple[str, bytes, str]] = [
    ("a.png", PICTURE, "image"),
    ("a.svg", b"<svg onload='alert(1)'></svg>", "image"),
    ("a.wav", wav(np.arange(100, dtype="<i2")), "audio"),
    ("a.mp3", b"ID3\0\0", "audio"),
    ("a.mp4", b"\0\0\0\x18ftypmp42", "video"),
    ("a.csv", b"a,b\n1,2\n", "table"),
    ("figure.json", json.dumps(FIGURE).encode(), "figure"),
    ("figure.html", PAGE, "figure"),
    ("chart.json", json.dumps(VEGA).encode(), "vega"),
    ("layers.json", json.dumps({**VEGA, "layer": []}).encode(), "vega_specification"),
    ("a.md", b"# Title", "markdown"),
    ("a.ipynb", json.dumps(NOTEBOOK).encode(), "notebook"),
    ("a.json", b'{"a": [1, {"b": null}]}', "json"),
    ("a.pdf", PDF, "pdf"),
    (
        "a.safetensors",
        safetensors({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}),
        "safetensors",
    ),
    ("a.pt", zipped({"archive/data.pkl": torch_pickle()}), "torch"),
    ("a.pkl", pickle.dumps({"epoch": 3}), "pickle"),
    ("a.onnx", onnx(), "onnx"),
    ("a.npy", npy(np.arange(12.0).reshape(3, 4)), "array"),
    ("a.npz", written(lambda t: np.savez(t, x=np.zeros((2, 2)))), "arrays"),
    ("a.h5", b"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0" + b"\xff" * 80, "hdf5"),
    ("a.zip", zipped({"x/y.txt": b"text"}), "archive"),
    ("a.tar.gz", tarred({"x/y.txt": b"text"}), "archive"),
    ("a.tar", tarred({"x/y.txt": b"text"}, "w"), "archive"),
    ("a.py", b"x = 1\n", "text"),
    ("a.html", b"<b>x</b>", "text"),
    ("a.bin", b"\0\1\2", "bytes"),
]
