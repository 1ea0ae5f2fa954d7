"""Places the datasets that a submitted run reads on the machine that executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.job_files import JobFile

INPUTS_FOLDER = "inputs"


class InputsFailed(Exception):
    """A dataset of the run has no files, or can't be read."""


@dataclass(frozen=True)
class JobInputs:
    """The texts of placeholders in arguments, and the script's variables."""

    texts: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)

    def fill_in(self, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Return the definition with paths in its arguments and its command."""
        filled = dict(definition)
        for key in ("arguments", "command"):
            value = definition.get(key)
            if isinstance(value, list):
                filled[key] = [self.texts.get(word, word) for word in value]
        return filled


def place_job_inputs(job: JobFile, folder: Path, code: Path) -> JobInputs:
    """Place the files of the run's datasets. Raises InputsFailed."""
    for name, content in (job.definition.get("outputData") or {}).items():
        if isinstance(content, dict) and "path" in content:
            _create_output_folder(code, str(name))
    if not job.definition.get("data"):
        return JobInputs()
    # Few runs need it.
    from studio.sdk.client import Client
    from studio.sdk.data import (
        input_variable,
        inputs_of,
        place_inputs,
        placeholder_of,
    )
    from studio.sdk.workspace import Workspace

    inputs = inputs_of(job.definition)
    workspace = Workspace.with_client(Client(job.url, job.token, job.workspace))
    try:
        texts = place_inputs(workspace, inputs, folder / INPUTS_FOLDER)
    except (StudioError, OSError, KeyError, TypeError) as error:
        reason = error.message if isinstance(error, StudioError) else repr(error)
        raise InputsFailed(f"The run's inputs can't be placed: {reason}") from error
    paths = {name: texts[placeholder_of(name)] for name in inputs}
    return JobInputs(texts, {input_variable(name): paths[name] for name in paths})


def _create_output_folder(code: Path, name: str) -> None:
    """Create the folder that an argument names, as v1 does."""
    from studio.sdk.data import output_folder

    # A definition can be written by hand.
    if name.isidentifier():
        (code / output_folder(name)).mkdir(parents=True, exist_ok=True)
