"""Trains a small network that reads digits, with numpy alone, and logs all of it.

python train.py --lr 0.01 --hidden 64
"""

from __future__ import annotations

import argparse
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from digits import SIZE, draw_digits

from studio.sdk import Run

TRAIN_IMAGES, TEST_IMAGES, BATCH = 12_000, 2_000, 64
MOMENTUM = 0.9
#: Far worse than guessing: the training diverges.
MAX_LOSS = 5.0
#: How many misread digits the image shows.
MAX_SHOWN_DIGITS = 24


def main() -> None:
    """Train with the given arguments, in the run that the process belongs to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()
    run = Run.get_context()
    run.log_params(
        {"lr": options.lr, "hidden": options.hidden, "epochs": options.epochs}
    )
    run.set_tags({"demo": None, "model": "mlp"})
    train(run, options.lr, options.hidden, options.epochs)


def train(run: Run, rate: float, hidden: int, epochs: int) -> None:
    images, labels = draw_digits(TRAIN_IMAGES, seed=0)
    test_images, test_labels = draw_digits(TEST_IMAGES, seed=1)
    random = np.random.default_rng(2)
    network = Network(random, hidden)
    for epoch in range(epochs):
        order = random.permutation(len(images))
        losses = [
            network.learn(images[part], labels[part], rate)
            for part in np.split(order, range(BATCH, len(order), BATCH))
        ]
        loss = float(np.mean(losses))
        accuracy = float((network.read(test_images) == test_labels).mean())
        run.log("loss", loss, step=epoch)
        run.log(
            "train_accuracy", float((network.read(images) == labels).mean()), step=epoch
        )
        run.log("accuracy", accuracy, step=epoch)
        print(f"epoch {epoch:2} loss {loss:.4f} accuracy {accuracy:.4f}")  # noqa: T201
        if not loss < MAX_LOSS:
            raise ValueError(f"The loss is {loss:.1f}: choose a smaller learning rate.")
    log_results(run, test_images, test_labels, network.read(test_images))
    Path("outputs").mkdir(exist_ok=True)
    np.savez("outputs/model.npz", *network.weights)


class Network:
    """One hidden layer with ReLU, and the softmax of ten outputs."""

    def __init__(self, random: np.random.Generator, hidden: int) -> None:
        shapes = [(SIZE * SIZE, hidden), (1, hidden), (hidden, 10), (1, 10)]
        self.weights = [
            (random.normal(0, (2 / shape[0]) ** 0.5, shape) * (shape[0] > 1)).astype(
                np.float32
            )
            for shape in shapes
        ]
        self.velocities = [np.zeros_like(weights) for weights in self.weights]

    def _forward(self, images: Any) -> tuple[Any, Any]:
        first, first_bias, second, second_bias = self.weights
        active = np.maximum(images @ first + first_bias, 0)
        scores = active @ second + second_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return active, powers / powers.sum(axis=1, keepdims=True)

    def read(self, images: Any) -> Any:
        """The digit of each image."""
        return self._forward(images)[1].argmax(axis=1)

    def learn(self, images: Any, labels: Any, rate: float) -> float:
        """One step of gradient descent; returns the loss before it."""
        active, chances = self._forward(images)
        rows = np.arange(len(labels))
        loss = float(-np.log(chances[rows, labels] + 1e-9).mean())
        chances[rows, labels] -= 1
        error = chances / len(labels)
        inner = (error @ self.weights[2].T) * (active > 0)
        steps = (
            images.T @ inner,
            inner.sum(axis=0, keepdims=True),
            active.T @ error,
            error.sum(axis=0, keepdims=True),
        )
        for weights, velocity, step in zip(self.weights, self.velocities, steps):
            velocity *= MOMENTUM
            velocity -= rate * step
            weights += velocity
        return loss


def log_results(run: Run, images: Any, labels: Any, found: Any) -> None:
    """Log the recall of each digit, a confusion matrix, and the misread digits."""
    matrix = np.zeros((10, 10), int)
    np.add.at(matrix, (labels, found), 1)
    for digit in range(10):
        right, total = int(matrix[digit, digit]), int(matrix[digit].sum())
        run.log_row("recall", digit=digit, right=right, all=total, recall=right / total)
    data = {"class_labels": [str(n) for n in range(10)], "matrix": matrix.tolist()}
    run.log_confusion_matrix(
        "confusion",
        {"schema_type": "confusion_matrix", "schema_version": "1.0.0", "data": data},
    )
    misread = images[found != labels][:MAX_SHOWN_DIGITS]
    if len(misread):
        picture = np.concatenate(list(misread.reshape(-1, SIZE, SIZE)), axis=1)
        large = np.kron(255 - 255 * picture, np.ones((4, 4))).astype(np.uint8)
        Path("misread.png").write_bytes(encode_png(large))
        run.log_image("misread", path="misread.png")


def encode_png(pixels: Any) -> bytes:
    """A gray image as the bytes of a PNG file."""
    height, width = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    # In a PNG each row begins with its filter type; 0 is no filter.
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )


if __name__ == "__main__":
    main()
