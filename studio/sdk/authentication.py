"""Credentials of the v1 SDK by their names: accepted, and not looked at.

Who somebody is here says the token of `STUDIO_TOKEN` or `studio login`.
"""

from __future__ import annotations

from typing import Any


class AbstractAuthentication:
    """Takes whatever it is given and keeps none of it."""

    def __init__(self, *_words: Any, **_secrets: Any) -> None:
        pass

    def get_authentication_header(self) -> dict[str, str]:
        """Empty: requests carry the token by themselves."""
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
