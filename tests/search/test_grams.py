"""The quick way to the grams of ASCII texts gives what the general one gives."""

import random

from runs.models import grams


def test_plain_texts_have_the_grams_that_any_text_has() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        text = "".join(chance.choices("abz09_-. \x1fAB\n~", k=chance.randrange(30)))
        mixed = grams.grams_of(f"{text}\x1fü").split("\x1e")
        assert set(grams.grams_of(text).split("\x1e")) == set(mixed) - {"ü"}
