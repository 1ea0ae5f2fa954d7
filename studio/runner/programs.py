"""Which program a command line starts, and what its run is named after."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from studio.core.names import MAX_EXPERIMENT_NAME

#: The exit codes of shells for a command that cannot be started.
NOT_EXECUTABLE, NOT_FOUND = 126, 127
#: Files of these kinds are scripts, which an interpreter is started with.
SCRIPT_SUFFIXES = (".py", ".sh", ".r", ".jl", ".ipynb", ".js", ".pl", ".rb")
INTERPRETERS = {".py": "python", ".sh": "sh", ".r": "Rscript", ".jl": "julia"}
MAX_SCRIPT_CHARS = 2000


class CommandNotRunnable(Exception):
    """A sentence that says why, and the exit code that a shell would return."""

    def __init__(self, sentence: str, exit_code: int) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code


def is_program(word: str) -> bool:
    """Whether the word is a path, or a program of `PATH`."""
    return os.sep in word or Path(word).is_file() or shutil.which(word) is not None


def find_program(word: str, search: str | None = None, folder: str = "") -> str:
    """The program's path, for a command in `folder`. Raises CommandNotRunnable.

    `search` is its PATH; by default this process's.
    """
    # `./start` must keep its dot.
    name = os.path.join(folder, word) if os.sep in word else word  # noqa: PTH118
    path = Path(name)
    if found := shutil.which(name, path=search):
        return found
    if not word:
        raise CommandNotRunnable("The program's name is empty.", NOT_FOUND)
    if path.is_dir():
        raise CommandNotRunnable(f"{word} is a folder.", NOT_EXECUTABLE)
    if path.is_file():
        interpreter = INTERPRETERS.get(path.suffix.lower())
        hint = (
            f"Use: studio run -- {interpreter} {word}"
            if interpreter
            else f"Use `chmod +x {word}`, and write it as ./{path.name}."
        )
        raise CommandNotRunnable(f"{word} is not an executable program. {hint}", 126)
    place = "does not exist" if os.sep in word else "is not a program on PATH"
    raise CommandNotRunnable(f"{word} {place}. Check its name.", NOT_FOUND)


def explain_failed_start(word: str, error: OSError) -> str:
    """Why an executable file could not be started, and what to do."""
    hint = ""
    if error.errno == errno.ENOEXEC:
        hint = " For a shell script, write #!/bin/sh in its first line."
    elif error.errno == errno.ENOENT and Path(word).exists():
        return (
            f"{word} cannot be started: the program in its first line does not exist."
        )
    elif error.errno == errno.E2BIG:
        hint = " Pass fewer or shorter arguments and variables."
    return f"{word} cannot be started: {error.strerror or error}.{hint}"


def script_of(command: Sequence[str]) -> str:
    """The script that the command starts, else its program."""
    for before, word in zip(("", *command), command):
        if before == "-m" or Path(word).suffix.lower() in SCRIPT_SUFFIXES:
            return as_text(word)[:MAX_SCRIPT_CHARS]
    return as_text(command[0])[:MAX_SCRIPT_CHARS]


def experiment_of(command: Sequence[str]) -> str:
    """A valid experiment's name, after the script."""
    path = Path(script_of(command))
    is_script = path.suffix.lower() in SCRIPT_SUFFIXES
    name = path.stem if is_script else path.name
    name = "".join(char if char.isprintable() else "-" for char in name)
    return name.strip()[:MAX_EXPERIMENT_NAME] or "command"


def as_text(word: str) -> str:
    """A word of a command line as text that the server takes."""
    # Words that are not UTF-8 have half surrogates.
    return word.encode("utf-8", "replace").decode().replace("\x00", "")
