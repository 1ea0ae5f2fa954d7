"""Convert what scripts log to what is stored: numbers, text, booleans, None; and back.

Scalars of numpy, of any width, become Python's. Other objects are logged as their
`repr`, with a warning. Nothing here imports numpy.
"""

from __future__ import annotations

import contextlib
import json
import math
import numbers
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Union

from studio.sdk.errors import UserErrorException
from studio.sdk.warnings import warn

Scalar = Union[float, int, str, bool, None]

PLAIN_TYPES = frozenset({float, int, str, bool, type(None)})


def to_scalar(value: Any, label: str) -> Scalar:
    """`value` as it is stored; `label` names it in a warning: `Metric 'loss'`."""
    if type(value) in PLAIN_TYPES:
        return value  # type: ignore[no-any-return]
    if isinstance(value, str):
        # A subclass, such as numpy's or a member of an Enum.
        return str.__str__(value)
    found = _unwrap_scalar(value)
    if type(found) in PLAIN_TYPES:
        return found  # type: ignore[no-any-return]
    if isinstance(found, numbers.Integral):
        return int(found)
    if isinstance(found, numbers.Real):
        return float(found)
    kind = type(value).__name__
    warn(
        f"{label} is of type {kind} and is logged as text; log a number, or str(value)."
    )
    # The v1 SDK logs other objects in this form.
    return repr(value)


def _unwrap_scalar(value: Any) -> Any:
    """The Python value of a numpy scalar, or of an array or tensor of one element."""
    shape = getattr(value, "shape", None)
    if shape is None or math.prod(shape) != 1:
        return value
    if not hasattr(value, "item") and hasattr(value, "numpy"):
        # A tensor of TensorFlow.
        value = value.numpy()
    if not hasattr(value, "item"):
        return value
    found = value.item()
    # numpy's long double has no Python type of its own.
    return float(found) if type(found) is type(value) else found


def unwrap_single(value: Any) -> Any:
    """The element of a list, array or tensor that has only one; else the value."""
    while isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    return _unwrap_scalar(value)


def is_data_frame(value: Any) -> bool:
    """Whether it is a table of pandas or polars."""
    return hasattr(value, "columns") and hasattr(value, "to_dict")


def frame_columns(frame: Any) -> dict[str, list[Any]]:
    """The columns of a data frame as lists. An index that only counts is left out.

    Raises UserErrorException if two columns have the same name.
    """
    index = getattr(frame, "index", None)
    if index is not None and type(index).__name__ != "RangeIndex":
        # Its names can be those of columns.
        with contextlib.suppress(ValueError):
            frame = frame.reset_index()
    # pandas has pairs of columns, polars their names only.
    pairs = getattr(frame, "items", None) or (
        lambda: ((name, frame[name]) for name in frame.columns)
    )
    columns: dict[str, list[Any]] = {}
    for column, series in pairs():
        parts = column if isinstance(column, tuple) else (column,)
        name = ".".join(str(part) for part in parts if part != "")
        if name in columns:
            raise UserErrorException(
                f"The table has two columns {name!r}: rename one of them."
            )
        columns[name] = [_to_cell(cell) for cell in series.to_list()]
    return columns


def _to_cell(value: Any) -> Any:
    """A value of a data frame: times as ISO 8601, missing ones as None."""
    # The missing values of pandas that are no float.
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value) if is_listlike(value) else value


def is_listlike(value: Any) -> bool:
    """Whether `run.log` must refuse it: a list, a range, an array, a function …"""
    if isinstance(value, (str, bytes)) or callable(value):
        return callable(value)
    if len(getattr(value, "shape", None) or ()):
        return True
    # An array or tensor without axes can have `__iter__`, but it is one number.
    return hasattr(value, "__iter__") and getattr(value, "shape", None) is None


def to_step(step: Any) -> int:
    """A step as a whole number. Raises UserErrorException."""
    if isinstance(step, numbers.Integral):
        return int(step)
    if isinstance(step, numbers.Real) and float(step).is_integer():
        return int(float(step))
    found = _unwrap_scalar(step)
    if isinstance(found, int):
        return found
    raise UserErrorException(
        f"The step of a metric must be a whole number, not {step!r}"
    )


