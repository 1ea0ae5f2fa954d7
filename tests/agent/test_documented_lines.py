"""The lines of docs/user/compute.md for each engine, run as written."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from studio.core.compute_kinds import print_settings
from studio.sdk.client import Client
from tests.agent.cluster import STUDIO, Cluster
from tests.parts.clients import ROOT
from tests.parts.owner_token import owner_token
from tests.parts.server import Server

HEADINGS = {
    "slurm": "On a Slurm cluster",
    "ray": "On a Ray cluster",
    "ssh": "On a machine with SSH",
}


def lines_of(kind: str) -> list[str]:
    """Those that create a target, a token and an agent."""
    page = (ROOT / "docs/user/compute.md").read_text()
    section = page.partition(f"## {HEADINGS[kind]}\n")[2].partition("\n## ")[0]
    return re.findall(r"^studio (?:target|agent) .*$", section, re.MULTILINE)[:3]


def engine_of(
    kind: str, request: pytest.FixtureRequest
) -> tuple[Mapping[str, str], Mapping[str, Any]]:
    """Its variables, and settings of this place that the lines can't know."""
    engine = request.getfixturevalue({"ssh": "sshd"}.get(kind, kind))
    if kind == "ray":
        return {}, {"address": engine.address, "cpus": "0.1"}
    if kind == "ssh":
        request.addfinalizer(engine.end_jobs)
        return engine.variables, engine.settings()
    return engine.variables, {}


@pytest.mark.parametrize("kind", sorted(HEADINGS))
def test_the_documented_lines_run_as_written(
    kind: str, request: pytest.FixtureRequest, server: Server, tmp_path: Path
) -> None:
    create, token, agent = lines_of(kind)
    name = create.split()[3]
    variables, here = engine_of(kind, request)
    owner = Client(server.url, owner_token(server.home, {}), "default")
    cluster = Cluster(server, tmp_path, owner, name, "")
    (tmp_path / "studio").write_text(f'#!/bin/sh\nexec {" ".join(STUDIO)} "$@"\n')
    (tmp_path / "studio").chmod(0o755)
    environment = {**cluster.environment(), **variables}
    environment["PATH"] = f"{tmp_path}:{environment['PATH']}"
    environment["STUDIO_TOKEN"] = owner.token

    def run_line(line: str) -> str:
        words = ["bash", "-c", line]
        return subprocess.check_output(words, env=environment, cwd=tmp_path, text=True)

    run_line(create)
    if here:
        words = " ".join(f"--set {one}" for one in print_settings(here))
        run_line(f"studio target configure {name} {words}")
    found = re.search(r"rs_[\w-]+", run_line(token))
    assert found is not None
    agents = {**environment, "STUDIO_TOKEN": found[0]}
    process = subprocess.Popen(["bash", "-c", agent], env=agents, cwd=tmp_path)
    try:
        assert run_line(f"studio target preview {name}")
        printed = run_line(f"studio target test {name}")
        assert json.loads(printed)["status"] == "Completed"
    finally:
        process.terminate()
        process.wait(60)
        cluster.end()
