"""The traceback that ended a program, found in its output."""

from __future__ import annotations

import pytest

from studio.core.tracebacks import last_traceback

ONE = """Traceback (most recent call last):
  File "train.py", line 3, in <module>
    train()
ValueError: bad"""
OTHER = ONE.replace("bad", "worse")
#: The text of the error stands below its name.
BELOW = ONE.replace(" bad", "\nAll 5 fits failed.")
LINK = "During handling of the above exception, another exception occurred:"
RANK = "".join(f"[rank1]: {line}\n" for line in ONE.splitlines())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ""),
        ("no error\n", ""),
        (f"epoch 1\n{ONE}\nbye\n", ONE),
        (f"{ONE}\nrecovered\n{OTHER}\n", OTHER),
        (f"{ONE}\n\n{LINK}\n\n{ONE}\n", f"{ONE}\n\n{LINK}\n\n{ONE}"),
        (RANK, ONE),
        (ONE.replace("ValueError", "\x1b[31mValueError\x1b[0m"), ONE),
        (f"  5%|\r 10%|\r{ONE}", ONE),
        (ONE.replace("\n", "\r\n"), ONE),
        (f"{BELOW}\n", BELOW),
        (ONE.rpartition("\n")[0], ONE.rpartition("\n")[0]),
        (ONE + "\x00", ONE),
    ],
)  # fmt: skip
def test_the_last_traceback_is_found_with_its_causes(text: str, found: str) -> None:
    assert last_traceback(text, 10_000) == found


def test_of_a_long_traceback_the_end_is_kept() -> None:
    assert last_traceback(ONE, 15) == "ValueError: bad"


def test_many_tracebacks_take_no_time_that_grows_with_their_square() -> None:
    text = f"{ONE}\n{LINK}\n" * 20_000 + ONE
    assert len(last_traceback(text, 1000)) == 1000
