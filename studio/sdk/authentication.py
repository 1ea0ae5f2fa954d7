"""Credential classes of the v1 SDK: accepted and ignored.

The token of `STUDIO_TOKEN` or `studio login` identifies the user here.
"""

from __future__ import annotations

from typing import Any


class AbstractAuthentication:
    """Accepts any arguments and keeps none."""

    def __init__(self, *_arguments: Any, **_secrets: Any) -> None:
        pass

    def get_authentication_header(self) -> dict[str, str]:
        """Empty: requests have the token already."""
        return {}


class ArcTokenAuthentication(AbstractAuthentication):
    """The token of a cluster."""


class AzureCliAuthentication(AbstractAuthentication):
    """The sign-in of `az login`."""


class AzureMLTokenAuthentication(AbstractAuthentication):
    """The token of a submitted run."""


class InteractiveLoginAuthentication(AbstractAuthentication):
    """A sign-in by the browser."""


class MsiAuthentication(AbstractAuthentication):
    """A machine's identity."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """A program's own identity."""


class TokenAuthentication(AbstractAuthentication):
    """A token that a function gives."""
