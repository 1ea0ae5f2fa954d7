"""Resources of a service."""

from __future__ import annotations

from studio.compat.missing import refuse_unknown_names
from studio.sdk.submission import (
    ResourceConfiguration,
)

__all__ = [
    "ResourceConfiguration",
]

__getattr__ = refuse_unknown_names(__name__, __all__)
