"""The documents that v1 scripts log: confusion matrices, accuracy tables and the like.

Each is `{schema_type, schema_version, data}`. Nothing here is trusted: what is not of
the form that its kind has raises InvalidValue with what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from studio.core.errors import InvalidValue

Numbers = NDArray[np.float64]


def parse_evaluation_document(text: bytes) -> Mapping[str, Any]:
    """What stands below `data`."""
    try:
        found = json.loads(text)
    # A file of nothing but brackets exceeds Python's depth of recursion.
    except (ValueError, RecursionError):
        raise InvalidValue(_("The file is not a JSON document.")) from None
    return data_of_evaluation(found)


def data_of_evaluation(document: Any) -> Mapping[str, Any]:
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise InvalidValue(_("The content of the metric has no object “data”."))
    return data


def read_numbers(data: Mapping[str, Any], name: str, dimensions: int) -> Numbers:
    """The array of that name; NaN and Infinity may stand as their words."""
    try:
        array = np.array(data.get(name), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        # It has no dimensions, so that the check below refuses it.
        array = np.array(np.nan)
    if array.ndim != dimensions or array.size == 0:
        wanted = _("“%(name)s” must contain numbers in %(n)d dimensions.")
        raise InvalidValue(wanted % {"name": name, "n": dimensions}, field=name)
    return array


def read_labels(data: Mapping[str, Any], count: int) -> list[str]:
    """`count` names of classes: the document's, or numbers where it has none."""
    given = data.get("class_labels")
    if given is None:
        return [str(number) for number in range(count)]
    if not isinstance(given, list) or len(given) != count:
        wanted = _("“class_labels” must be a list of %(n)d names.")
        raise InvalidValue(wanted % {"n": count}, field="class_labels")
    return [label if isinstance(label, str) else json.dumps(label) for label in given]
