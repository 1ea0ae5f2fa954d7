"""Data frames of the libraries that are installed. None of them is needed otherwise."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from studio.sdk.data_frames.columns import (
    BOOLEAN,
    DURATION,
    INTEGER,
    MAP,
    NUMBER,
    TEXT,
    TIME,
    TypedColumn,
)
from studio.sdk.errors import NotSupportedError, UserErrorException

#: The libraries with data frames; without a choice, the first that is installed.
LIBRARIES = ("pandas", "polars", "pyarrow")
#: NaT: how numpy stores a missing time.
_NO_TIME = -(2**63)


def find_module(name: str) -> ModuleType | None:
    """The module of an optional library; None if it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def choose_library(name: str | None) -> str:
    """The name of the library to use; None is the first that is installed.

    Raises UserErrorException for a name that is not in LIBRARIES, NotSupportedError if
    the library is not installed.
    """
    if name is not None and name not in LIBRARIES:
        raise UserErrorException(
            f"library must be one of {', '.join(LIBRARIES)}, not {name!r}"
        )
    if name is not None:
        if find_module(name) is None:
            raise NotSupportedError(
                f"{name} is not installed: run `pip install {name}`, or choose another "
                "library."
            )
        return name
    for each in LIBRARIES:
        if find_module(each) is not None:
            return each
    raise NotSupportedError(
        "A data frame needs pandas, polars or pyarrow: run `pip install pandas`."
    )


def build_frame(library: str, columns: Iterable[TypedColumn]) -> Any:
    """The columns as a pandas or polars DataFrame, or as a pyarrow Table.

    Each column is released once the library has its values.
    """
    build: Callable[[Iterator[TypedColumn]], Any] = {
        "pandas": _build_pandas,
        "polars": _build_polars,
        "pyarrow": _build_arrow,
    }[library]
    return build(part for column in columns for part in column.finished())


def _build_pandas(columns: Iterator[TypedColumn]) -> Any:
    pandas: Any = importlib.import_module("pandas")
    # pandas does not work without it.
    numpy: Any = importlib.import_module("numpy")
    # A copy would need the memory of the whole table again.
    series = {each.name: _pandas_values(each, pandas, numpy) for each in columns}
    return pandas.DataFrame(series, copy=False)


def _pandas_values(column: TypedColumn, pandas: Any, numpy: Any) -> Any:
    if not column.is_numeric:
        return _pandas_objects(column, pandas)
    missing = numpy.frombuffer(column.missing, dtype=bool)
    numbers = numpy.array(column.numbers)
    if column.kind == TIME:
        numbers[missing] = _NO_TIME
        return pandas.DatetimeIndex(numbers.view("datetime64[ms]"), tz="UTC")
    if column.kind == INTEGER:
        has_all = not missing.any()
        return numbers if has_all else pandas.arrays.IntegerArray(numbers, missing)
    numbers[missing] = numpy.nan
    return numbers


def _pandas_objects(column: TypedColumn, pandas: Any) -> Any:
    values = column.objects
    if column.kind == BOOLEAN:
        has_all = None not in values
        return pandas.array(values, dtype="bool" if has_all else "boolean")
    is_empty = all(value is None for value in values)
    # pandas would make numbers of missing texts.
    kind = object if column.kind == MAP or is_empty else None
    return pandas.Series(values, dtype=kind)


def _build_polars(columns: Iterator[TypedColumn]) -> Any:
    polars: Any = importlib.import_module("polars")
    kinds = {
        NUMBER: polars.Float64,
        DURATION: polars.Float64,
        INTEGER: polars.Int64,
        BOOLEAN: polars.Boolean,
        TEXT: polars.String,
        TIME: polars.Datetime("ms", "UTC"),
        MAP: polars.List(polars.Struct({"key": polars.String, "value": polars.String})),
    }
    return polars.DataFrame(
        [
            polars.Series(
                column.name, list(_map_entries(column)), dtype=kinds[column.kind]
            )
            for column in columns
        ]
    )


def _map_entries(column: TypedColumn) -> Iterator[Any]:
    """The values; a map is a list of its entries, since polars has no maps."""
    if column.kind != MAP:
        yield from column.values()
        return
    for value in column.values():
        yield (
            None
            if value is None
            else [{"key": key, "value": text} for key, text in value.items()]
        )


def _build_arrow(columns: Iterator[TypedColumn]) -> Any:
    pyarrow: Any = importlib.import_module("pyarrow")
    kinds = {
        NUMBER: pyarrow.float64(),
        DURATION: pyarrow.float64(),
        INTEGER: pyarrow.int64(),
        BOOLEAN: pyarrow.bool_(),
        TEXT: pyarrow.string(),
        TIME: pyarrow.timestamp("ms", tz="UTC"),
        MAP: pyarrow.map_(pyarrow.string(), pyarrow.string()),
    }
    names, arrays = [], []
    for column in columns:
        names.append(column.name)
        arrays.append(
            pyarrow.array(_arrow_values(column), kinds[column.kind], size=len(column))
        )
    return pyarrow.Table.from_arrays(arrays, names=names)


def _arrow_values(column: TypedColumn) -> Iterator[Any]:
    if column.kind != MAP:
        return column.values()
    return (None if value is None else list(value.items()) for value in column.values())
