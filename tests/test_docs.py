"""The documents say what the code does: these fail when they fall behind."""

import re
from pathlib import Path

import pytest

from studio.settings.environment import VARIABLES

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_every_setting_is_explained_and_no_other() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    explained = re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)
    assert sorted(explained) == sorted(VARIABLES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_ci_runs_the_commands_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text().splitlines()
    install = "pip install -r requirements.txt && python manage.py studio"
    assert f"python3 -m venv .venv && . .venv/bin/activate && {install}" in readme
    assert "python -m pytest" in readme


def test_the_examples_are_python() -> None:
    for page in ("README.md", "docs/sdk.md"):
        scripts = re.findall(
            r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL
        )
        assert scripts
        for script in scripts:
            compile(script, page, "exec")
