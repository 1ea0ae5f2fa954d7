"""`manage.py` itself: the version, the names of commands and databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from runs.management.move_record import describe_location
from runs.management.read_only_database import describe_server
from studio import __version__
from studio.settings import environment
from tests.parts.manage import manage


@pytest.mark.parametrize("words", [["--version"], ["studio", "--version"]])
def test_version_prints_the_version_of_run_studio(
    words: list[str], tmp_path: Path
) -> None:
    assert manage(tmp_path, *words).stdout == f"Run Studio {__version__}\n"


def test_help_spells_a_command_as_the_documentation_does(tmp_path: Path) -> None:
    assert "manage.py move-to" in manage(tmp_path, "help", "move-to").stdout
    listed = manage(tmp_path, "help").stdout
    assert "    move-to\n" in listed
    assert "move_to" not in listed


@pytest.mark.parametrize(
    "address",
    [
        "postgres://u:secret@db.example.org:6543/studio",
        "postgres://u@/studio?host=db.example.org&port=6543",
    ],
)
def test_a_database_is_described_with_its_port(address: str) -> None:
    found = environment.postgres_settings(address)
    assert describe_server(found) == "db.example.org:6543"
    expected = "the PostgreSQL database studio on db.example.org:6543"
    assert describe_location(found) == expected
