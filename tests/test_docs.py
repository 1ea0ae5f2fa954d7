"""The documents say what the code does: these fail when they fall behind."""

import inspect
import re
from pathlib import Path

import polib
import pytest

from runs.render.help import heading_id
from studio.sdk import Experiment, Run, Workspace
from studio.settings.environment import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
USER_PAGES = sorted(ROOT.glob("docs/user/*.md"))
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *USER_PAGES])
LINK = re.compile(r"\]\(([^)#:]*)(?:#([^)]*))?\)")


def test_every_setting_is_explained_and_no_other() -> None:
    page = (ROOT / "docs/user/settings.md").read_text()
    own = page.partition("## Client")[0]
    explained = re.findall(r"^\| `([A-Z_]+)` \|", own, re.MULTILINE)
    assert sorted(explained) == sorted(VARIABLES)


def test_every_variable_that_the_product_reads_is_explained() -> None:
    page = (ROOT / "docs/user/settings.md").read_text()
    files = [path for room in ("studio", "runs") for path in ROOT.glob(f"{room}/**/*")]
    text = "\n".join(path.read_text() for path in files if path.suffix == ".py")
    named = set(re.findall(r"\b(?:STUDIO|AZUREML)_[A-Z_]+\b", text))
    assert "STUDIO_MODE" in named
    assert {name for name in named if f"`{name}`" not in page} == set()


def test_attributes_are_distinguished_from_calls() -> None:
    page = (ROOT / "docs/user/sdk.md").read_text()
    rows = re.findall(
        r"^\| `(Run|Workspace|Experiment)`.*? \| (.*) \|$", page, re.MULTILINE
    )
    kinds = {"Run": Run, "Workspace": Workspace, "Experiment": Experiment}
    # A keyword, a function of the package, and what only an instance has.
    others = {"with", "get_run", "receipt"}
    explained = [
        (kind, point, name)
        for kind, cell in rows
        for point, name in re.findall(r"`(\.?)([a-z_]+)`", cell)
    ]
    assert {kind for kind, _point, _name in explained} == set(kinds)
    for kind, point, name in explained:
        found = inspect.getattr_static(kinds[kind], name, None)
        is_called = callable(found) or isinstance(found, classmethod | staticmethod)
        is_right = name in others if found is None else is_called != bool(point)
        assert is_right, f"{kind}.{name}"


@pytest.mark.parametrize("kind", [Workspace, Experiment, Run])
def test_every_public_name_is_in_the_table(kind: type) -> None:
    page = (ROOT / "docs/user/sdk.md").read_text()
    rows = re.findall(rf"^\| `{kind.__name__}`.*? \| (.*) \|$", page, re.MULTILINE)
    named = set(re.findall(r"`(?:Run\.|\.)?([a-z_]+)`", " ".join(rows)))
    # For the command line.
    public = {name for name in dir(kind) if name[0] != "_"} - {"with_client"}
    assert public - named == set()


@pytest.mark.parametrize(
    "name", ["start", "log", "find", "compare", "share", "operate"]
)
def test_buttons_in_the_tutorials_exist_on_pages(name: str) -> None:
    page = (ROOT / f"docs/user/{name}.md").read_text()
    messages = polib.pofile(str(ROOT / "runs/locale/zh_Hans/LC_MESSAGES/django.po"))
    texts = [entry.msgid for entry in messages]
    lost = []
    for button in re.findall(r"\*\*([^*]+)\*\*", page):
        start = button.removesuffix("…")
        whole = [text for text in texts if text in (button, start)]
        open_ended = [text for text in texts if text.startswith(f"{start}%(")]
        if not whole and not (start != button and open_ended):
            lost.append(button)
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_resolve(page: Path) -> None:
    links = LINK.findall(page.read_text())
    missing = [link for link, _ in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_of_links_are_headings(page: Path) -> None:
    missing = []
    for link, anchor in LINK.findall(page.read_text()):
        text = (page.parent / link if link else page).read_text() if anchor else ""
        headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        if anchor and anchor not in map(heading_id, headings):
            missing.append(f"{link}#{anchor}")
    assert missing == []


@pytest.mark.parametrize("page", USER_PAGES, ids=lambda page: page.name)
def test_user_pages_do_not_link_to_developer_pages(page: Path) -> None:
    links = [link for link, _ in LINK.findall(page.read_text()) if link]
    allowed = re.compile(r"[a-z0-9-]+\.md|pictures/[\w-]+\.png|\./")
    assert [link for link in links if not allowed.fullmatch(link)] == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text().splitlines()
    install = "pip install -r requirements.txt && python manage.py studio"
    assert f"python3 -m venv .venv && . .venv/bin/activate && {install}" in readme
    assert "python -m pytest" in readme
    made = (ROOT / ".ci/make-environment").read_text()
    assert "'pip install -r requirements.txt' README.md" in made
    assert "'python -m pytest' README.md" in (ROOT / ".ci/run").read_text()


def test_the_examples_compile() -> None:
    for page in ("README.md", "docs/user/sdk.md"):
        scripts = re.findall(
            r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL
        )
        assert scripts
        for script in scripts:
            compile(script, page, "exec")


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=str)
def test_files_named_by_a_page_exist(page: Path) -> None:
    named = re.findall(r"`([\w/.-]+/[\w.-]+\.(?:py|html|css|js))`", page.read_text())
    places = [ROOT, *(ROOT / name for name in ("runs", "static", "templates"))]
    lost = [name for name in named if not any((at / name).exists() for at in places)]
    assert lost == []
