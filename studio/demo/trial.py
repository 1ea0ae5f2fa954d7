"""One trial of the sweep, in a process of its own: `trial.py SWEEP NUMBER RATE LAYERS`.

It logs everything that a page can show: series, rows, a matrix, an image, a file.
"""

from __future__ import annotations

import pickle
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

from studio.sdk import Run, Workspace

EPOCHS = 25
#: How many misread digits the image shows.
MAX_SHOWN_DIGITS = 24


def main(sweep_id: str, number: str, rate: str, layers: str) -> None:
    """Train, and log to a new run below the sweep."""
    sweep = Workspace.from_config().get_run(sweep_id)
    with sweep.child_run(name=f"trial {number}: {rate}, {layers}") as run:
        run.set_tags({"demo": None, "model": "mlp", "layers": layers})
        run.log_params({"learning_rate": rate, "layers": layers, "epochs": EPOCHS})
        run.add_properties({"data": "sklearn.datasets.load_digits"})
        train(run, float(rate), [int(width) for width in layers.split(",")])


def train(run: Run, rate: float, layers: list[int]) -> None:
    from sklearn.datasets import load_digits
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier

    digits, labels = load_digits(return_X_y=True)
    parts = train_test_split(digits / 16, labels, random_state=0, stratify=labels)
    train_x, test_x, train_y, test_y = parts
    model = MLPClassifier(layers, learning_rate_init=rate, random_state=0)
    for epoch in range(EPOCHS):
        model.partial_fit(train_x, train_y, classes=range(10))
        accuracy = model.score(test_x, test_y)
        run.log("loss", model.loss_, step=epoch)
        run.log("train accuracy", model.score(train_x, train_y), step=epoch)
        run.log("test accuracy", accuracy, step=epoch)
        print(f"epoch {epoch:2} loss {model.loss_:.4f} accuracy {accuracy:.4f}")  # noqa: T201
    predicted = model.predict(test_x)
    matrix = confusion_matrix(test_y, predicted)
    for digit in range(10):
        right, all_of = matrix[digit, digit], matrix[digit].sum()
        run.log_row(
            "recall", digit=digit, right=right, all=all_of, recall=right / all_of
        )
    log_matrix(run, matrix.tolist())
    log_misread(run, test_x[predicted != test_y][:MAX_SHOWN_DIGITS])
    # The upload keeps a copy, so the folder can be deleted.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pkl"
        path.write_bytes(pickle.dumps(model))
        run.upload_file("outputs/model.pkl", path)


def log_matrix(run: Run, matrix: list[list[int]]) -> None:
    data = {"class_labels": [str(digit) for digit in range(10)], "matrix": matrix}
    run.log_confusion_matrix(
        "confusion",
        {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data},
    )


def log_misread(run: Run, digits: Any) -> None:
    """Log the misread digits side by side, as a PNG without an image library."""
    if not len(digits):
        return
    rows = [
        [
            int(255 - 255 * pixel)
            for digit in digits
            for pixel in [*pixel_row(digit, y), 0]
        ]
        for y in range(8)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "misread.png"
        path.write_bytes(encode_png(enlarge(rows, 6)))
        run.log_image("misread", path=str(path))


def pixel_row(digit: Any, y: int) -> Any:
    return digit.reshape(8, 8)[y]


def enlarge(rows: list[list[int]], times: int) -> list[list[int]]:
    wide = [[pixel for pixel in row for _ in range(times)] for row in rows]
    return [row for row in wide for _ in range(times)]


def encode_png(rows: list[list[int]]) -> bytes:
    """A gray image as the bytes of a PNG file."""
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    # In a PNG each row begins with its filter type; 0 is no filter.
    pixels = b"".join(b"\0" + bytes(row) for row in rows)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(pixels)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


if __name__ == "__main__":
    main(*sys.argv[1:5])
