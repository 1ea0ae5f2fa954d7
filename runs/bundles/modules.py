"""ES modules as functions in one file, with the line numbers of their sources.

`import` becomes a call that returns what the other module exports. What a module
exports is what its function returns. That is enough for modules that export constants,
functions and classes, and that don't import each other. Other forms are refused.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

_IMPORT = re.compile(r'^import (\{[^}]*\}) from "([^"]+)";$', re.MULTILINE)
_LATER_IMPORT = re.compile(r'\bimport\("([^"]+)"\)')
_EXPORT = re.compile(
    r"^export (?=(?:const|class|function|async function) (\w+)\b)", re.MULTILINE
)
_UNKNOWN_FORM = re.compile(
    r"^\s*(?:import|export)\b(?!\()|\bimport\.meta", re.MULTILINE
)
_COMMENT_LINE = re.compile(r"^[ \t]*//.*$", re.MULTILINE)
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)


class UnknownModuleForm(ValueError):
    """A module imports or exports in a way that a function can't repeat."""


@dataclass(frozen=True)
class Module:
    name: str
    text: str

    @cached_property
    def imports(self) -> list[str]:
        return [self._resolve(match[2]) for match in _IMPORT.finditer(self.text)]

    @cached_property
    def later_imports(self) -> list[str]:
        return [self._resolve(match[1]) for match in _LATER_IMPORT.finditer(self.text)]

    def _resolve(self, path: str) -> str:
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.name), path))

    def as_function(self) -> str:
        """A definition; its second line is the first line of the source."""
        exported = ", ".join(match[1] for match in _EXPORT.finditer(self.text))
        body = _IMPORT.sub(self._import_as_call, self.text)
        body = _LATER_IMPORT.sub(self._later_import_as_call, _EXPORT.sub("", body))
        unknown = _UNKNOWN_FORM.search(body)
        if unknown:
            raise UnknownModuleForm(f"{self.name}: {unknown[0]!r}")
        return (
            f'studioModules.define("{self.name}", ($load, $later) => {{ "use strict";\n'
            f"{shortened_lines(body)}"
            f"return {{ {exported} }};\n}});\n"
        )

    def _import_as_call(self, match: re.Match[str]) -> str:
        # Same number of lines. `{ a as b }` is `{ a: b }` for an object.
        names = re.sub(r"(\w+) as (\w+)", r"\1: \2", match[1])
        return f'const {names} = $load("{self._resolve(match[2])}");'

    def _later_import_as_call(self, match: re.Match[str]) -> str:
        name = self._resolve(match[1])
        return f'$later("{name}", () => import("./{bundle_name(name)}.js"))'


def bundle_name(module: str) -> str:
    """The bundle of a module that is loaded later."""
    return posixpath.splitext(posixpath.basename(module))[0]


def shortened_lines(text: str) -> str:
    """Without comments and indentation, in the same lines.

    A text that goes over several lines is left as it is.
    """
    if any(line.count("`") % 2 for line in text.splitlines()):
        return text
    return _INDENT.sub("", _COMMENT_LINE.sub("", text))


class ModuleGraph:
    """Modules by name; `read` returns a module's source."""

    def __init__(self, read: Callable[[str], str]) -> None:
        self.read = read
        self.modules: dict[str, Module] = {}

    def module(self, name: str) -> Module:
        if name not in self.modules:
            self.modules[name] = Module(name, self.read(name))
        return self.modules[name]

    def closure(self, entries: Iterable[str]) -> list[str]:
        """The entries and all that they import, what is imported first."""
        found: dict[str, None] = {}
        for name in entries:
            self._collect(name, (), found)
        return list(found)

    def _collect(
        self, name: str, importers: tuple[str, ...], found: dict[str, None]
    ) -> None:
        if name in importers:
            raise UnknownModuleForm(f"{name} imports itself: {', '.join(importers)}")
        if name not in found:
            for imported in self.module(name).imports:
                self._collect(imported, (*importers, name), found)
            found[name] = None

    def later_bundles(self, entries: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """The bundles that `import("…")` loads, from the entries on."""
        bundles: dict[str, tuple[str, ...]] = {}
        seen: set[str] = set()
        waiting = self.closure(entries)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for later in self.module(name).later_imports:
                if bundles.setdefault(bundle_name(later), (later,)) != (later,):
                    raise UnknownModuleForm(f"Another bundle has the name of {later}.")
                waiting += self.closure([later])
        return bundles
