"""Pickles and PyTorch files: what loading them would import, and their tensors.

Nothing is ever loaded: the instructions of the pickle are read.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import PreviewReader
from runs.pages.previews.tensors import tensor_facts, tensor_table
from runs.render.files import file_extension
from runs.render.formats import grouped
from runs.render.previews import (
    FactSheet,
    FactTable,
    InvalidContent,
    PickleContent,
    find_tensors,
    open_zip,
    read_pickle,
    read_zip_member,
)

#: Instructions are at the start; arrays and models have their numbers behind.
MAX_PICKLE_BYTES = 4 << 20
MAX_NAMES, MAX_KEYS, MAX_TENSORS = 300, 200, 5000
_TORCH = frozenset({"pt", "pth", "ckpt", "bin", "pt2"})
_PICKLES = frozenset({"pkl", "pickle", "p", "joblib", "model", "sav", "dill"})


def is_torch(name: str, head: bytes) -> bool:
    return file_extension(name) in _TORCH and head.startswith(b"PK\x03\x04")


def build_torch(reader: PreviewReader) -> Shown:
    with open_zip(reader) as archive:
        names = archive.namelist()
        found = next((n for n in names if n.endswith("data.pkl")), None)
        if found is None:
            raise InvalidContent
        content = read_pickle(read_zip_member(archive, found, MAX_PICKLE_BYTES))
    return Shown(_sheet(content))


def is_pickle(name: str, head: bytes) -> bool:
    return file_extension(name) in _TORCH | _PICKLES and not head.startswith(b"PK")


def build_pickle(reader: PreviewReader) -> Shown:
    return Shown(_sheet(read_pickle(reader.read(MAX_PICKLE_BYTES))))


def _sheet(content: PickleContent) -> FactSheet:
    tensors = find_tensors(content.value, MAX_TENSORS)
    facts = [(_("Pickle protocol"), str(content.protocol))]
    if tensors:
        facts += tensor_facts(tensors)
    notes = [_("This file was not loaded. Its instructions were read.")]
    dangerous = content.dangerous_names
    if dangerous:
        names = ", ".join(str(name) for name in dangerous[:10])
        notes.insert(
            0,
            _("Loading this file could run any command. It uses %(names)s.")
            % {"names": names},
        )
    if not content.is_whole:
        notes.append(_("Only the beginning of the instructions was read."))
    tables = [tensor_table(_("Tensors"), tensors)] if tensors else []
    return FactSheet(
        facts, [*tables, *_key_table(content), *_name_table(content)], notes
    )


def _key_table(content: PickleContent) -> list[FactTable]:
    """List the entries of a dict that are plain values."""
    value = content.value
    if not isinstance(value, dict) or not value:
        return []
    rows = [
        [str(key)[:200], _plain_text(each)]
        for key, each in list(value.items())[:MAX_KEYS]
    ]
    return [FactTable(_("Entries"), [_("Key"), _("Value")], rows, len(value))]


def _plain_text(value: object) -> str:
    if value is None or isinstance(value, bool | int | float | str):
        # The digits of an integer can be a million: Python refuses to write them.
        is_long = isinstance(value, int) and value.bit_length() > 1024
        return "…" if is_long else str(value)[:300]
    if isinstance(value, dict | list | tuple):
        kind = type(value).__name__
        return f"{kind} ({grouped(len(value))})"
    function = getattr(value, "function", None)
    return str(function)[:200] if function is not None else ""


def _name_table(content: PickleContent) -> list[FactTable]:
    rows = [[str(name)] for name in content.names[:MAX_NAMES]]
    if not rows:
        return []
    heads = [_("Loading imports")]
    return [FactTable(_("Imports"), heads, rows, len(content.names))]


TORCH = PreviewKind(
    "torch",
    gettext_lazy("Show tensors"),
    is_torch,
    build_torch,
    16 << 20,
    icon="cube",
    shared_template="facts",
)
PICKLE = PreviewKind(
    "pickle",
    gettext_lazy("Show contents"),
    is_pickle,
    build_pickle,
    MAX_PICKLE_BYTES,
    icon="cube",
    shared_template="facts",
)
