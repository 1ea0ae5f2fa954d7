"""The quick way to the grams of ASCII texts gives what the general one gives."""

import random

from runs.models import grams


def test_the_fast_path_for_ascii_gives_the_same_grams() -> None:
    chance = random.Random(1)
    for _ in range(2_000):
        text = "".join(chance.choices("abz09_-. \x1fAB\n~", k=chance.randrange(30)))
        fields = text.split("\x1f")
        general = {gram for field in fields for gram in grams._unicode_grams(field)}
        found = grams.grams_of(text).strip("\x1e")
        assert set(found.split("\x1e") if found else []) == general
        mixed = grams.grams_of(f"{text}\x1fü").strip("\x1e").split("\x1e")
        assert set(mixed) == {*general, "ü"}


def test_a_text_in_any_script_has_beginnings_of_words_and_pairs_of_characters() -> None:
    text = grams.text_of(["Größe 训练lr", "", None, "x_Y\x1fΣ"])
    assert text == "größe 训练lr\x1fx_y σ"
    assert set(grams.grams_of(text).strip("\x1e").split("\x1e")) == {
        *("g", "gr", " 训", "训", "训练", "练l", "l", "lr"),
        *("x", "x_", "y", "y ", "σ"),
    }
