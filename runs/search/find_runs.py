"""The run list's one door: page, REST, CLI, MLflow and views read runs through it.

    find_runs(spec, viewer, workspace, *, experiment=None, parent=None, now=None)
        -> RunPage

spec        core.viewspec.ViewSpec; `q`, `sort`, `columns`, `children`, `mine`,
            `selected` with `only`, `archived`, `rows`, `after`, `before` are read
viewer      runs.models user; what he may not see does not exist
workspace   runs.models.Workspace
experiment  only its runs;  parent  only the direct children of this Run
now         ms since the epoch, for relative dates and running durations

RunPage     rows: tuple[RunRow, ...]; total: int; total_is_exact: bool (False: "more
            than total"); after: str, before: str (cursors of the next and the previous
            page, "" where there is none); spec
RunRow      run: Run (with experiment and submitter loaded), starred: bool,
            children: int (direct, not deleted), tags: tuple[tuple[str, str|None], ...]
            (of the `tags` column), values: dict[Field, object]: the asked columns
            (str | int | float | bool | None; times and durations in ms; status a
            RunStatus)

Raises InvalidFilter, InvalidValue (bad sort or cursor), QueryTimeout.
"""
