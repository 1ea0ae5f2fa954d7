"""The table of names in docs/user/sdk.md has what the package `azureml` has."""

from __future__ import annotations

from studio.compat.alternatives import ALTERNATIVES, Alternative
from studio.compat.unavailable import HELP_SECTION
from tests.parts.clients import ROOT

PAGE = (ROOT / "docs/user/sdk.md").read_text(encoding="utf-8")


def _row(one: Alternative) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.packages, *one.names))
    instead = one.instead[0].upper() + one.instead[1:]
    return f"| {one.subject} | {names} | {instead} |"


def test_the_page_has_what_to_do_instead_of_every_name() -> None:
    """The error of each use links to this section."""
    heading = HELP_SECTION.replace("-", " ").capitalize()
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = "\n".join(_row(one) for one in ALTERNATIVES)
    assert rows in section, f"The table must be:\n{rows}"
