"""Errors that are the same error have the same kind."""

from __future__ import annotations

import pytest

from studio.core.fingerprints import MAX_ERROR_KIND, error_kind

TRACEBACK = """Traceback (most recent call last):
  File "/home/ada/train.py", line 212, in <module>
    main()
  File "/home/ada/train.py", line 164, in main
    loss.backward()
  File "/usr/lib/python3.11/site-packages/torch/_tensor.py", line 522, in backward
    torch.autograd.backward(
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB at 0x7f3a.
GPU 0 has 23.64 GiB in total."""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2.00 GiB at 0x7f3a", "4.50 GiB at 0xbeef"),
        ("line 164", "line 170"),
        ("/home/ada", "C:\\work\\bob"),
        ("/home/ada/", "C:\\work\\"),
        ("_tensor.py", "_other.py"),
    ],
)
def test_numbers_addresses_folders_and_library_frames_are_ignored(
    old: str, new: str
) -> None:
    assert error_kind(TRACEBACK.replace(old, new)) == error_kind(TRACEBACK)


@pytest.mark.parametrize(
    ("old", "new"), [("OutOfMemoryError", "Killed"), ("in main", "in evaluate")]
)
def test_the_exception_and_the_users_function_matter(old: str, new: str) -> None:
    assert error_kind(TRACEBACK.replace(old, new)) != error_kind(TRACEBACK)


def test_the_last_exception_of_a_chain_is_used() -> None:
    again = "\nDuring handling of the above exception, another exception occurred:\n\n"
    assert error_kind(f"ValueError: x{again}{TRACEBACK}") == error_kind(TRACEBACK)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ValueError: bad lr 0.1", "ValueError: bad lr 7", True),
        ("User program failed with ValueError: lr 1", "ValueError: lr 2", True),
        ("ValueError: bad lr 0.1", "ValueError: bad batch 1", False),
        ("exit code 1", "exit code 137", True),
        ("lost 3f2c9a10-11aa-4b6e-9c1f-0a1b2c3d4e5f", "lost " + "ab12" * 8, True),
    ],
)
def test_without_a_traceback_the_first_line_is_used(
    one: str, other: str, *, same: bool
) -> None:
    assert (error_kind(one) == error_kind(other)) is same


def test_an_error_kind_starts_with_the_exception_and_is_short() -> None:
    kind = error_kind(TRACEBACK)
    assert kind is not None
    assert kind.startswith("OutOfMemoryError-")
    assert len(error_kind(f"{'X' * 100}: y") or "") <= MAX_ERROR_KIND
    assert (error_kind("???") or "").startswith("Error-")


def test_an_empty_error_has_no_kind() -> None:
    assert error_kind("") is None
    assert error_kind("\n \n") is None


@pytest.mark.parametrize("text", ["Traceback (most recent call last):", "a" * 65_536])
def test_any_text_has_an_error_kind(text: str) -> None:
    assert error_kind(text)
