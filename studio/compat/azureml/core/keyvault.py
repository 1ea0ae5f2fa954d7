"""The secrets of a workspace."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.keyvault import (
    Keyvault,
)

__all__ = [
    "Keyvault",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
