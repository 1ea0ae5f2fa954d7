"""The files that metrics point to: images, matrices and other documents."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from runs.models import File, Run, path_key
from runs.search.files.files import current_files

#: What the value of a metric begins with whose content is a file of the run.
FILE_SCHEME = "aml://"
#: The prefix of a run's id in such an address.
RUN_PREFIX = "/dcid."


def file_path_of(value: object) -> str | None:
    """The path in the run's files that a metric's value names; None for any other.

    `aml://artifactId/ExperimentRun/dcid.<run id>/<path, quoted>`
    """
    if not isinstance(value, str) or not value.startswith(FILE_SCHEME):
        return None
    quoted = value.partition(RUN_PREFIX)[2].partition("/")[2]
    return unquote(quoted) or None


def find_files(run: Run, paths: Iterable[str]) -> dict[str, File]:
    """The run's files of those paths that are there; one query, or none."""
    keys = [path_key(path) for path in dict.fromkeys(paths)]
    if not keys:
        return {}
    found = current_files().filter(run=run, path_key__in=keys)
    return {file.path: file for file in found}
