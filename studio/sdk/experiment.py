"""Experiments: named collections of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, overload
from typing import List as ListOf  # noqa: UP035 (`list` is a method here)
from urllib.parse import quote

from studio.core.names import check_experiment_name
from studio.sdk.errors import NotSupportedError, UserErrorException
from studio.sdk.responses import Unreachable
from studio.sdk.run import Run, Tags, find_runs, start_run
from studio.sdk.run_query import RunQuery
from studio.sdk.tags_and_properties import as_keys, as_tags

if TYPE_CHECKING:
    from studio.sdk.hyperdrive import HyperDriveConfig, HyperDriveRun
    from studio.sdk.submission import ScriptRunConfig
    from studio.sdk.workspace import Workspace

VIEW_TYPES = ("ActiveOnly", "All", "ArchivedOnly")


class Experiment:
    """The experiment of that name in the workspace; created if it is new.

    Raises InvalidName for a name that breaks the rules, AlreadyExists for one in the
    trash.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        _skip_name_validation: bool = False,
        _info: dict[str, Any] | None = None,
        **_ignored: Any,
    ) -> None:
        self.workspace = workspace
        self._connection = workspace._connection
        self._name = check_experiment_name(name)
        self._info: dict[str, Any] = _info or {}
        if not self._info and not self._connection.is_buffering:
            try:
                body = {"name": name}
                self._info = self._connection.try_now("POST", "experiments", body)
            except Unreachable as error:
                self._connection.start_buffering(error)

    @property
    def name(self) -> str:
        """The experiment's name, which is unique in its workspace."""
        return self._name

    @property
    def id(self) -> str:
        """The experiment's id; empty until the server knows the experiment."""
        return str(self._info.get("id", ""))

    @property
    def tags(self) -> dict[str, str | None]:
        """The tags as last read; None is a tag without a value."""
        return dict(self._info.get("tags", {}))

    @property
    def description(self) -> str:
        """The description in Markdown; empty without one."""
        return str(self._info.get("description", ""))

    @property
    def archived_time(self) -> datetime | None:
        """When it was archived, in UTC; None while it is active."""
        archived_ms = self._info.get("archived")
        if archived_ms is None:
            return None
        return datetime.fromtimestamp(archived_ms / 1000, timezone.utc)

    def refresh(self) -> None:
        """Read tags and everything else again."""
        self._info = self._connection.get(f"experiments/{self._get_id()}")

    def start_logging(
        self,
        name: str | None = None,
        run_id: str | None = None,
        outputs: str | bool | None = None,
        snapshot_directory: str | None = ".",
        **more: Any,
    ) -> Run:
        """Start an interactive run; `more` is `display_name`, `description`,
        `tags`, `properties` and `system_metrics` (False: don't sample this machine).

        `outputs` is the folder that is uploaded at the end (default `./outputs`, which
        is created); False for none. `snapshot_directory` has the sources to keep; None
        for none.
        """
        run: Run = start_run(
            self, name, run_id, outputs, snapshot_directory=snapshot_directory, **more
        )
        return run

    @overload
    def submit(
        self,
        config: ScriptRunConfig,
        tags: Mapping[str, str | None] | None = None,
        *,
        display_name: str = "",
        _parent_run_id: str | None = None,
        **_ignored: Any,
    ) -> Run: ...

    @overload
    def submit(
        self,
        config: HyperDriveConfig,
        tags: Mapping[str, str | None] | None = None,
        *,
        display_name: str = "",
        _parent_run_id: str | None = None,
        **_ignored: Any,
    ) -> HyperDriveRun: ...

    def submit(
        self,
        config: ScriptRunConfig | HyperDriveConfig,
        tags: Mapping[str, str | None] | None = None,
        *,
        display_name: str = "",
        _parent_run_id: str | None = None,
        **_ignored: Any,
    ) -> Run:
        """Submit a ScriptRunConfig or a HyperDriveConfig; returns its run at once.

        The target `local` of `config` starts it on this machine, in a copy of its
        folder; agents of another target take it from a queue. A HyperDriveConfig
        becomes the parent of a sweep, whose child runs agents take. The run has the
        `tags`, and the name `display_name`. Raises ExperimentExecutionException if the
        script does not exist, ComputeTargetException for an unknown target.
        """
        # Scripts that only log do not need them.
        from studio.sdk.hyperdrive import HyperDriveConfig, HyperDriveRun
        from studio.sdk.submission import submit_run

        if isinstance(config, HyperDriveConfig):
            parent = _parent_run_id or ""
            info = config.submit_to(self, tags, display_name, parent=parent)
            return HyperDriveRun(self, info["id"], _info=info)
        run: Run = submit_run(
            self,
            config,
            tags,
            parent=_parent_run_id or "",
            display_name=display_name,
        )
        return run

    def get_runs(
        self,
        type: str | None = None,
        tags: Tags = None,
        properties: Mapping[str, str] | None = None,
        include_children: bool = False,
    ) -> Iterator[Run]:
        """The runs that meet all conditions, the newest first, read page by page.

        `tags` is a dict of values (None: any value), or a key that runs must have.
        """
        return find_runs(
            self,
            type=type,
            tags=tags,
            properties=properties,
            children=include_children,
        )

    def runs(
        self,
        filter: str = "",
        *,
        columns: Sequence[str] | None = None,
        order_by: str = "",
        limit: int | None = None,
        children: bool = False,
        archived: bool = False,
    ) -> RunQuery:
        """The experiment's runs that match a filter; see `Workspace.runs`.

        Not in the v1 SDK.
        """
        return RunQuery(
            self.workspace,
            filter,
            columns=columns,
            order_by=order_by,
            limit=limit,
            children=children,
            archived=archived,
            experiment=self,
        )

    @classmethod
    def list(
        cls,
        workspace: Workspace,
        experiment_name: str | None = None,
        view_type: str = "ActiveOnly",
        tags: Tags = None,
    ) -> ListOf[Experiment]:  # noqa: UP006
        """The workspace's experiments, the newest first."""
        if view_type not in VIEW_TYPES:
            raise UserErrorException(
                f"view_type must be one of {', '.join(VIEW_TYPES)}, not {view_type!r}"
            )
        conditions = {tags: None} if isinstance(tags, str) else dict(tags or {})
        return [
            cls(workspace, info["name"], _info=info)
            for info in _list_pages(workspace, experiment_name)
            if _is_in_view(info, view_type) and _has_tags(info["tags"], conditions)
        ]

    @staticmethod
    def delete(workspace: Workspace, experiment_id: str) -> None:
        """Move an experiment and its runs to the trash."""
        path = f"experiments/{quote(str(experiment_id))}"
        workspace._connection.change("DELETE", path)

    def archive(self) -> None:
        """Hide it from the usual lists."""
        self._patch_experiment({"archived": True})

    def reactivate(self, new_name: str | None = None) -> None:
        """Undo `archive`. Raises NotSupportedError for a new name."""
        if new_name is not None:
            raise NotSupportedError(
                "A reactivated experiment keeps its name: leave new_name out."
            )
        self._patch_experiment({"archived": False})

    def tag(self, key: str, value: str | None = None) -> None:
        """Set a tag; None is a tag without a value."""
        self.set_tags({key: value})

    def set_tags(self, tags: Mapping[str, Any] | str) -> None:
        """Set tags and keep all others."""
        self._edit_tags({"set": as_tags(tags)})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Remove the tags with these keys."""
        self._edit_tags({"remove": as_keys(tags)})

    def _edit_tags(self, edit: dict[str, Any]) -> None:
        path = f"experiments/{self._get_id()}/tags"
        self._info["tags"] = self._connection.change("POST", path, edit)["tags"]

    def _patch_experiment(self, change: dict[str, Any]) -> None:
        path = f"experiments/{self._get_id()}"
        self._info = self._connection.change("PATCH", path, change)

    def _get_id(self) -> int:
        if not self._info:
            body = {"name": self.name}
            self._info = self._connection.change("POST", "experiments", body)
        return int(self._info["id"])

    def get_portal_url(self) -> str:
        """The address of its run list."""
        slug = quote(self.name, safe="")
        # A path cannot contain these names, or it would read them as an id.
        if "/" in self.name or self.name in (".", "..") or self.name.startswith("~"):
            slug = f"~{self.id}"
        server_url = self._connection.client.url
        return f"{server_url}/w/{quote(self.workspace.name)}/experiments/{slug}/"

    def figure(self, metric: str, **more: Any) -> Any:
        """The metric of several of its runs as a plotly figure; see `figures`."""
        from studio.sdk.figures import experiment_figure

        return experiment_figure(self, metric, **more)

    def __repr__(self) -> str:
        return f"Experiment(Name: {self.name},\nWorkspace: {self.workspace.name})"

    def _repr_html_(self) -> str:
        # Only notebooks need it.
        from studio.sdk.notebook import experiment_html

        return experiment_html(self)


def _list_pages(workspace: Workspace, name: str | None) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while after != "":
        page = workspace._connection.get(
            "experiments", name=name, after=after, limit=1000
        )
        yield from page["experiments"]
        after = page["after"]


def _is_in_view(info: dict[str, Any], view_type: str) -> bool:
    return view_type == "All" or (info["archived"] is None) == (
        view_type == "ActiveOnly"
    )


def _has_tags(
    tags: dict[str, str | None], conditions: Mapping[str, str | None]
) -> bool:
    return all(
        key in tags and (value is None or tags[key] == str(value))
        for key, value in conditions.items()
    )
