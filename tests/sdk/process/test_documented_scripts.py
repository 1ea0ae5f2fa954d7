"""The scripts of `docs/user/cancel.md`, each canceled as the page says."""

from __future__ import annotations

import re

import pytest

from tests.parts.clients import ROOT
from tests.sdk.process.script import client_of, start, wait_for
from tests.sdk.process.test_cancel import ended
from tests.sdk.user import User

PAGE = (ROOT / "docs/user/cancel.md").read_text()
SCRIPTS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
MAIN = "\nprint('run', run.id, flush=True)\n"


@pytest.mark.parametrize(
    ("number", "left"),
    [
        (0, "outputs/checkpoint.txt"),
        # The loop can see the request before the exception comes.
        (1, "stops after this epoch|ended after|RunCanceled"),
        (2, "cleaned"),
    ],
)
def test_a_documented_script_reacts_to_a_cancel(
    user: User, number: int, left: str
) -> None:
    code = SCRIPTS[number].replace(
        "run = Run.get_context()\n", f"run = Run.get_context(){MAIN}"
    )
    script = start(user, code)
    run_id, client = script.wait_line("run "), client_of(user)
    wait_for(lambda: client.get(f"runs/{run_id}/metrics")["metrics"], "points")
    client.post(f"runs/{run_id}/cancel", {})
    script.wait()
    assert ended(user, run_id) == "Canceled", script.said()
    files = client.get(f"runs/{run_id}/files")
    metrics = client.get(f"runs/{run_id}/metrics")
    assert re.search(left, f"{files} {metrics} {script.said()}")
