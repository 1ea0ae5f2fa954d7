"""The quick way to the grams of ASCII texts gives what the general one gives."""

import random

from runs.models import grams


def test_the_fast_path_for_ascii_gives_the_same_grams() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        text = "".join(chance.choices("abz09_-. \x1fAB\n~", k=chance.randrange(30)))
        mixed = grams.grams_of(f"{text}\x1fü").split("\x1e")
        assert set(grams.grams_of(text).split("\x1e")) == set(mixed) - {"ü"}
