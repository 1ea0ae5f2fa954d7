"""Tables that MLflow's `log_table` wrote: a tag of the run names their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from runs.models import File, Run, RunTag
from runs.search.files import find_files_of_runs

TAG = "mlflow.loggedArtifacts"
#: Tables that are listed of a run; a client adds each path to the tag.
MAX_TABLES = 200


def find_logged_tables(runs: Sequence[Run]) -> dict[int, list[File]]:
    """Return the files by the run's key. One query, or two if a run has the tag."""
    rows = RunTag.objects.filter(run__in=[run.pk for run in runs], key__name=TAG)
    paths = {
        run: list(_table_paths(value))[:MAX_TABLES]
        for run, value in rows.values_list("run_id", "value")
    }
    if not paths:
        return {}
    found = find_files_of_runs(paths)
    return {
        run: [found[run][path] for path in named if path in found[run]]
        for run, named in paths.items()
    }


def _table_paths(value: str | None) -> Iterable[str]:
    """The paths in the tag, each once; a client can have written anything into it."""
    try:
        entries = json.loads(value or "")
    except ValueError:
        return []
    listed = entries if isinstance(entries, list) else []
    paths = (
        entry.get("path")
        for entry in listed
        if isinstance(entry, dict) and entry.get("type") == "table"
    )
    return dict.fromkeys(path for path in paths if isinstance(path, str))
