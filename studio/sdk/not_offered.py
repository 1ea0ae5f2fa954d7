"""What scripts of v1 use and Run Studio does not have: one sentence with a link."""

from __future__ import annotations

import os
from collections.abc import Mapping

from studio.sdk.errors import NotSupportedError

#: The section of the server's help that has the table of names.
HELP_PAGE, HELP_SECTION = "sdk", "names-of-azureml"


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
