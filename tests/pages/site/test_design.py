"""The design system: one file defines all colors; they are readable; icons exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runs.models import User
from tests.access.people import browser_of
from tests.parts.elements import parse_page

ROOT = Path(__file__).resolve().parents[3]
STYLES = sorted((ROOT / "static/css").rglob("*.css"))
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
TOKENS = (ROOT / "static/css/site/tokens.css").read_text()
SPRITE = (ROOT / "static/icons/sprite.svg").read_text()
PAIRS = dict(re.findall(r"--([\w-]+): light-dark\((#\w+, #\w+)\)", TOKENS))
GROUNDS = ("ground", "ground-2", "ground-3", "selected", "raised")
TEXTS = ("text", "text-2", "text-3", "link", "ok", "fail", "cancel", "warn")


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance of `#rrggbb`."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("text", TEXTS)
def test_text_has_enough_contrast_on_every_background(text: str, theme: int) -> None:
    color = PAIRS[text].split(", ")[theme]
    grounds = [PAIRS[ground].split(", ")[theme] for ground in GROUNDS]
    assert min(contrast(color, ground) for ground in grounds) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("number", range(1, 11))
def test_a_series_has_enough_contrast_on_its_background(
    number: int, theme: int
) -> None:
    color = PAIRS[f"series-{number}"].split(", ")[theme]
    assert contrast(color, PAIRS["ground"].split(", ")[theme]) >= 3.0


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_colors_are_used_by_name_only(style: Path) -> None:
    if style.name != "tokens.css":
        written = r"#[0-9a-f]{3,8}\b(?![^{]*\{)|\b(?:rgb|hsl|oklch)a?\("
        assert re.findall(written, style.read_text()) == []


@pytest.mark.parametrize("style", STYLES, ids=lambda path: path.name)
def test_every_used_design_token_exists(style: Path) -> None:
    text = style.read_text()
    declared = set(re.findall(r"(--[\w-]+)\s*:", TOKENS + text))
    # A name with a fallback is set only where it differs.
    assert set(re.findall(r"var\((--[\w-]+)\)", text)) <= declared


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_used_icon_is_in_the_sprite(template: Path) -> None:
    used = re.findall(r'\{% icon "([\w-]+)"', template.read_text())
    assert [name for name in used if f'id="{name}"' not in SPRITE] == []


@pytest.mark.django_db
def test_the_style_guide_shows_every_component(owner: User) -> None:
    page = parse_page(browser_of(owner).get("/parts/"))
    for part in ("toast", "dialog", "banner", "pill", "chip", "tabs", "menu", "pages"):
        assert page.all(f".{part}"), part
    assert "NotResponding" in [each.text for each in page.all(".status")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_colors_read_by_scripts_are_registered_properties(script: Path) -> None:
    """Of others it would get the text `light-dark(…)`, which no drawing understands."""
    asked = re.findall(r"""\btoken\(["'`]([\w-]+)""", script.read_text())
    known = {*re.findall(r"@property --([\w-]+)", TOKENS), "sans", "series-"}
    assert set(asked) <= known
