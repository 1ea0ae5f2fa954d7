"""A missing real part skips a test on a desk and fails it in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, remedy: str) -> NoReturn:
    """Skips with the remedy; fails instead where `STUDIO_CI` is set."""
    text = f"{what} is missing. {remedy}"
    if os.environ.get("STUDIO_CI"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)
