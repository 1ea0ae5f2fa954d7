"""`manage.py studio --check` says whether a start would work, and changes nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tests.actions.notify.smtp import smtp_server
from tests.parts.manage import manage
from tests.parts.server import Server, copy_prepared_home

CHECK = ("studio", "--check", "--port=0")


def test_the_check_of_a_first_start_changes_nothing(tmp_path: Path) -> None:
    done = manage(tmp_path, *CHECK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Ready to start: {tmp_path} with ")
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_help_spells_the_command_as_the_documentation_does(tmp_path: Path) -> None:
    assert "manage.py move-to [-h]" in manage(tmp_path, "move-to", "--help").stdout


def test_a_folder_in_use_by_a_server_is_not_ready(server: Server) -> None:
    done = manage(server.home, *CHECK)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is already using" in done.stderr


def test_a_damaged_database_is_refused_with_one_message(tmp_path: Path) -> None:
    (tmp_path / "studio.sqlite3").write_bytes(b"no database" * 1000)
    for words in (CHECK, ("studio", "--port=0")):
        done = manage(tmp_path, *words)
        assert done.returncode == 1
        assert "cannot be used" in done.stderr.splitlines()[-1]
        assert "Restore a backup" in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr


def test_an_unreachable_database_is_refused_with_one_message(tmp_path: Path) -> None:
    env = {"DATABASE_URL": "postgres://studio:secret@127.0.0.1:1/studio"}
    for words in (CHECK, ("studio", "--port=0"), ("worker",), ("sweep",)):
        done = manage(tmp_path, *words, env=env)
        assert done.returncode == 1
        assert (
            "PostgreSQL 127.0.0.1:1/studio cannot be used"
            in (done.stderr.splitlines()[-1])
        )
        assert "secret" not in done.stderr
        assert "Traceback" not in done.stderr


def test_the_check_names_migrations_static_files_and_mail(tmp_path: Path) -> None:
    done = manage(tmp_path, *CHECK)
    assert re.search(
        r"; [0-9]+ migrations to apply; [0-9]+ static files; no mail server\.$",
        done.stdout.strip(),
    )


def test_the_check_signs_in_to_the_mail_server(tmp_path: Path) -> None:
    with smtp_server() as postbox:
        address = f"127.0.0.1:{postbox.server.port}"
        env = {"EMAIL_URL": f"smtp://{address}", "EMAIL_FROM": "s@mail.example"}
        done = manage(tmp_path, *CHECK, env=env)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith(f"; mails by {address}.\n")
        assert postbox.mails == []
    done = manage(tmp_path, *CHECK, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"the mail server {address} cannot be used" in done.stderr


def test_a_prepared_home_needs_no_migration(tmp_path: Path) -> None:
    copy_prepared_home(tmp_path / "home")
    assert "; 0 migrations to apply;" in manage(tmp_path / "home", *CHECK).stdout
