"""The structure of an ONNX model, read field by field; weights are skipped.

The numbers of the fields are those of `onnx.proto` (ModelProto, GraphProto).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from runs.render.previews.content import ByteSource, InvalidContent
from runs.render.previews.pickles import TensorShape

MAX_FIELDS = 300_000
MAX_TEXT_BYTES = 4096
MAX_VALUES = 1000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
#: TensorProto.DataType
_TYPES = dict(
    enumerate(
        "undefined float32 uint8 int8 uint16 int16 int32 int64 string bool float16 "
        "float64 uint32 uint64 complex64 complex128 bfloat16 float8e4m3fn "
        "float8e4m3fnuz float8e5m2 float8e5m2fnuz uint4 int4".split()
    )
)


@dataclass(frozen=True)
class _Field:
    """A field with its number: the value of a varint, or where its bytes are."""

    number: int
    kind: int
    value: int
    start: int

    @property
    def end(self) -> int:
        return self.start + self.value


@dataclass(frozen=True)
class PortShape:
    """An input or output; a dimension can have a name instead of a size."""

    name: str
    dtype: str
    shape: tuple[str, ...]


@dataclass
class OnnxModel:
    ir_version: int = 0
    producer: str = ""
    graph: str = ""
    opsets: list[str] = field(default_factory=list)
    operators: Counter[str] = field(default_factory=Counter)
    inputs: list[PortShape] = field(default_factory=list)
    outputs: list[PortShape] = field(default_factory=list)
    weights: list[TensorShape] = field(default_factory=list)


def read_onnx(source: ByteSource) -> OnnxModel:
    """Read operators, inputs, outputs and weights. Raises InvalidContent."""
    reader = _Reader(source)
    model = OnnxModel()
    has_graph = False
    for each in reader.fields(0, source.size):
        if each.number == 1 and each.kind == _VARINT:
            model.ir_version = each.value
        elif each.number in (2, 3) and each.kind == _BYTES:
            model.producer = f"{model.producer} {reader.text(each)}".strip()
        elif each.number == 7 and each.kind == _BYTES:
            has_graph = True
            _read_graph(reader, each, model)
        elif each.number == 8 and each.kind == _BYTES:
            model.opsets.append(_opset(reader, each))
    if not has_graph:
        raise InvalidContent
    return model


class _Reader:
    """Reads fields through a window, so that small fields cost no read each."""

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        self._window = b""
        self._start = 0
        self._fields = 0

    def bytes_at(self, offset: int, length: int) -> bytes:
        at = offset - self._start
        if at < 0 or at + length > len(self._window):
            self._window = self._source.read_at(offset, max(length, 16 * 1024))
            self._start, at = offset, 0
        return self._window[at : at + length]

    def fields(self, start: int, end: int) -> Iterator[_Field]:
        at = start
        while at < end:
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise InvalidContent
            tag, at = self._varint(at)
            number, kind = tag >> 3, tag & 7
            if kind == _VARINT:
                value, at = self._varint(at)
                yield _Field(number, kind, value, at)
                continue
            if kind == _BYTES:
                length, at = self._varint(at)
            elif kind in (_FIXED64, _FIXED32):
                length = 8 if kind == _FIXED64 else 4
            else:
                raise InvalidContent
            if not number or at + length > end:
                raise InvalidContent
            yield _Field(number, kind, length, at)
            at += length

    def text(self, each: _Field) -> str:
        data = self.bytes_at(each.start, min(each.value, MAX_TEXT_BYTES))
        return data.decode(errors="replace")

    def numbers(self, each: _Field) -> list[int]:
        """Read a repeated number, packed or not."""
        if each.kind == _VARINT:
            return [each.value]
        found: list[int] = []
        at = each.start
        while at < each.end and len(found) < 64:
            value, at = self._varint(at)
            found.append(value)
        return found

    def _varint(self, at: int) -> tuple[int, int]:
        value = 0
        for place, byte in enumerate(self.bytes_at(at, 10)):
            value |= (byte & 127) << (7 * place)
            if byte < 128:
                return value, at + place + 1
        raise InvalidContent


def _opset(reader: _Reader, parent: _Field) -> str:
    domain, version = "ai.onnx", 0
    for each in reader.fields(parent.start, parent.end):
        if each.number == 1 and each.kind == _BYTES:
            domain = reader.text(each) or domain
        elif each.number == 2:
            version = each.value
    return f"{domain} {version}"


def _read_graph(reader: _Reader, parent: _Field, model: OnnxModel) -> None:
    for each in reader.fields(parent.start, parent.end):
        if each.kind != _BYTES:
            continue
        if each.number == 1:
            model.operators[_text_field(reader, each, 4)] += 1
        elif each.number == 2:
            model.graph = reader.text(each)
        elif each.number == 5:
            model.weights.append(_weight(reader, each))
        elif each.number in (11, 12):
            ports = model.inputs if each.number == 11 else model.outputs
            if len(ports) < MAX_VALUES:
                ports.append(_port(reader, each))


def _text_field(reader: _Reader, parent: _Field, number: int) -> str:
    for each in reader.fields(parent.start, parent.end):
        if each.number == number and each.kind == _BYTES:
            return reader.text(each)
    return ""


def _weight(reader: _Reader, parent: _Field) -> TensorShape:
    name, kind, shape = "", 0, list[int]()
    for each in reader.fields(parent.start, parent.end):
        if each.number == 1:
            shape += reader.numbers(each)
        elif each.number == 2 and each.kind == _VARINT:
            kind = each.value
        elif each.number == 8 and each.kind == _BYTES:
            name = reader.text(each)
    return TensorShape(name, _TYPES.get(kind, str(kind)), tuple(shape))


def _port(reader: _Reader, parent: _Field) -> PortShape:
    name, dtype, shape = "", "", list[str]()
    for each in reader.fields(parent.start, parent.end):
        if each.number == 1 and each.kind == _BYTES:
            name = reader.text(each)
        elif each.number == 2 and each.kind == _BYTES:
            # In a TypeProto, only tensors have a shape.
            for tensor in reader.fields(each.start, each.end):
                if tensor.number == 1 and tensor.kind == _BYTES:
                    dtype, shape = _tensor_type(reader, tensor)
    return PortShape(name, dtype, tuple(shape))


def _tensor_type(reader: _Reader, parent: _Field) -> tuple[str, list[str]]:
    dtype, shape = "", list[str]()
    for each in reader.fields(parent.start, parent.end):
        if each.number == 1 and each.kind == _VARINT:
            dtype = _TYPES.get(each.value, str(each.value))
        elif each.number == 2 and each.kind == _BYTES:
            shape += [
                _dimension(reader, dimension)
                for dimension in reader.fields(each.start, each.end)
                if dimension.kind == _BYTES
            ]
    return dtype, shape


def _dimension(reader: _Reader, parent: _Field) -> str:
    for each in reader.fields(parent.start, parent.end):
        if each.number == 1 and each.kind == _VARINT:
            return str(each.value)
        if each.number == 2 and each.kind == _BYTES:
            return reader.text(each)
    return "?"
