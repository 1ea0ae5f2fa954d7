"""The text of each bundle, and the source maps that name the lines of its sources."""

from __future__ import annotations

import json
import re
from itertools import chain

from runs.bundles.contents import HTMX, REGISTRY, SCRIPTS, STYLES
from runs.bundles.modules import ModuleGraph

_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_STYLE_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLE_INDENT = re.compile(r"^\s+", re.MULTILINE)


def build_bundles(graph: ModuleGraph) -> dict[str, str]:
    """All files of all bundles by name; the graph reads their members."""
    read = graph.read
    entries = chain.from_iterable(SCRIPTS.values())
    scripts = {**graph.later_bundles(entries), **SCRIPTS}
    site_modules = graph.closure(SCRIPTS["site"])
    files: dict[str, str] = {}
    for name, started in scripts.items():
        bundle = ScriptBundle()
        if name == "site":
            bundle.add(HTMX, read(HTMX).rstrip() + "\n;\n")
            bundle.add(REGISTRY, read(REGISTRY))
        for module in graph.closure(started):
            if name == "site" or module not in site_modules:
                bundle.add(module, graph.module(module).as_function(), lines_before=1)
        bundle.text += f"studioModules.start({json.dumps(started)});\n"
        bundle.text += f"//# sourceMappingURL={name}.js.map\n"
        files[f"{name}.js"] = bundle.text
        files[f"{name}.js.map"] = bundle.source_map()
    for name, members in STYLES.items():
        files[f"{name}.css"] = "".join(shortened_style(read(each)) for each in members)
    return files


def shortened_style(text: str) -> str:
    """Without comments and indentation."""
    return _STYLE_INDENT.sub("", _STYLE_COMMENT.sub("", text))


class ScriptBundle:
    """Joined scripts. Each of their lines is a line of the bundle."""

    def __init__(self) -> None:
        self.text = ""
        self._sources: list[str] = []
        #: For each line of the bundle: the number of its source, and the line in it.
        self._origins: list[tuple[int, int]] = []

    def add(self, source: str, text: str, *, lines_before: int = 0) -> None:
        """Add a script; the lines before it belong to its first line."""
        for line in range(text.count("\n")):
            self._origins.append((len(self._sources), max(0, line - lines_before)))
        self._sources.append(f"../{source}")
        self.text += text

    def source_map(self) -> str:
        """Version 3: for each line the difference to the line before, in base 64."""
        segments = []
        last_source = last_line = 0
        for source, line in self._origins:
            steps = (0, source - last_source, line - last_line, 0)
            segments.append("".join(map(_encode_number, steps)))
            last_source, last_line = source, line
        return json.dumps(
            {
                "version": 3,
                "sources": self._sources,
                "names": [],
                "mappings": ";".join(segments),
            }
        )


def _encode_number(number: int) -> str:
    """A variable-length quantity: five bits for each digit, the lowest is the sign."""
    rest = abs(number) << 1 | (number < 0)
    digits = ""
    while True:
        digit, rest = rest & 31, rest >> 5
        digits += _BASE64[digit | 32 if rest else digit]
        if not rest:
            return digits
