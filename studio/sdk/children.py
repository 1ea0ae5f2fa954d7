"""Runs form a tree: children of a run, its parent, all below it."""

from __future__ import annotations

import numbers
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.core.names import MAX_CREATE_CHILDREN
from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.finding import Tags, find_runs
from studio.sdk.lifecycle import Lifecycle

if TYPE_CHECKING:
    from studio.sdk.run import Run

BATCH_TAG = "azureml.batch_child_number"


class Children(Lifecycle):
    """A parent's status does not depend on its children's."""

    _parent: Run | None = None

    @property
    def parent(self) -> Run | None:
        """The run above; None for a root, or for a parent that has not arrived."""
        from studio.sdk.run import Run

        parent_id = self._info.get("parent")
        if self._parent is None and parent_id:
            self._parent = Run.get(self._experiment.workspace, parent_id)
        return self._parent

    def child_run(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | None = None,
    ) -> Run:
        """Start a run below this one; a context manager as its parent is.

        `outputs` is a folder that is kept at its end; unless said otherwise there is
        none, as `./outputs` is the parent's.
        """
        from studio.sdk.starting import start_logging

        child = start_logging(
            self._experiment,
            name,
            run_id,
            outputs or False,
            snapshot_directory=None,
            parent=self,
        )
        child._status = "NotStarted"
        return child

    def create_children(
        self,
        count: int | None = None,
        tag_key: str | None = None,
        tag_values: Sequence[str] | None = None,
    ) -> list[Run]:
        """Start many runs below this one by one request; at most 100.

        `count` of them, tagged by their numbers, or one for each of `tag_values`,
        tagged so under `tag_key`.
        """
        tags = _tags_of(count, tag_key, tag_values)
        ids = [str(uuid.uuid4()) for _ in tags]
        children = [{"id": key, "tags": one} for key, one in zip(ids, tags)]
        body = {"children": children, "target": "local"}
        told = self._write("POST", "children", body)
        found = told["runs"] if told else [self._unknown(key) for key in ids]
        return [self._made(info, one) for info, one in zip(found, tags)]

    def get_children(
        self,
        recursive: bool = False,
        tags: Tags = None,
        properties: Mapping[str, str] | None = None,
        type: str | None = None,
        status: str | None = None,
        _rehydrate_runs: bool = True,
    ) -> Iterator[Run]:
        """The runs below this one that meet all conditions, the newest first.

        `recursive` goes to any depth.
        """
        return find_runs(
            self._experiment,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
            children=True,
            parent=None if recursive else self._id,
            below=self._id if recursive else None,
        )

    def submit_child(
        self, config: Any, tags: Mapping[str, str] | None = None, **_more: Any
    ) -> Run:
        """Not offered yet."""
        raise NotSupportedError(
            "Submitting runs is to come: start child processes yourself and give each "
            "`run.child_run()`, or its id by an argument."
        )

    def _unknown(self, run_id: str) -> dict[str, Any]:
        """What is known of a run that waits in the spool."""
        return {
            "id": run_id,
            "parent": self._id,
            "target": "local",
            "status": "Running",
        }

    def _made(self, info: dict[str, Any], tags: dict[str, str | None]) -> Run:
        from studio.sdk.run import Run

        child = Run(self._experiment, info["id"], _info=info, _tags=tags)
        child._parent = self  # type: ignore[assignment]
        return child


def _tags_of(count: Any, key: str | None, values: Any) -> list[dict[str, str | None]]:
    """The tags of each child. Raises UserErrorException."""
    if count is not None and (not isinstance(count, numbers.Integral) or count < 0):
        raise UserErrorException(f"count must be a whole number, not {count!r}")
    if isinstance(values, str):
        raise UserErrorException(f"tag_values must be a list of texts, not {values!r}")
    by_tag = key is not None and values is not None
    if (count is None) != by_tag or (count is not None and (key or values)):
        raise UserErrorException("Either count or tag_key and tag_values must be set")
    if by_tag:
        found: list[dict[str, str | None]] = [{str(key): str(one)} for one in values]
    else:
        found = [{BATCH_TAG: str(number)} for number in range(int(count or 0))]
    if len(found) > MAX_CREATE_CHILDREN:
        raise UserErrorException(
            f"can not create more than {MAX_CREATE_CHILDREN} runs at once; call it "
            "several times"
        )
    return found
