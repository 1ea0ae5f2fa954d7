"""A field has a half for clients and one for the server, or nothing starts."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from runs.search.fields import FieldSource, check_client_and_server_halves, source_of
from runs.search.fields.registry import ALL_SOURCES, SPECS
from studio.core.filters import fields, tree
from studio.core.filters.field_spec import FieldSpec

ROOT = Path(__file__).parents[2]
SPEC = FieldSpec("color", "Color", fields.TEXT, "Its color.", "color:red")
SOURCE = source_of(tree.attribute("target"))


def test_a_field_needs_both_halves() -> None:
    check_client_and_server_halves(SPECS, ALL_SOURCES)
    with pytest.raises(ImproperlyConfigured, match="color is declared in studio/core"):
        check_client_and_server_halves({**SPECS, "color": SPEC}, ALL_SOURCES)
    both = [*ALL_SOURCES, replace(SOURCE, name="color")]
    with pytest.raises(ImproperlyConfigured, match="color is declared in runs/search"):
        check_client_and_server_halves(SPECS, both)
    check_client_and_server_halves({**SPECS, "color": SPEC}, both)
    check_client_and_server_halves(
        {**SPECS, "color": SPEC}, [*ALL_SOURCES, replace(SOURCE, name="color")]
    )


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        (FieldSource("color"), "condition"),
        (FieldSource("color", condition=SOURCE.condition), "sort"),
        (replace(SOURCE, name="color", value=None), "value"),
    ],
)
def test_the_server_half_supports_what_the_client_half_declares(
    source: FieldSource, missing: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"color needs a {missing}"):
        check_client_and_server_halves({**SPECS, "color": SPEC}, [*ALL_SOURCES, source])


def test_a_field_with_one_half_stops_the_start_with_one_message(tmp_path: Path) -> None:
    script = (
        "import sys, manage\n"
        "from studio.core.filters import catalog as c\n"
        "c.ATTRIBUTE_SPECS += (c.FieldSpec('color', 'Color', 'text', '', ''),)\n"
        "sys.argv = ['manage.py', 'studio', '--port', '0']\n"
        "manage.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"STUDIO_HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "Run Studio cannot start. The field color is declared in "
        "studio/core/filters/catalog.py but not in runs/search/fields: "
        "add an entry with this name there.\n"
    )
