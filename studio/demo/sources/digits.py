"""Images of digits, drawn from a small font: shifted, faded and with noise."""

from __future__ import annotations

from typing import Any

import numpy as np

SIZE = 12
#: Five columns and seven rows of each digit, a bit per pixel.
FONT = (
    (0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E),
    (0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E),
    (0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F),
    (0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E),
    (0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02),
    (0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E),
    (0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E),
    (0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08),
    (0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E),
    (0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C),
)


def draw_digits(count: int, seed: int) -> tuple[Any, Any]:
    """Images of shape (count, 144) with values from 0 to 1, and their digits."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, count)
    images = np.zeros((count, SIZE, SIZE), np.float32)
    shapes = np.array(
        [[[row >> (4 - x) & 1 for x in range(5)] for row in rows] for rows in FONT]
    )
    for image, label in zip(images, labels):
        x, y = random.integers(2, 6), random.integers(1, 5)
        strokes = shapes[label] * (random.random((7, 5)) > 0.12)
        image[y : y + 7, x : x + 5] = strokes * random.uniform(0.4, 1)
    images += random.normal(0, 0.18, images.shape).astype(np.float32)
    return images.clip(0, 1).reshape(count, -1), labels
