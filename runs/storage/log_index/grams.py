"""Trigrams of bytes, as numbers below 65,536.

Several trigrams share a number, so a block can seem to have one that it lacks. A search
reads the blocks that it finds, and the index stays a fraction of the text.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

GramArray = npt.NDArray[np.uint16]

GRAM_COUNT = 1 << 16
#: A shorter text has no trigram.
MIN_LITERAL_BYTES = 3
#: Trigrams of a literal that a search looks up; more hardly narrow it.
MAX_LOOKED_UP = 16
#: Spreads similar trigrams over all numbers (Knuth, The Art of Computer Programming 3).
_MULTIPLIER = np.uint32(2_654_435_761)


def block_grams(text: bytes) -> GramArray:
    """The numbers of all trigrams of the text, each once, in order."""
    seen = np.zeros(GRAM_COUNT, dtype=bool)
    seen[_gram_numbers(text)] = True
    return np.flatnonzero(seen).astype(np.uint16)


def grams_of_literal(text: bytes) -> list[int]:
    """The numbers that a block with this text has; evenly chosen from a long one."""
    found = list(dict.fromkeys(_gram_numbers(text).tolist()))
    if len(found) <= MAX_LOOKED_UP:
        return found
    places = np.linspace(0, len(found) - 1, MAX_LOOKED_UP).astype(int)
    return [found[place] for place in places]


def _gram_numbers(text: bytes) -> npt.NDArray[np.uint32]:
    data = np.frombuffer(text, np.uint8).astype(np.uint32)
    if len(data) < MIN_LITERAL_BYTES:
        return np.zeros(0, np.uint32)
    grams = (data[:-2] << 16) | (data[1:-1] << 8) | data[2:]
    return np.asarray((grams * _MULTIPLIER) >> np.uint32(16))
