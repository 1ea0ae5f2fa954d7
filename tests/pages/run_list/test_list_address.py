"""The browser writes the list's address as the server does; see tests/js."""

from __future__ import annotations

import json
import re
from pathlib import Path

from studio.core.view_spec import PARAMETERS, encode_value

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "static/js/run_list/list-address.js"
ENCODED = json.loads((ROOT / "tests/js/encoded.json").read_text())


def test_parameters_have_the_order_of_the_server() -> None:
    order = re.search(r'ORDER =\s*"([a-z ]+)"', SCRIPT.read_text())
    assert order
    assert tuple(order[1].split()) == PARAMETERS


def test_values_are_encoded_as_in_javascript() -> None:
    assert [[text, encode_value(text)] for text, _ in ENCODED] == ENCODED
