"""The workspace that a script logs to."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from studio.core.errors import NotFound
from studio.sdk.changes import WorkspaceChanges
from studio.sdk.compute import (
    LOCAL_TARGET,
    ComputeTarget,
    ComputeTargets,
    list_targets,
)
from studio.sdk.connection import WorkspaceConnection, find_connection
from studio.sdk.experiment import Experiment
from studio.sdk.not_offered import NamesOfWorkspaces, not_offered
from studio.sdk.responses import Unreachable
from studio.sdk.run import Run
from studio.sdk.run_query import RunQuery
from studio.sdk.warnings import warn
from studio.sdk.workspace import config_file
from studio.sdk.workspace.config_file import WorkspaceConfig
from studio.sdk.workspace.reading import WorkspaceReading

if TYPE_CHECKING:
    from studio.sdk.client import Client
    from studio.sdk.data import Datastore
    from studio.sdk.keyvault import Keyvault
    from studio.sdk.models import Model
    from studio.sdk.submission import Environment

#: Shown if config.json has none: v1 scripts concatenate these.
NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NO_GROUP = "run-studio"


class Workspace(WorkspaceChanges, WorkspaceReading, NamesOfWorkspaces):
    """A workspace of the server that the environment names.

    `subscription_id` and `resource_group` are kept and shown, and have no effect.
    """

    def __init__(
        self,
        subscription_id: str = "",
        resource_group: str = "",
        workspace_name: str = "",
        auth: object = None,
        _location: str | None = None,
        _disable_service_check: bool = False,
        _workspace_id: str | None = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        **_ignored: Any,
    ) -> None:
        self._connect(
            WorkspaceConfig(workspace_name, subscription_id or "", resource_group or "")
        )

    @classmethod
    def with_client(cls, client: Client) -> Workspace:
        """The workspace that the client reads and changes. Not in the v1 SDK."""
        workspace = cls.__new__(cls)
        workspace._connection = WorkspaceConnection(client)
        workspace._subscription, workspace._group = NO_SUBSCRIPTION, NO_GROUP
        return workspace

    def _connect(self, config: WorkspaceConfig) -> None:
        # It imports http.client and ssl, which slow down the import of the package.
        from studio.sdk.client import Client

        known = find_connection(config.endpoint)
        connection = WorkspaceConnection(
            Client(known.url, known.token, known.workspace)
        )
        name = config.workspace or known.workspace
        if name != known.workspace:
            name = _choose_workspace(config, known.workspace, connection)
        connection.client.workspace = name
        self._connection = connection
        self._subscription = config.subscription_id or NO_SUBSCRIPTION
        self._group = config.resource_group or NO_GROUP

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        auth: object = None,
        _logger: object = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """The workspace of the nearest config.json, or the one of the environment.

        `path` is a file, or the folder where the upward search starts. Raises
        UserErrorException if a given `path` leads to no file, or no server is known.
        """
        found = config_file.find_file(path, _file_name)
        if found is None and (path is not None or _file_name is not None):
            raise config_file.not_found_error(path, _file_name)
        workspace = cls.__new__(cls)
        workspace._connect(
            config_file.read_config(found) if found else WorkspaceConfig("")
        )
        return workspace

    @classmethod
    def get(
        cls,
        name: str,
        auth: object = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        cloud: str = "AzureCloud",
        id: str | None = None,
    ) -> Workspace:
        """The workspace of that name. Raises NotFound if you are not a member."""
        workspace = cls(subscription_id or "", resource_group or "", "", auth)
        if name != workspace.name:
            _check_member(name, workspace._connection)
            workspace._connection.client.workspace = name
        return workspace

    @classmethod
    def list(
        cls,
        subscription_id: str | None = None,
        auth: object = None,
        resource_group: str | None = None,
    ) -> dict[str, list[Workspace]]:
        """The workspaces that you are a member of, by name."""
        here = cls(subscription_id or "", resource_group or "", "", auth)
        return {
            name: [cls.get(name)] for name in _list_own_workspaces(here._connection)
        }

    @classmethod
    def create(
        cls, name: str, *_words: Any, exist_ok: bool = False, **_more: Any
    ) -> Workspace:
        """Not offered: the operator of the server creates workspaces.

        With `exist_ok` it returns the workspace if you are a member of it. Otherwise
        it raises NotSupportedError with the command that creates it.
        """
        if exist_ok:
            with contextlib.suppress(NotFound):
                return cls.get(name)
        raise not_offered(
            "Workspaces are made on the server's machine: run "
            f"`python manage.py member NAME --workspace {name} --role owner` there, "
            f"then Workspace.get({name!r})."
        )

    def write_config(
        self, path: str | os.PathLike[str] | None = None, file_name: str | None = None
    ) -> None:
        """Write `.azureml/config.json` below `path`, so that from_config() finds it."""
        content = {
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.name,
            "endpoint": self._connection.client.url,
        }
        config_file.write_file(content, path, file_name)

    @property
    def name(self) -> str:
        """The workspace's name."""
        return self._connection.client.workspace

    @property
    def subscription_id(self) -> str:
        """The subscription of config.json, else zeros; it has no effect."""
        return self._subscription

    @property
    def resource_group(self) -> str:
        """The resource group of config.json, else `run-studio`; it has no effect."""
        return self._group

    @property
    def location(self) -> str:
        """The server's host: where the data is."""
        return urlsplit(self._connection.client.url).hostname or ""

    @property
    def sku(self) -> str:
        """Always `basic`: there is only one."""
        return "basic"

    @property
    def tags(self) -> dict[str, str]:
        """Always empty: workspaces have no tags here."""
        return {}

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by name, the newest first."""
        return {one.name: one for one in Experiment.list(self)}

    @property
    def compute_targets(self) -> ComputeTargets:
        """Where runs execute; `local` always exists.

        An unknown name is a KeyError that lists the targets.
        """
        return list_targets(self)

    def get_default_compute_target(self, type: str = "CPU") -> ComputeTarget:
        """This machine: there is no other default target."""
        del type
        return self.compute_targets[LOCAL_TARGET]

    @property
    def environments(self) -> Mapping[str, Environment]:
        """The newest version of each registered environment, by name.

        An unknown name is a KeyError that lists the names.
        """
        # Few scripts need it, and it slows down the import of the package.
        from studio.sdk.submission import Environment

        return Environment.list(self)

    @property
    def datasets(self) -> Mapping[str, Any]:
        """The newest versions of the registered datasets, by name."""
        from studio.sdk.data import RegisteredDatasets

        return RegisteredDatasets(self)

    @property
    def datastores(self) -> dict[str, Datastore]:
        """The datastores by name."""
        from studio.sdk.data import DATASTORES, Datastore

        return {name: Datastore(self, name) for name in DATASTORES}

    def get_default_datastore(self) -> Datastore:
        """`workspaceblobstore`: files that the server keeps."""
        from studio.sdk.data import Datastore

        return Datastore(self)

    def set_default_datastore(self, name: str) -> None:
        """Not offered for another name than `workspaceblobstore`."""
        from studio.sdk.data import Datastore

        Datastore(self, name).set_as_default()

    @property
    def models(self) -> dict[str, Model]:
        """The newest versions of the registered models, by name."""
        from studio.sdk.models import Model

        return {one.name: one for one in Model.list(self, latest=True)}

    def get_default_keyvault(self) -> Keyvault:
        """The secrets of the workspace."""
        from studio.sdk.keyvault import Keyvault

        return Keyvault(self)

    def get_run(self, run_id: str) -> Run:
        """The run of that id, of any experiment. Raises NotFound."""
        return Run.get(self, run_id)

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
        """The runs that match a filter: iterate over them, or make a data frame.

            workspace.runs("metrics.acc > 0.9", columns=["params.lr"]).to_dataframe()

        `filter` is the language of the search box, and "" matches all runs. `columns`
        are fields of that language. `order_by` is a field, `-metrics.acc` for
        descending; by default the newest run is first. `limit` is the maximum number of
        runs. `children` and `archived` include child runs and archived runs. Nothing is
        read before the result is used. Not in the v1 SDK.
        """
        return RunQuery(
            self,
            filter,
            columns=columns,
            order_by=order_by,
            limit=limit,
            children=children,
            archived=archived,
        )

    def _experiment_of(self, run_info: Mapping[str, Any]) -> Experiment:
        """The experiment of a run, as far as the run's information tells."""
        name = run_info["experiment"]
        if "experiment_id" not in run_info:
            # The run was created without a server: its experiment has no id yet.
            return Experiment(self, name)
        info = {"id": run_info["experiment_id"], "name": name, "tags": {}}
        return Experiment(self, name, _info=info)

    def get_details(self) -> dict[str, Any]:
        """Name, server, and the fields that v1 scripts read."""
        return {
            "id": self._azure_id,
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "subscription": self.subscription_id,
            "resourceGroup": self.resource_group,
            "discoveryUrl": self._connection.client.url,
            "mlFlowTrackingUri": self.get_mlflow_tracking_uri(),
        }

    def get_mlflow_tracking_uri(self, *_words: Any, **_more: Any) -> str:
        """What `mlflow.set_tracking_uri` takes to log into this workspace."""
        return f"{self._connection.client.url}/w/{quote(self.name)}"

    def get_portal_url(self) -> str:
        """The address of the workspace's run list."""
        return f"{self._connection.client.url}/w/{quote(self.name)}/runs/"

    @property
    def _azure_id(self) -> str:
        return (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )

    def __repr__(self) -> str:
        return (
            f"Workspace.create(name={self.name!r}, "
            f"subscription_id={self.subscription_id!r}, "
            f"resource_group={self.resource_group!r})"
        )

    def _repr_html_(self) -> str:
        # Only notebooks need it.
        from studio.sdk.notebook import workspace_html

        return workspace_html(self)


