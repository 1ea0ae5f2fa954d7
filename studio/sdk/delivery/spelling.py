"""Values as the JSON that stands in the spool and goes to the server as it is."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from studio.core import names
from studio.core.errors import InvalidValue
from studio.sdk.answers import to_wire

#: A number with more bits is refused by the server.
MAX_BITS = 4096


def whole_step(step: object, name: str) -> int:
    """Of the metric `name`. Raises InvalidValue."""
    return names.check_int64(step, f"step of {name!r}")


def spelled(value: object) -> str:
    """A scalar as JSON. Raises InvalidValue."""
    if isinstance(value, str):
        return json.dumps(names.check_value(value, "value"))
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, float):
        return json.dumps(to_wire(float(value)))
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise InvalidValue(f"value has more than {MAX_BITS} bits", field="value")
        return str(int(value))
    raise InvalidValue(
        f"value must be a number, text, a boolean or None, not {type(value).__name__}",
        field="value",
    )


def spelled_item(value: object) -> str:
    if not isinstance(value, (dict, list, tuple)):
        return spelled(value)
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(value), allow_nan=False)
    except TypeError as error:
        raise InvalidValue(f"value cannot be kept: {error}", field="value") from error
    if len(text) > names.MAX_ITEM_BYTES:
        raise InvalidValue(
            f"value has {len(text)} bytes; at most {names.MAX_ITEM_BYTES} are allowed",
            field="value",
        )
    return text


def _finite(value: Any) -> Any:
    """With NaN and the infinities by their names, at any depth."""
    if isinstance(value, dict):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    with contextlib.suppress(TypeError):
        return to_wire(value)
    return value
