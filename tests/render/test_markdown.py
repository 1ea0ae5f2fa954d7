"""Markdown: what people may write, and a corpus of what attackers do."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from runs.render.descriptions.markdown import find_references, render_markdown
from runs.render.descriptions.references import Reference, ReferenceTarget

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
    "[x](run:javascript:alert(1))",
    '[x](run:a"onmouseover="alert(1))',
    "run:<script>alert(1)</script>",
    'metric:"<img src=x onerror=alert(1)>"',
    "<a href='fi&#9;le:///etc/passwd'>x</a>",
    "<a href='FILE:///etc/passwd'>x</a>",
    "![x](file:///etc/passwd)",
    "<img src='file:x\" onerror=alert(1)' alt='\"><script>alert(1)</script>'>",
    "[^<script>]\n\n[^<script>]: <script>alert(1)</script>",
    "[^a]\n\n[^a]: [x](javascript:alert(1))",
    "- [x] <img src=x onerror=alert(1)>",
    "```python\n'<script>alert(1)</script>'\n```",
    '```"onclick=alert(1)\nx\n```',
    "<code class='language-html'><script>alert(1)</script></code>",
    "<li class='dialog' id='content'>x</li>",
]
ALLOWED = {
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "s": {"title"},
    "span": {"class"},
    "sup": {"id"},
    "li": {"id", "class"},
}
VALUES = {"class": r"task|note|text|value|word|called", "id": r"fn(ref\d*)?:[\w-]+"}
SAFE_LINK = re.compile(r"(https?://|mailto:|#|[^:]*$)", re.IGNORECASE)


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
    return Elements(render_markdown(text)).found


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_script_of_an_attack_remains(attack: str) -> None:
    for tag, attributes in elements(attack):
        assert tag not in {"script", "style", "svg", "iframe", "form", "input", "base"}
        assert attributes.keys() <= ALLOWED.get(tag, set())
        assert SAFE_LINK.match((attributes.get("href") or "").strip())
        for name, pattern in VALUES.items():
            if name in attributes:
                assert re.fullmatch(pattern, attributes[name] or "")


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
def test_an_external_image_is_not_loaded(form: str, source: str) -> None:
    assert "img" not in dict(elements(form.format(source)))


def test_an_external_image_becomes_a_link() -> None:
    [(_, _paragraph), (tag, link)] = elements("![plot](https://a.example/x.png)")
    assert (tag, link["href"]) == ("a", "https://a.example/x.png")
    assert "plot" in render_markdown("![plot](https://a.example/x.png)")


def test_an_image_of_a_run_is_shown() -> None:
    found = dict(elements("![c](/w/default/runs/r1/files/raw/a/b.png?inline=1)"))
    assert found["img"]["src"] == "/w/default/runs/r1/files/raw/a/b.png?inline=1"


def test_links_send_no_referrer() -> None:
    [_, (_, link)] = elements("[x](https://a.example)")
    assert link["rel"] == "nofollow noopener noreferrer"


def test_headings_of_any_level_start_below_the_card_heading() -> None:
    assert [tag for tag, _ in elements("### a\n\n##### b")] == ["h3", "h4"]
    assert "&lt;h1&gt;" in render_markdown("`<h1>`")


def test_headings_are_shifted_below_the_card_heading() -> None:
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
        ("- [ ] a\n- [x] b", '<li class="task">☑ b</li>'),
        ("- [x] a\n\n- [ ] b", "<p>☐ b</p>"),
        ("a[^1]\n\n[^1]: b", '<a href="#fn:1">1</a>'),
        ("```python\ndef f(): 1 < 2\n```", '<span class="word">def</span>'),
        ("```python\n1 < 2\n```", " &lt; "),
        ("```nosuch\nx < y\n```", "<code>x &lt; y"),
    ],
)
def test_markdown_is_rendered(text: str, html: str) -> None:
    assert html in render_markdown(text)


@pytest.mark.parametrize(
    "piece",
    ["[", "![", "[a](", "[^a]", "run:a ", "- [ ] ", ">", "> ", "**a ", "`a", "- "],
)
def test_a_hostile_text_renders_quickly(piece: str) -> None:
    assert render_markdown((piece * 65_536)[:65_536])


def test_deeply_nested_json_is_shown_unchanged() -> None:
    assert render_markdown(">" * 60 + " deep <b>").startswith("<pre>&gt;&gt;")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see run:abc_d_e.", [("run", "abc_d_e")]),
        ('metric:"val acc"!', [("metric", "val acc")]),
        ("(metric:val/acc_x)", [("metric", "val/acc_x")]),
        ("[b](metric:val%20acc)", [("metric", "val acc")]),
        ("![p](file:images/a.png)", [("file", "images/a.png")]),
        ("file:logs/x.txt#L12", [("file", "logs/x.txt#L12")]),
        ("metric:acc@run-2", [("metric", "acc@run-2")]),
        ("[RUN](RUN:abc) run:abc", [("run", "abc")]),
        ("`run:abc` xrun:abc http://run:8/ run: abc", []),
        ("```\nrun:abc\n```", []),
    ],
)
def test_references_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(each.kind, each.named) for each in find_references(text)] == found


def test_a_reference_is_replaced_by_its_target() -> None:
    targets = {
        Reference("run", "a"): ReferenceTarget("/w/x/runs/a/", "<b>name</b>"),
        Reference("metric", "acc"): ReferenceTarget("/m", "acc", "0.5", "0.5000"),
    }
    html = render_markdown(
        "run:a [mine](run:a) metric:acc run:b [gone](run:b)", targets
    )
    assert '<a href="/w/x/runs/a/">&lt;b&gt;name&lt;/b&gt;</a>' in html
    assert '<a href="/w/x/runs/a/">mine</a>' in html
    assert '<a href="/m" title="0.5000">acc <b>0.5</b></a>' in html
    assert " run:b <s title=" in html


def test_an_image_is_shown_if_browsers_support_its_type() -> None:
    targets = {
        Reference("file", "a.png"): ReferenceTarget(
            "/f", "a.png", picture="/w/x/a.png"
        ),
        Reference("file", "a.txt"): ReferenceTarget("/t", "a.txt"),
    }
    html = render_markdown("![plot](file:a.png) ![text](file:a.txt)", targets)
    assert '<img src="/w/x/a.png" alt="plot" loading="lazy">' in html
    assert '<a href="/t">text</a>' in html


def test_the_number_of_references_is_limited() -> None:
    assert len(find_references(" ".join(f"run:a{n}" for n in range(500)))) == 100
