"""ES modules become functions: same lines, same exports; other forms are refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from runs.bundles.modules import Module, ModuleGraph, UnknownModuleForm, shortened_lines

IMPORTING = """// Explains.
import {
  one,
  two as second,
} from "../site/other.js";

export const three = 3;
export async function four() {
  const { five } = await import("./later.js");
  return five(one, second);
}
export class Six {}
"""


def graph_of(texts: Mapping[str, str]) -> ModuleGraph:
    return ModuleGraph(texts.__getitem__)


def test_a_function_has_the_lines_of_its_module() -> None:
    text = Module("js/list/this.js", IMPORTING).as_function()
    lines = text.splitlines()
    assert lines[0].startswith(
        'studioModules.define("js/list/this.js", ($load, $later)'
    )
    for line in (line for line in IMPORTING.splitlines() if "three" in line):
        assert lines[IMPORTING.splitlines().index(line) + 1] == "const three = 3;"
    assert text.count("\n") == IMPORTING.count("\n") + 3
    assert "\nreturn { three, four, Six };\n" in text


def test_imports_are_calls_by_the_full_name() -> None:
    text = Module("js/list/this.js", IMPORTING).as_function()
    assert 'const {\none,\ntwo: second,\n} = $load("js/site/other.js");' in text
    later = '$later("js/list/later.js", () => import("./later.js"))'
    assert f"const {{ five }} = await {later};" in text


@pytest.mark.parametrize(
    "line",
    [
        'import other from "./other.js";',
        'import * as other from "./other.js";',
        'import "./other.js";',
        "export default 1;",
        "export let changing = 1;",
        "export { one };",
        'export * from "./other.js";',
        "const here = import.meta.url;",
    ],
)
def test_other_forms_are_refused(line: str) -> None:
    with pytest.raises(UnknownModuleForm, match=r"js/this\.js"):
        Module("js/this.js", f"const one = 1;\n{line}\n").as_function()


def test_a_module_that_imports_itself_is_refused() -> None:
    graph = graph_of(
        {
            "js/a.js": 'import { b } from "./b.js";\n',
            "js/b.js": 'import { a } from "./a.js";\n',
        }
    )
    with pytest.raises(UnknownModuleForm, match="imports itself"):
        graph.closure(["js/a.js"])


def test_imported_modules_come_first_and_once() -> None:
    graph = graph_of(
        {
            "js/a.js": 'import { b } from "./b.js";\nimport { c } from "./c.js";\n',
            "js/b.js": 'import { c } from "./c.js";\n',
            "js/c.js": "",
        }
    )
    assert graph.closure(["js/a.js", "js/b.js"]) == ["js/c.js", "js/b.js", "js/a.js"]


def test_bundles_that_come_later_are_found_from_each_other() -> None:
    graph = graph_of(
        {
            "js/a.js": 'import { b } from "./b.js";\n',
            "js/b.js": 'const c = import("./c.js");\n',
            "js/c.js": 'const d = import("./d.js");\nconst c = import("./c.js");\n',
            "js/d.js": "",
        }
    )
    assert graph.later_bundles(["js/a.js"]) == {"c": ("js/c.js",), "d": ("js/d.js",)}


def test_two_bundles_cannot_have_one_name() -> None:
    graph = graph_of(
        {
            "js/a.js": 'import("./x/b.js");\nimport("./y/b.js");\n',
            "js/x/b.js": "",
            "js/y/b.js": "",
        }
    )
    with pytest.raises(UnknownModuleForm, match=r"js/y/b\.js"):
        graph.later_bundles(["js/a.js"])


def test_texts_of_several_lines_keep_their_indentation() -> None:
    text = "const shown = `\n    // not a comment\n  `;\n"
    assert shortened_lines(text) == text
    assert shortened_lines("  // a comment\n  call(`one`); // why\n") == (
        "\ncall(`one`); // why\n"
    )
