"""Message files are compiled at a start, also where their folder is read-only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import polib
import pytest

from runs.management.translations import compile_file, compile_translations


def write(source: Path, text: str) -> None:
    source.parent.mkdir(parents=True, exist_ok=True)
    file = polib.POFile()
    file.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    file.append(polib.POEntry(msgid="Run", msgstr=text))
    file.save(str(source))


def compiled(target: Path) -> str:
    return str(polib.mofile(str(target)).find("Run").msgstr)


@pytest.fixture
def source(tmp_path: Path, settings: Any) -> Path:
    settings.STUDIO_HOME = tmp_path / "home"
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    path = tmp_path / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    write(path, "运行")
    return path


def test_a_file_is_compiled_next_to_its_source(source: Path, settings: Any) -> None:
    compile_translations()
    assert compiled(source.with_suffix(".mo")) == "运行"
    assert len(settings.LOCALE_PATHS) == 1


def test_a_changed_file_is_compiled_again_whatever_its_time(source: Path) -> None:
    compile_translations()
    write(source, "作业")
    os.utime(source, ns=(1, 1))
    compile_translations()
    assert compiled(source.with_suffix(".mo")) == "作业"


def test_with_a_read_only_source_folder_the_compiled_file_is_in_the_home(
    source: Path, settings: Any
) -> None:
    # A folder in the place of the file: root could write to a read-only one.
    source.with_suffix(f".{os.getpid()}.partial").mkdir()
    compile_translations()
    own = settings.STUDIO_HOME / "locale"
    assert settings.LOCALE_PATHS[0] == own
    assert compiled(own / "zh_Hans" / "LC_MESSAGES" / "django.mo") == "运行"


def test_a_compiled_file_that_cannot_be_written_is_not_an_error(source: Path) -> None:
    blocked = source / "django.mo"
    assert not compile_file(source, blocked)