def unify_number_types(values: list[Any], name: str) -> list[Scalar]:
    """The values of a list, all floats if there are both integers and floats."""
    found = [to_scalar(value, f"A value of list {name!r}") for value in values]
    kinds = set(map(type, found))
    if kinds == {int, float}:
        return [float(value) for value in found]  # type: ignore[arg-type]
    return found


def to_wire(value: Any) -> Any:
    """Replace NaN and the infinities by their names, as JSON has none, at any depth."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"
    if isinstance(value, Mapping):
        return {str(key): to_wire(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(member) for member in value]
    return value


_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def from_wire(value: Any) -> Any:
    """Reverse `to_wire`."""
    if isinstance(value, str):
        return _SPECIAL.get(value, value)
    if isinstance(value, dict):
        return {key: from_wire(member) for key, member in value.items()}
    if isinstance(value, list):
        return [from_wire(member) for member in value]
    return value


def table_rows(
    name: str, value: Mapping[str, Any], keeps: Callable[[Any], bool] | None = None
) -> list[dict[str, Any]]:
    """A dict of columns, or a data frame, as a list of rows.

    Cells that `keeps` is true of stay as they are. Raises UserErrorException.
    """
    if is_data_frame(value):
        value = frame_columns(value)
    if not isinstance(value, Mapping):
        raise UserErrorException(
            "run.log_table takes a dict of columns or a data frame, not "
            f"{type(value).__name__}"
        )
    columns = {
        str(column): _column_values(_as_column(cells), name, keeps)
        for column, cells in value.items()
    }
    lengths = {column: len(cells) for column, cells in columns.items()}
    first = next(iter(lengths), "")
    for column, length in lengths.items():
        if length != lengths[first]:
            raise UserErrorException(
                f"Columns must have the same length, column {first} had length "
                f"{lengths[first]}, however, column {column} had length {length}."
            )
    return [dict(zip(columns, cells)) for cells in zip(*columns.values())]


def _column_values(
    cells: list[Any], name: str, keeps: Callable[[Any], bool] | None
) -> list[Any]:
    kept = [keeps is not None and keeps(cell) for cell in cells]
    if not any(kept):
        return unify_number_types(cells, name)
    others = iter(
        unify_number_types([c for c, is_kept in zip(cells, kept) if not is_kept], name)
    )
    return [cell if is_kept else next(others) for cell, is_kept in zip(cells, kept)]


def _as_column(cells: Any) -> list[Any]:
    return list(cells) if is_listlike(cells) else [cells]


def encode_json(value: Any) -> str:
    """A document as JSON text, with arrays as lists. Raises UserErrorException."""

    def to_json_type(other: Any) -> Any:
        # An array or a number of numpy.
        return other.tolist() if hasattr(other, "tolist") else str(other)

    try:
        text = json.dumps(value, default=to_json_type)
    except (TypeError, ValueError, RecursionError) as error:
        raise UserErrorException(f"Invalid JSON provided: {error}") from error
    # Read again, because arrays inside became lists only in the first text.
    return json.dumps(to_wire(json.loads(text)))


def clean_path(name: str) -> str:
    """A valid path in the run, from a metric's name or a local path."""
    parts = str(name).replace(os.sep, "/").replace("\\", "/").split("/")
    kept = [part for part in parts if part not in ("", ".", "..")]
    text = "/".join(kept) or "unnamed"
    text = "".join(char if char.isprintable() else "_" for char in text)
    # Paths of a run cannot begin with a drive, such as `C:`.
    return f"{text[0]}_{text[2:]}" if text[1:2] == ":" else text


_IMAGE_SIGNATURES = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
)


def is_image(path: Path) -> bool:
    """Whether the file starts with the signature of an image format."""
    with path.open("rb") as file:
        head = file.read(512)
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return head.startswith(_IMAGE_SIGNATURES) or is_webp or b"<svg" in head


def as_version(version: int | str) -> int:
    """The number of a version as a script gives it; 0 for what can't be one."""
    text = str(version)
    return int(text) if text.isdecimal() and len(text) < 10 else 0
