"""How soon a page shows what happens to its run in Slurm."""

from __future__ import annotations

import http.client
import random
import re
import shlex
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from tests.agent.cluster import Cluster
from tests.bench.compute.commands import fresh_cluster
from tests.bench.report import Report
from tests.parts.cookies import sign_in
from tests.parts.engines.slurm import Slurm
from tests.parts.waiting import becomes

LIMIT = "6 s"
_STATUS = re.compile(r'id="run-state".*?class="status">.*?</svg>([^<]+)<', re.DOTALL)
_RUN = re.compile(r'id="run" data-etag="([^"]*)" data-pace="(\d+)"')
#: Waits for a file, such as a script that ends at a moment that the bench knows.
SCRIPT = """
import pathlib, time
while not pathlib.Path({end!r}).exists(): time.sleep(0.02)
"""


class OpenPage:
    """The page of a run in a browser: its script polls at the page's own interval."""

    def __init__(self, cluster: Cluster, cookies: str, run: str) -> None:
        self.connection = http.client.HTTPConnection(
            urlsplit(cluster.server.url).netloc, timeout=60
        )
        self.path = f"/w/{cluster.owner.workspace}/runs/{run}/"
        self.headers = {"Cookie": cookies, "HX-Request": "true"}
        self.status, self.pace = "", 0.0
        self.next = time.time()

    def wait_for(self, is_shown: Callable[[str], bool]) -> float:
        """Poll until it shows such a status; the time when the response was there."""
        while not is_shown(self.status):
            time.sleep(max(0.0, self.next - time.time()))
            self._poll()
        return time.time()

    def _poll(self) -> None:
        self.connection.request("GET", self.path, headers=self.headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        if response.status == http.HTTPStatus.OK:
            [(etag, pace)] = _RUN.findall(text)
            [self.status] = _STATUS.findall(text)
            self.headers["If-None-Match"] = etag.replace("&quot;", '"')
            self.pace = float(pace)
        elif response.status != http.HTTPStatus.NOT_MODIFIED:
            raise RuntimeError(f"{self.path}: {response.status}")
        self.next = time.time() + self.pace


def measure_status_delay(slurm: Slurm, count: int, report: Report, others: int) -> None:
    """Change the state of jobs `count` times in each way; time what a page shows.

    The agent's user has as many other jobs as `others` says.
    """
    if others:
        array = ("--hold", f"--array=0-{others - 1}", "--comment=others")
        slurm.command("sbatch", *array, "--output=/dev/null", "--wrap=true")
    delays: dict[str, list[float]] = {}
    with fresh_cluster() as base:
        begun = base.folder / "begun"
        settings = {
            "partition": "main",
            "options": ["--hold"],
            "setup": [f"date +%s.%N >> {shlex.quote(str(begun))}"],
        }
        cluster = Cluster.create(
            base.server, base.folder, kind="slurm", settings=settings
        )
        scene = _Scene(slurm, cluster, sign_in(cluster.server), begun, delays)
        try:
            cluster.start_agent(variables=slurm.variables)
            for number in range(count):
                scene.change_states(number)
        finally:
            slurm.command("scancel", "--me", "--full", "--signal=KILL")
            cluster.end()
    for name, seconds in delays.items():
        report.add(
            f"{name}, with {others} other jobs",
            LIMIT,
            median_s=round(statistics.median(seconds), 1),
            max_s=round(max(seconds), 1),
        )


class _Scene:
    def __init__(
        self,
        slurm: Slurm,
        cluster: Cluster,
        cookies: str,
        begun: Path,
        delays: dict[str, list[float]],
    ) -> None:
        self.slurm, self.cluster, self.cookies = slurm, cluster, cookies
        self.begun, self.delays = begun, delays
        self.chance = random.Random(1)

    def change_states(self, number: int) -> None:
        page, job = self._hold_one(number)
        self._cancel("canceled while it waits", page, job)
        page, job = self._start_one(number)
        self._change("suspended", page, "Paused", "scontrol", "suspend", job)
        self._change("resumed", page, "Running", "scontrol", "resume", job)
        self._cancel("canceled while it runs", page, job)
        page, job = self._start_one(number)
        self._rest()
        at = time.time()
        self._end_file(number).touch()
        self._note("ends", at, page.wait_for(lambda status: status == "Completed"))
        self._end_file(number).unlink()

    def _end_file(self, number: int) -> Path:
        return self.cluster.folder / f"end-{number}"

    def _hold_one(self, number: int) -> tuple[OpenPage, str]:
        """A run whose job waits in Slurm, with its page and the job's number."""
        code = SCRIPT.format(end=str(self._end_file(number)))
        run = self.cluster.queue([sys.executable, "-c", code])
        found: list[str] = []

        def has_job() -> bool:
            job = self.cluster.owner.get(f"runs/{run}/job")
            found[:] = [str(job["engine_job"])]
            return "PENDING" in job["engine_message"]

        assert becomes(has_job), self.cluster.log
        page = OpenPage(self.cluster, self.cookies, run)
        page.wait_for(lambda status: status == "Queued")
        return page, found[0]

    def _start_one(self, number: int) -> tuple[OpenPage, str]:
        page, job = self._hold_one(number)
        self._rest()
        self.begun.unlink(missing_ok=True)
        self.slurm.command("scontrol", "release", job)
        shown = page.wait_for(lambda status: status != "Queued")
        self._note("starts", float(self.begun.read_text()), shown)
        page.wait_for(lambda status: status == "Running")
        return page, job

    def _rest(self) -> None:
        # The change comes at any moment between two polls.
        time.sleep(2 + 3 * self.chance.random())

    def _cancel(self, name: str, page: OpenPage, job: str) -> None:
        self._change(name, page, "Canceled", "scancel", job)

    def _change(self, name: str, page: OpenPage, wanted: str, *words: str) -> None:
        self._rest()
        self.slurm.command(*words)
        at = time.time()
        self._note(name, at, page.wait_for(lambda status: status == wanted))

    def _note(self, name: str, changed: float, shown: float) -> None:
        self.delays.setdefault(f"a job {name}", []).append(shown - changed)
