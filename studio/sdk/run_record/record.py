"""The record of a run: short facts are properties, all of it is a file of the run."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.core.launcher_properties import (
    COMMAND_PROPERTY,
    CPUS_PROPERTY,
    EXECUTABLE_PROPERTY,
    GPUS_PROPERTY,
    HOST_PROPERTY,
    MEMORY_PROPERTY,
    PYTHON_PROPERTY,
    SYSTEM_PROPERTY,
)
from studio.sdk.run_record.interpreters import PythonFacts, this_python
from studio.sdk.run_record.redaction import recorded_variables, without_secrets
from studio.sdk.system_metrics import MachineFacts, read_machine_facts

RECORD_PATH = "system_logs/environment.json"
MAX_COMMAND_CHARS = 8000

Redact = Callable[[str], str]
#: Uploads a file of this machine to a path of the run.
AddFile = Callable[[Path, str], None]


def attempt_path(attempt: int) -> str:
    """Where the record of an attempt is: a file of a run never changes."""
    path = Path(RECORD_PATH)
    return (
        RECORD_PATH
        if attempt <= 1
        else path.with_name(f"{path.stem}_attempt_{attempt}{path.suffix}").as_posix()
    )


@dataclass(frozen=True)
class RunRecord:
    """What was started, where, and with what."""

    command: tuple[str, ...]
    folder: str
    machine: MachineFacts
    python: PythonFacts | None
    variables: Mapping[str, str]
    image: str = ""

    @classmethod
    def collect(
        cls,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        python: PythonFacts | None,
        image: str = "",
    ) -> RunRecord:
        variables = recorded_variables(environment)
        return cls(
            tuple(map(_as_unicode, without_secrets(command))),
            _as_unicode(str(folder)),
            read_machine_facts(),
            python,
            {_as_unicode(key): _as_unicode(text) for key, text in variables.items()},
            image,
        )

    def properties(self) -> dict[str, str]:
        """The facts that the run's page and its list show."""
        machine, python = self.machine, self.python
        facts = {
            COMMAND_PROPERTY: shlex.join(self.command)[:MAX_COMMAND_CHARS],
            HOST_PROPERTY: machine.host,
            SYSTEM_PROPERTY: machine.system,
            PYTHON_PROPERTY: python.version if python else "",
            EXECUTABLE_PROPERTY: python.executable if python else "",
            CPUS_PROPERTY: str(machine.cpus),
            MEMORY_PROPERTY: str(machine.memory or ""),
            GPUS_PROPERTY: ", ".join(machine.gpus),
        }
        return {name: text for name, text in facts.items() if text}

    def to_json(self, redact: Redact = str) -> str:
        """The file; `redact` hides known secrets."""
        machine, python = self.machine, self.python
        content: dict[str, Any] = {
            "command": [redact(word) for word in self.command],
            "folder": self.folder,
            "host": machine.host,
            **({"image": self.image} if self.image else {}),
            "system": machine.system,
            "cpus": machine.cpus,
            "memory_bytes": machine.memory,
            "gpus": machine.gpus,
            "python": python and {"version": python.version, "path": python.executable},
            "packages": python.packages if python else [],
            "variables": {
                name: redact(value) for name, value in self.variables.items()
            },
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _as_unicode(text: str) -> str:
    """The text with `?` for bytes that are no UTF-8: the system allows any bytes."""
    return text.encode("utf-8", "replace").decode()


def upload_record(
    record: RunRecord, add_file: AddFile, path: str = RECORD_PATH, redact: Redact = str
) -> None:
    """Keep the record as a file of the run. Raises OSError if there is no room."""
    with tempfile.TemporaryDirectory(prefix="studio-record-") as folder:
        local = Path(folder) / Path(path).name
        local.write_text(record.to_json(redact), encoding="utf-8")
        add_file(local, path)


def record_of_process() -> RunRecord:
    """The record of a run that this process starts."""
    return RunRecord.collect(
        command_of_process(), working_folder(), os.environ, this_python()
    )


def working_folder() -> Path:
    """The folder of this process, also if it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return Path()


def command_of_process() -> Sequence[str]:
    """The words that started this process; none in a notebook."""
    if "ipykernel" in sys.modules:
        return ()
    # Python 3.9 has no `orig_argv`.
    return getattr(sys, "orig_argv", None) or [sys.executable or "python", *sys.argv]
