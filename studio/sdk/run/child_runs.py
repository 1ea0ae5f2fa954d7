"""The runs below a run, and the run above it."""

from __future__ import annotations

import numbers
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from studio.core.names import MAX_CREATE_CHILDREN
from studio.core.statuses import RunStatus
from studio.sdk.errors import UserErrorException
from studio.sdk.run.run_queries import Tags, find_runs
from studio.sdk.run.run_types import create_run, get_run_of_workspace
from studio.sdk.run.starting import start_run
from studio.sdk.run.state import RunState

#: The tag of each child that was created by its number.
NUMBER_TAG = "azureml.batch_child_number"


class ChildRuns:
    """Creates and lists child runs. A parent's status does not depend on theirs."""

    def __init__(self, state: RunState) -> None:
        self._state = state
        self._parent: Any = None

    def get_parent(self) -> Any:
        """The run above; None for a root, or if the server does not know it yet."""
        parent_id = self._state.info.get("parent")
        if self._parent is None and parent_id:
            workspace = self._state.experiment.workspace
            self._parent = get_run_of_workspace(workspace, parent_id)
        return self._parent

    def set_parent(self, parent: Any) -> None:
        self._parent = parent

    def start(
        self, parent: Any, name: str | None, run_id: str | None, outputs: str | None
    ) -> Any:
        """Start a run below `parent`, which is the run of this object."""
        child = start_run(
            self._state.experiment,
            name,
            run_id,
            # None would mean `./outputs`, which every child would upload again.
            outputs or False,
            snapshot_directory=None,
            parent=parent,
        )
        # As in the v1 SDK, the object shows this until it is refreshed.
        child._state.local_status = RunStatus.NOT_STARTED.value
        return child

    def create_many(
        self,
        parent: Any,
        count: int | None,
        tag_key: str | None,
        tag_values: Sequence[str] | None,
    ) -> list[Any]:
        """Start many runs below `parent` by one request."""
        tags = _tags_of_children(count, tag_key, tag_values)
        ids = [str(uuid.uuid4()) for _ in tags]
        children = [{"id": id_, "tags": one} for id_, one in zip(ids, tags)]
        body = {"children": children, "target": "local"}
        reply = self._state.write("POST", "children", body)
        infos = reply["runs"] if reply else [self._buffered_info(id_) for id_ in ids]
        created = []
        for info, one in zip(infos, tags):
            child = create_run(self._state.experiment, info, one)
            child._children.set_parent(parent)
            created.append(child)
        return created

    def find(
        self,
        *,
        recursive: bool,
        type: str | None,
        tags: Tags,
        properties: Mapping[str, str] | None,
        status: str | None,
    ) -> Iterator[Any]:
        """The runs below this one that meet all conditions, the newest first."""
        return find_runs(
            self._state.experiment,
            type=type,
            tags=tags,
            properties=properties,
            status=status,
            children=True,
            parent=None if recursive else self._state.id,
            below=self._state.id if recursive else None,
        )

    def _buffered_info(self, run_id: str) -> dict[str, Any]:
        """What is known about a run whose creation waits in the spool."""
        return {
            "id": run_id,
            "parent": self._state.id,
            "target": "local",
            "status": "Running",
        }


def _tags_of_children(
    count: Any, key: str | None, values: Any
) -> list[dict[str, str | None]]:
    """The tags of each child. Raises UserErrorException."""
    if count is not None and (not isinstance(count, numbers.Integral) or count < 0):
        raise UserErrorException(f"count must be a whole number, not {count!r}")
    if isinstance(values, str):
        raise UserErrorException(f"tag_values must be a list of texts, not {values!r}")
    is_by_tag = key is not None and values is not None
    if (count is None) != is_by_tag or (count is not None and (key or values)):
        raise UserErrorException("Either count or tag_key and tag_values must be set")
    if is_by_tag:
        tags: list[dict[str, str | None]] = [{str(key): str(one)} for one in values]
    else:
        tags = [{NUMBER_TAG: str(number)} for number in range(int(count or 0))]
    if len(tags) > MAX_CREATE_CHILDREN:
        raise UserErrorException(
            f"can not create more than {MAX_CREATE_CHILDREN} runs at once; call it "
            "several times"
        )
    return tags
