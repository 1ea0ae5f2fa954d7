"""Write requirements.txt again: `python .ci/pin.py` after a change of pyproject.toml.

The environments of the MLflow clients (clients/*.in) and of engines (engines/*.in) are
pinned with it.

Direct dependencies keep the sentence of reason that stands above each; a new one gets
none, and .ci/checks.py fails until you write one.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.txt"
EXTRAS = ("server", "postgres", "parquet", "tables", "bayesian", "test", "demo")
HEAD = """\
# Everything that the server, its extras, its tests and the demonstration need, pinned.
# Written by `python .ci/pin.py` from pyproject.toml; the reasons are kept.
"""


def name_of(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


def direct() -> set[str]:
    """The names that pyproject.toml asks for, in this project's spelling."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in EXTRAS:
        wanted += project["optional-dependencies"][extra]
    return {name_of(item) for item in wanted}


def reasons() -> dict[str, str]:
    """The comment above each pinned name of today's requirements.txt."""
    kept: dict[str, str] = {}
    above: list[str] = []
    lines = REQUIREMENTS.read_text().splitlines() if REQUIREMENTS.exists() else []
    for line in lines:
        if line.startswith("# "):
            above.append(line)
            continue
        if above and "==" in line:
            kept.setdefault(name_of(line), "\n".join(above))
        above = []
    return kept


def resolve(source: str, *extras: str) -> list[str]:
    """Pins that fit every supported Python on every platform."""
    command = ["uv", "pip", "compile", source, "--universal", "--quiet"]
    command += ["--python-version", "3.11", "--fork-strategy", "fewest"]
    command += ["--no-annotate", "--no-header", "--upgrade"]
    for extra in extras:
        command += ["--extra", extra]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return [line for line in done.stdout.splitlines() if "==" in line]


def pin_environments() -> None:
    found = [*(ROOT / ".ci/clients").glob("*.in"), *(ROOT / ".ci/engines").glob("*.in")]
    for source in sorted(found):
        pins = [f"# Written by `python .ci/pin.py` from {source.name}", ""]
        pins += resolve(str(source))
        source.with_suffix(".txt").write_text("\n".join(pins) + "\n")


def pin_requirements() -> None:
    named, kept = direct(), reasons()
    chosen: list[str] = []
    rest: list[str] = []
    for pin in resolve("pyproject.toml", *EXTRAS):
        name = name_of(pin)
        if name in named:
            chosen += ["", *filter(None, [kept.get(name)]), pin]
        else:
            rest.append(pin)
    own = f"-e .[{','.join(EXTRAS)}]"
    parts = [HEAD.rstrip(), *chosen, "", "# What those need in turn", "", *rest]
    REQUIREMENTS.write_text("\n".join([*parts, "", own]) + "\n")


def main() -> int:
    pin_requirements()
    pin_environments()
    return 0


if __name__ == "__main__":
    sys.exit(main())
