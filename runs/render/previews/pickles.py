"""Pickles, read as the list of their instructions: nothing is imported or called.

A small machine follows the instructions that build plain values. What a pickle would
import or call stays a name. So the tensors of a PyTorch file have their shapes, and a
pickle that would run a command only shows its name.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from runs.render.previews.content import InvalidContent

MAX_INSTRUCTIONS = 200_000
#: What code of these modules can do when a pickle is loaded has no limit.
_DANGEROUS = frozenset(
    "os posix nt subprocess sys builtins __builtin__ socket shutil runpy importlib "
    "pty commands webbrowser ctypes code pickle _pickle marshal asyncio".split()
)
#: Names of `builtins` that build plain values.
_PLAIN_BUILTINS = frozenset(
    "set frozenset dict list tuple int float bool complex bytes bytearray str slice "
    "range object".split()
)


@dataclass(frozen=True)
class Name:
    """Something that loading would import."""

    module: str
    attribute: str

    def __str__(self) -> str:
        return f"{self.module}.{self.attribute}"

    @property
    def is_dangerous(self) -> bool:
        if self.module.partition(".")[0] not in _DANGEROUS:
            return False
        plain = self.module in ("builtins", "__builtin__")
        return not (plain and self.attribute in _PLAIN_BUILTINS)


@dataclass
class Call:
    """Something that loading would call, with its arguments."""

    function: object
    arguments: object
    state: object = None


@dataclass(frozen=True)
class Reference:
    """A persistent id: PyTorch keeps the bytes of tensors outside of the pickle."""

    value: object


class _Mark:
    pass


class _Unknown:
    def __repr__(self) -> str:
        return "?"


UNKNOWN = _Unknown()


@dataclass
class PickleContent:
    """`names` in the order of first use; `is_whole` is false where reading stopped."""

    protocol: int = 0
    names: list[Name] = field(default_factory=list)
    value: object = UNKNOWN
    instructions: int = 0
    is_whole: bool = False

    @property
    def dangerous_names(self) -> list[Name]:
        return [name for name in self.names if name.is_dangerous]


@dataclass(frozen=True)
class TensorShape:
    name: str
    dtype: str
    shape: tuple[int, ...]


def read_pickle(data: bytes) -> PickleContent:
    """Follow the instructions until the end or the limit; `data` can be cut off.

    Raises InvalidContent if it doesn't begin with a pickle.
    """
    content = PickleContent()
    machine = _Machine(content)
    try:
        for opcode, argument, _at in pickletools.genops(data):
            content.instructions += 1
            machine.step(opcode.name, argument)
            if opcode.name == "STOP":
                content.is_whole = True
            if content.instructions >= MAX_INSTRUCTIONS:
                break
    except (ValueError, IndexError, OverflowError) as error:
        if content.instructions < 2:
            raise InvalidContent from error
    content.value = machine.result()
    return content


class _Machine:
    """The stack and the memo of a pickle, with values that are never executed."""

    def __init__(self, content: PickleContent) -> None:
        self._content = content
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def result(self) -> object:
        """Return the value on the stack; of a pickle that was cut, its beginning."""
        return next(
            (each for each in self._stack if not isinstance(each, _Mark)), UNKNOWN
        )

    def step(self, name: str, argument: Any) -> None:
        action = _ACTIONS.get(name)
        if action is not None:
            action(self, argument)
        elif name in _PUSHED:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])

    def _pop(self) -> Any:
        return self._stack.pop() if self._stack else UNKNOWN

    def _pop_marked(self) -> list[Any]:
        taken: list[Any] = []
        while self._stack:
            value = self._stack.pop()
            if isinstance(value, _Mark):
                break
            taken.append(value)
        return taken[::-1]

    def _top(self) -> Any:
        return self._stack[-1] if self._stack else UNKNOWN

    def push(self, value: object) -> None:
        self._stack.append(value)

    def mark(self, _argument: Any) -> None:
        self._stack.append(_Mark())

    def pop(self, _argument: Any) -> None:
        self._pop()

    def pop_mark(self, _argument: Any) -> None:
        self._pop_marked()

    def duplicate(self, _argument: Any) -> None:
        self._stack.append(self._top())

    def protocol(self, argument: Any) -> None:
        self._content.protocol = argument

    def put(self, argument: Any) -> None:
        self._memo[int(argument)] = self._top()

    def memoize(self, _argument: Any) -> None:
        self._memo[len(self._memo)] = self._top()

    def get(self, argument: Any) -> None:
        self._stack.append(self._memo.get(int(argument), UNKNOWN))

    def make_tuple(self, _argument: Any) -> None:
        self._stack.append(tuple(self._pop_marked()))

    def make_list(self, _argument: Any) -> None:
        self._stack.append(self._pop_marked())

    def make_dict(self, _argument: Any) -> None:
        made: dict[Any, Any] = {}
        _fill(made, self._pop_marked())
        self._stack.append(made)

    def short_tuple(self, count: int) -> None:
        taken = [self._pop() for _each in range(count)][::-1]
        self._stack.append(tuple(taken))

    def append(self, _argument: Any) -> None:
        value, target = self._pop(), self._top()
        if isinstance(target, list):
            target.append(value)

    def appends(self, _argument: Any) -> None:
        values, target = self._pop_marked(), self._top()
        if isinstance(target, list):
            target.extend(values)

    def set_item(self, _argument: Any) -> None:
        value, key = self._pop(), self._pop()
        _fill(_filled_part(self._top()), [key, value])

    def set_items(self, _argument: Any) -> None:
        pairs = self._pop_marked()
        _fill(_filled_part(self._top()), pairs)

    def global_name(self, argument: Any) -> None:
        module, _space, attribute = str(argument).partition(" ")
        self._push_name(module, attribute)

    def stack_global(self, _argument: Any) -> None:
        attribute, module = self._pop(), self._pop()
        self._push_name(str(module), str(attribute))

    def _push_name(self, module: str, attribute: str) -> None:
        name = Name(module[:200], attribute[:200])
        if name not in self._content.names:
            self._content.names.append(name)
        self._stack.append(name)

    def call(self, _argument: Any) -> None:
        arguments, function = self._pop(), self._pop()
        self._stack.append(_called(function, arguments))

    def call_with_names(self, _argument: Any) -> None:
        self._pop()
        self.call(None)

    def call_marked(self, argument: Any) -> None:
        """INST has the name as its argument, OBJ as the first value."""
        values = self._pop_marked()
        if argument is not None:
            self.global_name(argument)
            function = self._pop()
        else:
            function, values = (values[0], values[1:]) if values else (UNKNOWN, [])
        self._stack.append(Call(function, tuple(values)))

    def build(self, _argument: Any) -> None:
        state, target = self._pop(), self._top()
        if isinstance(target, Call):
            target.state = state

    def reference(self, argument: Any) -> None:
        value = self._pop() if argument is None else argument
        self._stack.append(Reference(value))

    def frozen_set(self, _argument: Any) -> None:
        self._stack.append(self._pop_marked())


def _called(function: object, arguments: object) -> object:
    # State dicts are ordered dicts, which are filled after the call.
    if isinstance(function, Name) and function.attribute in ("OrderedDict", "dict"):
        return {}
    return Call(function, arguments)


def _filled_part(target: object) -> dict[Any, Any]:
    return target if isinstance(target, dict) else {}


def _fill(target: dict[Any, Any], pairs: Sequence[Any]) -> None:
    for key, value in zip(pairs[::2], pairs[1::2], strict=False):
        # Only plain keys: a hash of nested values could cost any time.
        target[
            key if isinstance(key, str | int | float | bytes) else str(type(key))
        ] = value


_PUSHED = frozenset(
    "INT LONG LONG1 LONG4 BININT BININT1 BININT2 STRING BINSTRING SHORT_BINSTRING "
    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 FLOAT BINFLOAT BINBYTES "
    "SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
_CONSTANTS: dict[str, Any] = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": _Machine.protocol,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "POP_MARK": _Machine.pop_mark,
    "DUP": _Machine.duplicate,
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine.put),
    "MEMOIZE": _Machine.memoize,
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Machine.get),
    "EMPTY_TUPLE": lambda machine, _argument: machine.short_tuple(0),
    "TUPLE": _Machine.make_tuple,
    "TUPLE1": lambda machine, _argument: machine.short_tuple(1),
    "TUPLE2": lambda machine, _argument: machine.short_tuple(2),
    "TUPLE3": lambda machine, _argument: machine.short_tuple(3),
    "LIST": _Machine.make_list,
    "DICT": _Machine.make_dict,
    "FROZENSET": _Machine.frozen_set,
    "EMPTY_LIST": lambda machine, _argument: machine.push([]),
    "EMPTY_SET": lambda machine, _argument: machine.push([]),
    "EMPTY_DICT": lambda machine, _argument: machine.push({}),
    "APPEND": _Machine.append,
    **dict.fromkeys(("APPENDS", "ADDITEMS"), _Machine.appends),
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.global_name,
    "STACK_GLOBAL": _Machine.stack_global,
    **dict.fromkeys(("REDUCE", "NEWOBJ"), _Machine.call),
    "NEWOBJ_EX": _Machine.call_with_names,
    **dict.fromkeys(("INST", "OBJ"), _Machine.call_marked),
    "BUILD": _Machine.build,
    **dict.fromkeys(("PERSID", "BINPERSID"), _Machine.reference),
}


def find_tensors(value: object, limit: int) -> list[TensorShape]:
    """Find the tensors in the dicts of a PyTorch file, by their dotted keys."""
    found: list[TensorShape] = []
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    seen: set[int] = set()
    while waiting and len(found) < limit:
        name, each, depth = waiting.pop()
        tensor = _tensor(name, each)
        if tensor is not None:
            found.append(tensor)
        elif (
            isinstance(each, dict | list | Call) and id(each) not in seen and depth < 20
        ):
            # The same object can be in many places, and in itself.
            seen.add(id(each))
            parts = [*_parts(each)][::-1]
            waiting += [(_dotted(name, key), part, depth + 1) for key, part in parts]
    return found


def _parts(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Call):
        if isinstance(value.state, dict):
            yield from _parts(value.state)
    elif isinstance(value, dict):
        yield from ((str(key), each) for key, each in value.items())
    elif isinstance(value, list):
        yield from ((str(number), each) for number, each in enumerate(value[:1000]))


def _dotted(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key


def _tensor(name: str, value: object) -> TensorShape | None:
    """Read `torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …)`."""
    if not isinstance(value, Call) or not isinstance(value.function, Name):
        return None
    arguments = value.arguments if isinstance(value.arguments, tuple) else ()
    if value.function.attribute == "_rebuild_parameter" and arguments:
        return _tensor(name, arguments[0])
    if not value.function.attribute.startswith("_rebuild_tensor") or len(arguments) < 3:
        return None
    storage, _offset, size = arguments[:3]
    is_shape = isinstance(size, tuple) and all(isinstance(n, int) for n in size)
    if not is_shape or not isinstance(storage, Reference):
        return None
    parts = storage.value if isinstance(storage.value, tuple) else ()
    kind = parts[1] if len(parts) > 1 and isinstance(parts[1], Name) else None
    dtype = kind.attribute.removesuffix("Storage").lower() if kind else "?"
    return TensorShape(name, dtype, cast("tuple[int, ...]", size))
