"""The tree of runs: a parent is set once, can arrive later, and never forms a circle.

`root` of every run below a root is kept up to date, so a tree is one query.
"""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from runs.models import Run, rebuild_root_metrics
from runs.storage.prepared import Prepared, PreparedUpdate
from studio.core import names
from studio.core.errors import Immutable, InvalidValue

#: The first half of the advisory lock's key; the second half is the workspace.
_TREE_LOCK = 7_301

_move_tree = PreparedUpdate(
    lambda old, new: (Run.objects.filter(root_id=old), {"root": new})
)
# Prepared, because a sweep finds the same parent for each of its children.
_runs_with_root = Prepared(
    lambda workspace, run_id: Run.objects.filter(
        workspace_id=workspace, run_id=run_id
    ).select_related("root")
)
_waiting_children = Prepared(
    lambda workspace, run_id, run: Run.objects.filter(
        workspace_id=workspace, parent_run_id=run_id, parent__isnull=True
    ).exclude(pk=run)
)


def lock_tree(workspace_id: int, *, shared: bool = False) -> None:
    """Let one transaction at a time set parents in a workspace (PostgreSQL).

    Called before any row is locked. Without it, two transactions would not see each
    other's changes: they could form a circle, or leave a child without its parent.
    `shared` is for runs without a parent, which can arrive in parallel.
    """
    if connection.vendor != "postgresql":
        # SQLite has one writer at a time.
        return
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s, %s)", [_TREE_LOCK, workspace_id])


def link_parent(run: Run, parent_run_id: str) -> None:
    """Set the parent fields of `run`; the caller saves it. An empty id is no parent."""
    if not parent_run_id:
        return
    names.check_run_id(parent_run_id, "parent_run_id")
    if run.parent_run_id and run.parent_run_id != parent_run_id:
        raise Immutable(
            _("The parent of run %(run_id)s is %(parent_run_id)s and can't be changed.")
            % {"run_id": run.run_id, "parent_run_id": run.parent_run_id},
            field="parent_run_id",
        )
    parent = _find_run(run.workspace_id, parent_run_id)
    if parent_run_id == run.run_id or (parent and _would_form_circle(parent, run)):
        raise InvalidValue(
            _(
                "Run %(run_id)s can't be a child of %(parent_run_id)s: "
                "they would form a circle."
            )
            % {"run_id": run.run_id, "parent_run_id": parent_run_id},
            field="parent_run_id",
        )
    run.parent_run_id = parent_run_id
    if parent is not None:
        run.parent = parent
        run.root = parent.root or parent


def adopt_waiting_children(run: Run) -> None:
    """Link the runs that named `run` as their parent before it was created."""
    root = run.root or run
    if root is not run:
        # The run was a root until now, and its descendants name it as such.
        _move_tree(run.pk, root.pk)
    moved = _waiting_children.all(run.workspace_id, run.run_id, run.pk)
    for child in moved:
        Run.objects.filter(root=child).update(root=root)
        Run.objects.filter(pk=child.pk).update(parent=run, root=root)
    if moved:
        rebuild_root_metrics([root.pk, *(child.pk for child in moved)])


def _find_run(workspace_id: int, run_id: str) -> Run | None:
    return _runs_with_root.first(workspace_id, run_id)


def _would_form_circle(parent: Run, run: Run) -> bool:
    """Return whether `parent` is below `run`, or below a run that waits for `run`.

    Only a root can wait for or get a parent, so checking the parent's root is enough.
    """
    top = parent.root or parent
    return top.pk == run.pk or top.parent_run_id == run.run_id
