"""The header of a safetensors file: a length, then JSON with each tensor's place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from runs.render.previews.content import ByteSource, InvalidContent, load_json
from runs.render.previews.pickles import TensorShape

MAX_HEADER_BYTES = 8 << 20
MAX_VALUES = 500_000


@dataclass(frozen=True)
class TensorFile:
    """`is_cut` if tensors end after the end of the file."""

    tensors: Sequence[TensorShape]
    metadata: Mapping[str, str]
    is_cut: bool


def read_safetensors(source: ByteSource) -> TensorFile:
    """Read the header. Raises InvalidContent."""
    length = int.from_bytes(source.read_at(0, 8), "little")
    if not 2 <= length <= min(MAX_HEADER_BYTES, source.size - 8):
        raise InvalidContent
    header = load_json(source.read_at(8, length), max_values=MAX_VALUES)
    if not isinstance(header, dict):
        raise InvalidContent
    metadata = header.pop("__metadata__", {})
    tensors, end = [], 0
    for name, entry in header.items():
        tensor, last = _tensor(name, entry)
        tensors.append(tensor)
        end = max(end, last)
    texts = metadata if isinstance(metadata, dict) else {}
    shown = {str(key): str(value)[:500] for key, value in texts.items()}
    return TensorFile(tensors, shown, 8 + length + end > source.size)


def _tensor(name: str, entry: object) -> tuple[TensorShape, int]:
    if not isinstance(entry, dict):
        raise InvalidContent
    shape, dtype, offsets = (entry.get(n) for n in ("shape", "dtype", "data_offsets"))
    for numbers in (shape, offsets):
        if not isinstance(numbers, list) or not all(type(n) is int for n in numbers):
            raise InvalidContent
    assert isinstance(shape, list)
    assert isinstance(offsets, list)
    if len(offsets) != 2 or not isinstance(dtype, str) or len(shape) > 100:
        raise InvalidContent
    return TensorShape(name, dtype[:20], tuple(shape)), offsets[1]


def count_parameters(tensors: Sequence[TensorShape]) -> int:
    return sum(prod(tensor.shape) for tensor in tensors)
