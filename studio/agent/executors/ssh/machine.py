"""One machine: connects when needed, and brings its jobs forward step by step."""

from __future__ import annotations

import contextlib
import json
import tarfile
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from studio.agent.executors.executor import (
    EngineReport,
    EngineSurvey,
    EngineUnavailable,
    SubmissionRefused,
)
from studio.agent.executors.ssh.job_place import SCRIPT_FILE
from studio.agent.executors.ssh.link import MachineLink
from studio.agent.executors.ssh.remote_job import RemoteJob, Step, Wish
from studio.agent.host import gpus_per_slot
from studio.core.compute_kinds import EndCode, EngineState, ssh_script
from studio.core.job_files import (
    CODE_FOLDER,
    END_FILE,
    JOB_FILE,
    read_end,
    read_stop_request,
)
from studio.core.private_files import write_private

#: How long a job that the machine does not know is looked for.
UNKNOWN_SECONDS = 600.0


class Machine:
    """Used by one thread; `error` is why the machine can't be reached, or empty."""

    def __init__(self, settings: Mapping[str, Any], runner: Sequence[str]) -> None:
        self._settings, self._runner = dict(settings), tuple(runner)
        self.host = str(settings.get("host", ""))
        self._link: MachineLink | None = None
        self.error = ""
        #: None until the machine was asked.
        self.survey: EngineSurvey | None = None

    def disconnect(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

    def advance(self, jobs: Sequence[RemoteJob], changed: threading.Condition) -> None:
        """Do what the jobs need now. `changed` guards them, and tells of changes."""
        was_connected = self._link is not None
        error = self._try_to_advance(jobs, changed)
        if error and was_connected:
            # One lost connection does not mean that there can be no other.
            error = self._try_to_advance(jobs, changed)
        with changed:
            self.error = error
            if error:
                self.survey = EngineSurvey(problem=error)
            for job in jobs:
                # Nothing of it is there, so nothing must be ended there.
                if error and job.wish is not Wish.NONE and self._is_only_here(job):
                    self._end(job, EndCode.CANCELED.value, "")
            changed.notify_all()

    def _try_to_advance(
        self, jobs: Sequence[RemoteJob], changed: threading.Condition
    ) -> str:
        """Why it failed; empty if all was done."""
        try:
            if self._link is None:
                self._link = MachineLink(self._settings)
            for job in jobs:
                self._advance(self._link, job, changed)
            self._read_states(self._link, jobs, changed)
            if self.survey is None:
                self._take_survey(self._link)
        except (OSError, ValueError, LookupError, TypeError) as failure:
            # A reply that makes no sense is no reply.
            self.disconnect()
            if isinstance(failure, SubmissionRefused):
                self._refuse(jobs, str(failure), changed)
            return str(failure)
        return ""

    def _advance(
        self, link: MachineLink, job: RemoteJob, changed: threading.Condition
    ) -> None:
        if job.step is Step.ENDED:
            return
        if job.wish is not Wish.NONE and self._is_only_here(job):
            with changed:
                self._end(job, EndCode.CANCELED.value, "")
        elif job.wish is Wish.FORCE:
            self._force(link, job, changed)
        elif job.is_left:
            self._find(link, job, changed)
        elif job.step is Step.WAITING:
            self._start(link, job, changed)
        if job.wish is Wish.STOP and job.step is Step.STARTED:
            self._ask_to_stop(link, job, changed)

    def _is_only_here(self, job: RemoteJob) -> bool:
        return job.step is Step.WAITING and not job.is_uncertain

    def _force(
        self, link: MachineLink, job: RemoteJob, changed: threading.Condition
    ) -> None:
        request = {"verb": "stop", "name": job.name, "force": True, "stop": {}}
        reply = link.request(request)
        if "error" in reply:
            raise EngineUnavailable(f"{self.host}: {reply['error']}")
        link.request({"verb": "forget", "name": job.name})
        with changed:
            self._end(job, "", "")
            changed.notify_all()

    def _ask_to_stop(
        self, link: MachineLink, job: RemoteJob, changed: threading.Condition
    ) -> None:
        stop = read_stop_request(job.folder)
        request = {"verb": "stop", "name": job.name, "force": False, "stop": stop}
        # While it is being prepared there is nothing that could end in order.
        if link.request(request).get("state") == "running":
            with changed:
                # A wish that came since then stays.
                if job.wish is Wish.STOP:
                    job.wish = Wish.NONE

    def _start(
        self, link: MachineLink, job: RemoteJob, changed: threading.Condition
    ) -> None:
        with tempfile.TemporaryFile() as payload:
            self._pack(job, payload)
            job.is_uncertain = True
            reply = link.request({"verb": "start", "name": job.name}, payload)
        with changed:
            if "error" in reply:
                text = f"{self.host}: {reply['error']}"
                self._end(job, EndCode.LAUNCH_FAILED.value, text)
            else:
                self._note_start(job, reply)

    def _note_start(self, job: RemoteJob, found: Mapping[str, Any]) -> None:
        job.step, job.is_left = Step.STARTED, False
        with contextlib.suppress(OSError):
            job.save()
            # It has the job's secrets.
            (job.folder / JOB_FILE).unlink(missing_ok=True)
        self._note(job, found)

    def _find(
        self, link: MachineLink, job: RemoteJob, changed: threading.Condition
    ) -> None:
        """Go on with a job that an earlier agent sent, or make sure that it did not.

        Too late for a start: another attempt can have begun since.
        """
        found = link.request({"verb": "status", "names": [job.name]})["jobs"][job.name]
        if found["state"] in ("missing", "unstarted"):
            self._force(link, job, changed)
            return
        with changed:
            self._note_start(job, found)

    def _pack(self, job: RemoteJob, target: Any) -> None:
        """Write what the machine needs. Raises OSError."""
        text = ssh_script(self._settings, self._runner, self._devices(job.slot))
        with tarfile.open(fileobj=target, mode="w") as archive:
            archive.add(job.folder / JOB_FILE, JOB_FILE, filter=_without_owner)
            archive.add(job.folder / CODE_FOLDER, CODE_FOLDER, filter=_without_owner)
            with tempfile.NamedTemporaryFile() as script:
                script.write(text.encode())
                script.flush()
                archive.add(script.name, SCRIPT_FILE, filter=_without_owner)

    def _devices(self, slot: int) -> str:
        """The GPUs of a slot; empty if all runs share them."""
        count = int(self._settings.get("gpus", 0))
        own = gpus_per_slot(count, int(self._settings.get("max_jobs", 1)))
        return ",".join(str(slot * own + number) for number in range(own))

    def _read_states(
        self,
        link: MachineLink,
        jobs: Sequence[RemoteJob],
        changed: threading.Condition,
    ) -> None:
        started = {job.name: job for job in jobs if job.step is Step.STARTED}
        if not started:
            return
        reply = link.request({"verb": "status", "names": list(started)})
        if "error" in reply:
            raise EngineUnavailable(f"{self.host}: {reply['error']}")
        for name, found in reply["jobs"].items():
            if found["state"] == "ended":
                self._keep_end(started[name], found)
                link.request({"verb": "forget", "name": name})
            with changed:
                self._note(started[name], found)
                changed.notify_all()

    def _take_survey(self, link: MachineLink) -> None:
        found = link.request({"verb": "survey"})
        cpus, busy = int(found["cpus"]), round(float(found["load"]))
        self.survey = EngineSurvey(
            f"Python {found['python']}", "CPUs", cpus, min(busy, cpus)
        )

    def _keep_end(self, job: RemoteJob, found: Mapping[str, Any]) -> None:
        """Write what its runner reported at its end, as if it had run here."""
        if not found.get("end"):
            return
        with contextlib.suppress(OSError):
            write_private(job.folder / END_FILE, json.dumps(found["end"]))
            try:
                read_end(job.folder)
            except KeyError:
                (job.folder / END_FILE).unlink()

    def _note(self, job: RemoteJob, found: Mapping[str, Any]) -> None:
        """Follow the state that the machine reports."""
        state = found["state"]
        job.pid = str(found.get("pid") or job.pid)
        if state == "ended":
            code, text = str(found.get("code", "")), str(found.get("message", ""))
            self._end(job, code, f"{self.host}: {text}" if text else "")
        elif state in ("missing", "unstarted"):
            self._note_missing(job)
        else:
            job.missing_since = None
            is_running = state == "running"
            now = EngineState.RUNNING if is_running else EngineState.PREPARING
            job.report = EngineReport(job.pid, now)

    def _note_missing(self, job: RemoteJob) -> None:
        if _has_end(job):
            # The agent before this one, which still ran, kept the end and let the
            # machine forget the job.
            self._end(job, "", "")
            return
        text = f"{self.host} does not know the run: its folder was deleted."
        now = time.monotonic()
        job.missing_since = now if job.missing_since is None else job.missing_since
        job.report = EngineReport(job.pid, EngineState.UNKNOWN, text)
        if now - job.missing_since > UNKNOWN_SECONDS:
            self._end(job, EndCode.UNKNOWN_JOB.value, text)

    def _refuse(
        self, jobs: Sequence[RemoteJob], words: str, changed: threading.Condition
    ) -> None:
        """Those that were not sent can't be started."""
        with changed:
            for job in jobs:
                if self._is_only_here(job):
                    self._end(job, EndCode.LAUNCH_FAILED.value, words)

    def _end(self, job: RemoteJob, code: str, message: str) -> None:
        job.end(code, message)
        with contextlib.suppress(OSError):
            job.save()


def _has_end(job: RemoteJob) -> bool:
    try:
        return read_end(job.folder) is not None
    except (OSError, KeyError):
        return False


def _without_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
