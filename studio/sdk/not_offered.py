"""What scripts of v1 use and Run Studio does not have: one sentence with a link."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.sdk.errors import NotSupportedError

#: The section of the server's help that has the table of names.
HELP_PAGE, HELP_SECTION = "sdk", "names-of-azureml"
_ON_SERVER = "workspaces are made, changed and deleted on the server's machine"
_DEPLOYMENT = "download the files with Model.download(), and serve them yourself"
_AZURE = "a workspace of Run Studio has no resources of Azure"
#: What only workspaces of v1 have.
_OF_WORKSPACES = {
    "webservices": _DEPLOYMENT,
    "images": _DEPLOYMENT,
    **dict.fromkeys(("delete", "setup", "update"), _ON_SERVER),
    **dict.fromkeys(
        (
            "add_private_endpoint",
            "delete_connection",
            "delete_private_endpoint_connection",
            "diagnose_workspace",
            "discovery_url",
            "get_connection",
            "linked_services",
            "list_connections",
            "list_keys",
            "private_endpoints",
            "service_context",
            "set_connection",
            "skus",
            "sync_keys",
            "update_dependencies",
        ),
        _AZURE,
    ),
}


class UnavailableAttribute(NotSupportedError, AttributeError):
    """An attribute of a name that Run Studio does not have: `hasattr` is False."""


def help_address() -> str:
    """Where the table of names is: on the server, or in the documentation."""
    server = os.environ.get("STUDIO_URL", "").strip().rstrip("/")
    if not server:
        return f"docs/user/{HELP_PAGE}.md"
    return f"{server}/help/{HELP_PAGE}/#{HELP_SECTION}"


def missing_attribute(
    owner: object, name: str, alternatives: Mapping[str, str]
) -> AttributeError:
    """The error for an attribute: what to do instead, if v1 has it."""
    title = type(owner).__name__
    if name not in alternatives:
        return AttributeError(f"{title!r} object has no attribute {name!r}")
    return UnavailableAttribute(
        f"Run Studio does not have {title}.{name}: {alternatives[name]}. See "
        f"{help_address()}"
    )


def not_offered(sentence: str) -> NotSupportedError:
    """The error for a method that only says what to do instead."""
    return NotSupportedError(f"{sentence} See {help_address()}")


class NamesOfWorkspaces:
    """Explains the attributes of v1's workspaces that Run Studio does not have."""

    if not TYPE_CHECKING:
        # Type checkers report every unknown name.
        def __getattr__(self, name: str) -> Any:
            raise missing_attribute(self, name, _OF_WORKSPACES)
