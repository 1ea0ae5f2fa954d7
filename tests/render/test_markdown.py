"""Markdown: what people may write, and a corpus of what attackers do."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from runs.render.markdown import render

#: What attackers write; `render` must leave nothing of it that a browser would run.
ATTACKS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src='x' onerror='alert(1)'>",
    "<img src=javascript:alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><button>go</button></form>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<video><source onerror=alert(1)></video>",
    "<body onload=alert(1)>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example)}</style>",
    "<p style='position:fixed;inset:0'>covered</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java&#9;script:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='x' onclick='alert(1)'>x</a>",
    "<a href='x' target='_blank' onmouseover=alert(1)>x</a>",
    "[x](javascript:alert(1))",
    "[x](JAVASCRIPT:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](<javascript:alert(1)>)",
    "[x]: javascript:alert(1)\n\n[x]",
    "![x](javascript:alert(1))",
    '![x](x"onerror="alert(1))',
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example"onmouseover="alert(1))',
    "<javascript:alert(1)>",
    "`<script>alert(1)</script>`",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "<xmp><img src=x onerror=alert(1)></xmp>",
    "<p id=content name=cookie class=dialog>clobber</p>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\x00<script>alert(1)</script>",
    "<div hx-get='/sign-out/' hx-trigger='load'>x</div>",
    "<button data-copy='x' formaction='/x'>y</button>",
    "\u2028<img src=x onerror=alert(1)>",
]
ALLOWED = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
}
HARMLESS = re.compile(r"(https?://|mailto:|[^:]*$)", re.IGNORECASE)


class Elements(HTMLParser):
    """The elements of a text, as a parser that is not ours sees them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(text: str) -> list[tuple[str, dict[str, str | None]]]:
    return Elements(render(text)).found


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_is_left_to_run(attack: str) -> None:
    for tag, attributes in elements(attack):
        assert tag not in {"script", "style", "svg", "iframe", "form", "input", "base"}
        assert attributes.keys() <= ALLOWED.get(tag, set())
        assert HARMLESS.match((attributes.get("href") or "").strip())


@pytest.mark.parametrize(
    "source",
    [
        "https://evil.example/x.png",
        "//evil.example/x.png",
        "/\\evil.example/x.png",
        "/\t/evil.example/x.png",
        "\\\\evil.example\\x.png",
        "http:evil.example/x.png",
        "/sign-out/",
        "x.png",
        "data:image/svg+xml,<svg onload=alert(1)>",
    ],
)
@pytest.mark.parametrize("form", ["![picture](<{}>)", '<img alt="picture" src="{}">'])
def test_a_picture_from_elsewhere_is_not_loaded(form: str, source: str) -> None:
    assert "img" not in dict(elements(form.format(source)))


def test_a_picture_from_elsewhere_becomes_a_link() -> None:
    [(_, _paragraph), (tag, link)] = elements("![plot](https://a.example/x.png)")
    assert (tag, link["href"]) == ("a", "https://a.example/x.png")
    assert "plot" in render("![plot](https://a.example/x.png)")


def test_a_picture_of_a_run_here_is_shown() -> None:
    found = dict(elements("![c](/w/default/runs/r1/files/raw/a/b.png?inline=1)"))
    assert found["img"]["src"] == "/w/default/runs/r1/files/raw/a/b.png?inline=1"


def test_a_link_tells_nobody_where_it_stood() -> None:
    [_, (_, link)] = elements("[x](https://a.example)")
    assert link["rel"] == "nofollow noopener noreferrer"


def test_headings_of_any_level_begin_below_the_cards_own() -> None:
    assert [tag for tag, _ in elements("### a\n\n##### b")] == ["h3", "h4"]
    assert "&lt;h1&gt;" in render("`<h1>`")


def test_headings_stand_below_the_cards_own() -> None:
    assert [tag for tag, _ in elements("# a\n\n## b\n\n###### c")] == ["h3", "h4", "h5"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c** `d`", "<em>b</em> <strong>c</strong> <code>d</code>"),
        ("- x\n- y", "<li>y</li>"),
        ("| a |\n|---|\n| 1 |", "<td>1</td>"),
        ("```\nx < y\n```", "x &lt; y"),
        ("> said", "<blockquote>"),
        ("中文 *字*", "中文 <em>字</em>"),
    ],
)
def test_what_people_write_is_rendered(text: str, html: str) -> None:
    assert html in render(text)


@pytest.mark.parametrize("piece", ["[", "![", "[a](", ">", "> ", "**a ", "`a", "- "])
def test_a_hostile_text_does_not_hold_a_page_up(piece: str) -> None:
    assert render((piece * 65_536)[:65_536])


def test_what_is_too_nested_is_shown_as_it_stands() -> None:
    assert render(">" * 60 + " deep <b>").startswith("<pre>&gt;&gt;")
