"""Tables of typed columns as data frames of pandas, polars or Arrow."""

from studio.sdk.data_frames.columns import (
    BOOLEAN,
    DURATION,
    INTEGER,
    MAP,
    NUMBER,
    PARAMETER,
    TEXT,
    TIME,
    TypedColumn,
    to_datetime,
    to_python,
)
from studio.sdk.data_frames.libraries import (
    LIBRARIES,
    build_frame,
    choose_library,
    find_module,
)

__all__ = [
    "BOOLEAN",
    "DURATION",
    "INTEGER",
    "LIBRARIES",
    "MAP",
    "NUMBER",
    "PARAMETER",
    "TEXT",
    "TIME",
    "TypedColumn",
    "build_frame",
    "choose_library",
    "find_module",
    "to_datetime",
    "to_python",
]
