"""Every page loads its scripts and styles by bundles, and each module once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders

import runs.bundles
from runs.bundles import ModuleGraph, build_bundles, scripts, styles
from runs.bundles.contents import SCRIPTS, STYLES
from runs.management import static_files
from tests.parts.server import Server

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def read_static(name: str) -> str:
    found = finders.find(name)
    assert isinstance(found, str), name
    return Path(found).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def graph() -> ModuleGraph:
    return ModuleGraph(read_static)


@pytest.fixture(scope="module")
def bundles(graph: ModuleGraph) -> dict[str, str]:
    return build_bundles(graph)


def test_each_script_is_in_a_bundle_or_stands_alone(
    graph: ModuleGraph, bundles: dict[str, str]
) -> None:
    assert bundles
    texts = {
        str(path.relative_to(ROOT / "static")): path.read_text(encoding="utf-8")
        for path in (ROOT / "static/js").rglob("*.js")
    }
    assert set(graph.modules) <= set(texts)
    alone = {name: texts[name] for name in texts if name not in graph.modules}
    joined = [name for name, text in alone.items() if re.search("^(im|ex)port", text)]
    assert joined == []


def test_no_template_loads_a_module_by_its_own_file(
    graph: ModuleGraph, bundles: dict[str, str]
) -> None:
    """It would run twice: alone, and in the bundle of a script that imports it."""
    assert bundles
    for template in TEMPLATES:
        loaded = re.findall(r"{% static ['\"]([^'\"]+)", template.read_text())
        assert graph.modules.keys().isdisjoint(loaded), template.name


@pytest.mark.parametrize("tag", ["scripts", "styles"])
def test_every_bundle_is_used_and_exists(tag: str) -> None:
    used = {
        name
        for template in TEMPLATES
        for name in re.findall(rf'{{% {tag} "([\w-]+)" %}}', template.read_text())
    }
    assert used == set(SCRIPTS if tag == "scripts" else STYLES)


def test_the_modules_of_every_page_are_in_no_other_bundle(
    graph: ModuleGraph, bundles: dict[str, str]
) -> None:
    for module in graph.closure(SCRIPTS["site"]):
        definition = f'studioModules.define("{module}"'
        having = [name for name, text in bundles.items() if definition in text]
        assert having == ["site.js"]


def decoded(mappings: str) -> Iterator[tuple[int, int]]:
    """The source and its line for each line of a bundle."""
    source = line = 0
    for segment in mappings.split(";"):
        numbers, number, shift = [], 0, 0
        for letter in segment:
            digit = BASE64.index(letter)
            number |= (digit & 31) << shift
            shift += 5
            if not digit & 32:
                numbers.append(-(number >> 1) if number & 1 else number >> 1)
                number = shift = 0
        assert (numbers[0], numbers[3]) == (0, 0)
        source, line = source + numbers[1], line + numbers[2]
        yield source, line


@pytest.mark.parametrize(
    ("bundle", "source", "text"),
    [
        ("site", "../js/site/app.js", "function closeMenus(except) {"),
        ("site", "../js/site/modules.js", "function evaluate(name) {"),
        ("run-list", "../js/views/views.js", "async function searchViews(box) {"),
        ("run-list", "../js/run_list/live-list.js", "function begin() {"),
    ],
)
def test_source_maps_name_lines(
    bundles: dict[str, str], bundle: str, source: str, text: str
) -> None:
    source_map: dict[str, Any] = json.loads(bundles[f"{bundle}.js.map"])
    source_lines = read_static(source.removeprefix("../")).splitlines()
    line = next(n for n, each in enumerate(source_lines) if text in each)
    bundle_lines = bundles[f"{bundle}.js"].splitlines()
    origins = list(decoded(source_map["mappings"]))
    found = origins.index((source_map["sources"].index(source), line))
    assert text in bundle_lines[found]


def test_files_are_collected_again_if_the_code_of_bundles_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = static_files.static_sources_fingerprint()
    (tmp_path / "contents.py").write_text("SCRIPTS = {}")
    monkeypatch.setattr(runs.bundles, "__file__", str(tmp_path / "__init__.py"))
    assert static_files.static_sources_fingerprint() != before


def test_without_collected_files_each_member_is_loaded() -> None:
    assert styles("views").count("<link ") == len(STYLES["views"])
    assert scripts("run").count('type="module"') == len(SCRIPTS["run"])
    assert "htmx-2.min.js" in scripts("site")


def test_a_server_has_bundles_with_hashed_names(server: Server) -> None:
    root = server.home / "static"
    paths = json.loads((root / "staticfiles.json").read_text())["paths"]
    script = paths["bundles/run-list.js"]
    assert re.fullmatch(r"bundles/run-list\.[0-9a-f]{12}\.js", script)
    assert (root / f"{script}.gz").is_file()
    text = (root / script).read_text(encoding="utf-8")
    for later in ("chart-row", "facets", "morph", "column-dialog"):
        hashed = Path(paths[f"bundles/{later}.js"]).name
        assert f'import("./{hashed}")' in text
    source_map = Path(paths["bundles/run-list.js.map"])
    assert text.endswith(f"//# sourceMappingURL={source_map.name}\n")
    for source in json.loads((root / source_map).read_text())["sources"]:
        assert (root / "bundles" / source).is_file()
    assert "js/site/app.js" not in paths
