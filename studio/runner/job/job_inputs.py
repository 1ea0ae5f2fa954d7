"""Places the datasets that a submitted run reads on the machine that executes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from studio.core.errors import StudioError
from studio.core.job_files import JobFile

INPUTS_FOLDER = "inputs"


class InputsFailed(Exception):
    """A dataset of the run has no files, or can't be read."""


def with_inputs(job: JobFile, folder: Path, code: Path, *, links: bool) -> JobFile:
    """Place the files of the run's datasets; return the job with their paths.

    With `links`, files of this machine are not copied. Raises InputsFailed.
    """
    for name, content in (job.definition.get("outputData") or {}).items():
        if isinstance(content, dict) and "path" in content:
            _create_output_folder(code, str(name))
    if not job.definition.get("data"):
        return job
    # Few runs need it.
    from studio.sdk.client import Client
    from studio.sdk.data import (
        input_variable,
        inputs_of,
        place_inputs,
        placeholder_of,
        refuse_local_files,
    )
    from studio.sdk.workspace import Workspace

    inputs = inputs_of(job.definition)
    workspace = Workspace.with_client(Client(job.url, job.token, job.workspace))
    try:
        if job.launcher == "agent":
            # A definition can be written by hand.
            refuse_local_files(inputs, str(job.definition.get("target")))
        texts = place_inputs(workspace, inputs, folder / INPUTS_FOLDER, links=links)
    except (StudioError, OSError, KeyError, TypeError) as error:
        reason = error.message if isinstance(error, StudioError) else repr(error)
        raise InputsFailed(f"The run's inputs can't be placed: {reason}") from error
    variables = {input_variable(name): texts[placeholder_of(name)] for name in inputs}
    return replace(job, definition=_fill_in(job.definition, texts, variables))


def input_paths(job: JobFile) -> list[Path]:
    """Where the files of the inputs are, in a job of `with_inputs`."""
    if not job.definition.get("data"):
        return []
    from studio.sdk.data import input_variable, inputs_of

    variables = job.definition.get("environmentVariables") or {}
    found = [variables.get(input_variable(name)) for name in inputs_of(job.definition)]
    return [Path(one) for one in found if one]


def _fill_in(
    definition: Mapping[str, Any],
    texts: Mapping[str, str],
    variables: Mapping[str, str],
) -> dict[str, Any]:
    filled = dict(definition)
    for key in ("arguments", "command"):
        value = definition.get(key)
        if isinstance(value, list):
            filled[key] = [texts.get(word, word) for word in value]
    own = definition.get("environmentVariables") or {}
    filled["environmentVariables"] = {**own, **variables}
    return filled


def _create_output_folder(code: Path, name: str) -> None:
    """Create the folder that an argument names, as v1 does."""
    from studio.sdk.data import output_folder

    # A definition can be written by hand.
    if name.isidentifier():
        (code / output_folder(name)).mkdir(parents=True, exist_ok=True)
