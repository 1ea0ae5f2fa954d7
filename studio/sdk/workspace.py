"""The workspace that a script logs to."""

from __future__ import annotations

import html
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from studio.core.errors import NotFound
from studio.sdk import config
from studio.sdk.compute import ComputeTarget, local_targets
from studio.sdk.config import Config
from studio.sdk.errors import NotSupportedError
from studio.sdk.link import Link, connection_to
from studio.sdk.responses import Unreachable
from studio.sdk.telling import warn

if TYPE_CHECKING:
    from studio.sdk.experiment import Experiment
    from studio.sdk.run import Run

#: What is shown where a file says nothing: v1 scripts concatenate these.
NO_SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
NO_GROUP = "run-studio"


class Workspace:
    """A workspace of the server that the environment names.

    `subscription_id` and `resource_group` are kept and shown, and mean nothing here.
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
        found = Config(workspace_name, subscription_id or "", resource_group or "")
        self._set_up(found)

    def _set_up(self, found: Config) -> None:
        # It brings http.client and ssl, which scripts that only import need not load.
        from studio.sdk.client import Client

        known = connection_to(found.endpoint)
        link = Link(Client(known.url, known.token, known.workspace))
        name = found.workspace or known.workspace
        if name != known.workspace:
            name = _choose(found, known.workspace, link)
        link.client.workspace = name
        self._link = link
        self._subscription = found.subscription_id or NO_SUBSCRIPTION
        self._group = found.resource_group or NO_GROUP

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        auth: object = None,
        _logger: object = None,
        _file_name: str | None = None,
    ) -> Workspace:
        """The workspace of the nearest config.json, or the one of the environment.

        `path` is a file, or the folder where the search upwards begins. Raises
        UserErrorException where a given `path` leads to no file, or no server is known.
        """
        found = config.find(path, _file_name)
        if found is None and (path is not None or _file_name is not None):
            raise config.not_found(path, _file_name)
        workspace = cls.__new__(cls)
        workspace._set_up(config.read(found) if found else Config(""))
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
        """The workspace of that name. Raises NotFound where you are no member."""
        workspace = cls(subscription_id or "", resource_group or "", "", auth)
        if name != workspace.name:
            _must_be_member(name, workspace._link)
            workspace._link.client.workspace = name
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
        return {name: [cls.get(name)] for name in _member_of(here._link)}

    @classmethod
    def create(cls, name: str, *_words: Any, **_more: Any) -> Workspace:
        """Not offered here: the operator makes workspaces."""
        raise NotSupportedError(
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
            "endpoint": self._link.client.url,
        }
        config.write(content, path, file_name)

    @property
    def name(self) -> str:
        return self._link.client.workspace

    @property
    def subscription_id(self) -> str:
        return self._subscription

    @property
    def resource_group(self) -> str:
        return self._group

    @property
    def location(self) -> str:
        """The server's host: where the data is."""
        return urlsplit(self._link.client.url).hostname or ""

    @property
    def sku(self) -> str:
        return "basic"

    @property
    def tags(self) -> dict[str, str]:
        return {}

    @property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments by name, the newest first."""
        from studio.sdk.experiment import Experiment

        return {one.name: one for one in Experiment.list(self)}

    @property
    def compute_targets(self) -> dict[str, ComputeTarget]:
        """Where runs execute: `local` is always there."""
        return local_targets(self)

    @property
    def environments(self) -> dict[str, Any]:
        """None are kept on the server yet."""
        return {}

    @property
    def datasets(self) -> dict[str, Any]:
        """Empty: data sets of the v1 service are not kept here."""
        return {}

    @property
    def datastores(self) -> dict[str, Any]:
        """Empty: files are kept with their runs."""
        return {}

    @property
    def models(self) -> dict[str, Any]:
        """Empty: there is no registry; models are files of their runs."""
        return {}

    def get_run(self, run_id: str) -> Run:
        """The run of that id, of whichever experiment. Raises NotFound."""
        from studio.sdk.run import Run

        return Run.get(self, run_id)

    def get_details(self) -> dict[str, Any]:
        """Name, server, and what v1 scripts read of a workspace."""
        return {
            "id": self._scope,
            "name": self.name,
            "location": self.location,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "subscription": self.subscription_id,
            "resourceGroup": self.resource_group,
            "discoveryUrl": self._link.client.url,
            "mlFlowTrackingUri": self.get_mlflow_tracking_uri(),
        }

    def get_mlflow_tracking_uri(self, *_words: Any, **_more: Any) -> str:
        """What `mlflow.set_tracking_uri` takes to log into this workspace."""
        return f"{self._link.client.url}/w/{quote(self.name)}"

    def get_portal_url(self) -> str:
        return f"{self._link.client.url}/w/{quote(self.name)}/runs/"

    @property
    def _scope(self) -> str:
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
        link = html.escape(self.get_portal_url())
        return f'<a href="{link}" target="_blank">{html.escape(self.name)}</a>'


def _choose(found: Config, fallback: str, link: Link) -> str:
    """The workspace of a file: its own where you are a member, or the usual one.

    A file without `endpoint` was written for Azure, where workspaces are others.
    """
    try:
        there = list(_member_of(link))
    except Unreachable as error:
        if not found.endpoint:
            link.defer(error)
            return fallback
        raise
    if found.workspace in there:
        return found.workspace
    if found.endpoint:
        raise _no_member(found.workspace, there, link)
    where = f"{found.path} names" if found.path else "The script asks for"
    warn(
        f"{where} the workspace {found.workspace!r}, of which you are no member here: "
        f"runs go to {fallback!r} (STUDIO_WORKSPACE)."
    )
    return fallback


def _member_of(link: Link) -> Iterator[str]:
    for one in link.try_now("GET", "/api/v1/workspaces")["workspaces"]:
        yield str(one["name"])


def _must_be_member(name: str, link: Link) -> None:
    there = list(_member_of(link))
    if name not in there:
        raise _no_member(name, there, link)


def _no_member(name: str, there: list[str], link: Link) -> NotFound:
    return NotFound(
        f"There is no workspace {name!r} at {link.client.url} that you are a member "
        f"of; yours are {', '.join(there) or 'none'}. Ask its owner to add you."
    )
