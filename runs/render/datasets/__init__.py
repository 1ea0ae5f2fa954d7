"""The schema and the profile of a dataset as tables."""

from runs.render.datasets.schemas import (
    DatasetSchema,
    ProfileEntry,
    SchemaPart,
    read_profile,
    read_schema,
)

__all__ = [
    "DatasetSchema",
    "ProfileEntry",
    "SchemaPart",
    "read_profile",
    "read_schema",
]