def _choose_workspace(
    config: WorkspaceConfig, fallback: str, connection: WorkspaceConnection
) -> str:
    """The workspace that a file names if you are a member of it, else `fallback`.

    A file without `endpoint` was written for Azure, which has other workspaces. With
    `endpoint` there is no fallback: raises NotFound.
    """
    try:
        available = list(_list_own_workspaces(connection))
    except Unreachable as error:
        if not config.endpoint:
            connection.start_buffering(error)
            return fallback
        raise
    if config.workspace in available:
        return config.workspace
    if config.endpoint:
        raise _not_a_member_error(config.workspace, available, connection)
    source = f"{config.path} names" if config.path else "The script asks for"
    warn(
        f"{source} the workspace {config.workspace!r}, but you are not a member of it "
        f"here: runs go to {fallback!r} (STUDIO_WORKSPACE)."
    )
    return fallback


def _list_own_workspaces(connection: WorkspaceConnection) -> Iterator[str]:
    for one in connection.try_now("GET", "/api/v1/workspaces")["workspaces"]:
        yield str(one["name"])


def _check_member(name: str, connection: WorkspaceConnection) -> None:
    available = list(_list_own_workspaces(connection))
    if name not in available:
        raise _not_a_member_error(name, available, connection)


def _not_a_member_error(
    name: str, available: list[str], connection: WorkspaceConnection
) -> NotFound:
    return NotFound(
        f"There is no workspace {name!r} at {connection.client.url} that you are a "
        f"member of; yours are {', '.join(available) or 'none'}. Ask its owner to add "
        "you."
    )
