"""A job that an agent has, from the moment it is taken until its end is reported.

The agent's loop calls `advance`, which never waits: what takes long (the download, the
delivery of what is left) is done by a thread of the job, or by those of the executor.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import ClassVar

from studio.agent.agent_api import AgentApi, JobVerdict, TakenJob
from studio.agent.engine_calls import EngineCall, EngineCalls
from studio.agent.executors import (
    EngineReport,
    EngineUnavailable,
    Executor,
    JobState,
    StartWithdrawn,
    SubmissionPostponed,
    SubmissionRefused,
)
from studio.agent.job_folder import Attempt, JobFolder
from studio.agent.leftovers import (
    deliver_leftovers,
    has_leftovers,
    upload_engine_log,
)
from studio.agent.working_copy import fetch_working_copy
from studio.core.cancel_signals import KILL_AFTER_SECONDS
from studio.core.compute_kinds import EndCode, EngineState
from studio.core.errors import StudioError
from studio.core.job_files import (
    LOST,
    JobFile,
    read_end,
    read_stop_reason,
    write_job,
    write_stop_reason,
)
from studio.core.statuses import RunStatus
from studio.sdk.client import Client
from studio.sdk.delivery import RetryPause
from studio.sdk.responses import is_temporary

#: The end of an attempt that was not started: it does not count as a loss.
RETURNED = "returned"
#: A runner that hears of a cancel itself has so long until the agent tells it, too.
CANCEL_GRACE_SECONDS = 15.0
#: How long a runner has to kill its script and to report that.
FORCE_GRACE_SECONDS = 10.0
#: How long a runner has to end whose run has ended on the server: a script that calls
#: `run.fail()` can still clean up, and its outputs are uploaded.
END_GRACE_SECONDS = KILL_AFTER_SECONDS
#: A job is not started this short before others could get it.
LEASE_MARGIN_SECONDS = 20.0
#: How soon a start is tried again if the engine can't be reached.
START_AGAIN_SECONDS = 5.0
#: How soon, if it takes no more jobs now.
POSTPONED_SECONDS = 10.0
#: How long one attempt to deliver a job's leftovers takes at most.
DELIVERY_SECONDS = 30.0


class Phase(Enum):
    """The steps of a job, in their order."""

    FETCHING = "fetching"
    READY = "ready"
    RUNNING = "running"
    DELIVERING = "delivering"
    REPORTING = "reporting"
    DONE = "done"


#: In these the job has a slot.
OCCUPYING = frozenset({Phase.FETCHING, Phase.READY, Phase.RUNNING})


@dataclass(frozen=True)
class JobEnvironment:
    """What all jobs of an agent share."""

    api: AgentApi
    executor: Executor
    calls: EngineCalls
    print_line: Callable[[str], None]
    #: Wakes the agent's loop.
    wake: Callable[[], None]
    #: A clock that only goes forward, also while the machine sleeps.
    clock: Callable[[], float]
    cache_folder: str
    lease_seconds: float = 120.0
    agent_name: str = ""


class HeldJob:
    """One attempt of a run on this agent."""

    def __init__(
        self,
        shared: JobEnvironment,
        folder: JobFolder,
        attempt: Attempt,
        taken: TakenJob | None = None,
    ) -> None:
        """A job that was taken now, or without `taken` one that was started before."""
        self.shared, self.folder, self.attempt = shared, folder, attempt
        self._taken = taken
        self.phase = Phase.RUNNING if taken is None else Phase.FETCHING
        self.is_waiting = False
        #: When the server last said that the job is this agent's.
        self.confirmed = shared.clock()
        self.outcome, self.message = "", ""
        self._is_lost = self._is_asked_to_stop = False
        self._cancel_at: float | None = None
        self._force_at: float | None = None
        self._end_at: float | None = None
        self._start_at = -math.inf
        #: Why the engine could not be reached; empty after the start.
        self._engine_error = ""
        self._thread: threading.Thread | None = None
        self._error: Exception | None = None
        #: A start, or a forced stop, and what follows that.
        self._call: EngineCall | None = None
        self._after_stop: Callable[[], None] | None = None
        self._is_log_sent = not shared.executor.log_name
        self._pause = RetryPause()

    @property
    def key(self) -> tuple[str, int]:
        return self.attempt.run, self.attempt.attempt

    @property
    def is_occupying(self) -> bool:
        return self.phase in OCCUPYING

    def describe(self) -> EngineReport | None:
        """What the engine says of the job; None without one, or before the start."""
        if self.phase is Phase.RUNNING:
            return self.shared.executor.describe(self.attempt.handle)
        if self.phase is Phase.READY and self._engine_error:
            return EngineReport("", EngineState.QUEUED, self._engine_error)
        return None

    def follow(self, verdict: JobVerdict, now: float) -> None:
        """Do what the server says of the job."""
        self.is_waiting = verdict.is_waiting
        if verdict.state == "lost":
            self._is_lost = True
            return
        self.confirmed = now
        if verdict.state == "ended" and self._end_at is None:
            self._end_at = now + END_GRACE_SECONDS
        if verdict.state in ("cancel", "force") and self._cancel_at is None:
            self._cancel_at = now + CANCEL_GRACE_SECONDS
        if verdict.state == "force" and self._force_at is None:
            self._force_at = now + FORCE_GRACE_SECONDS

    def cancel(self, now: float) -> None:
        """End it because the agent ends. A job that was not started is given back."""
        is_unstarted = self.phase in (Phase.FETCHING, Phase.READY)
        if is_unstarted and self._withdraw_start():
            self._report(RETURNED, "The agent ended before it started the run.")
        elif self.is_occupying and self._cancel_at is None:
            text = f"The agent {self.shared.agent_name} was stopped. Resubmit the run."
            # Without space for the file, the run is canceled all the same.
            with contextlib.suppress(OSError):
                write_stop_reason(self.folder.path, text)
        self._cancel_at = now

    def advance(self, now: float) -> None:
        """Do the next step, if there is one."""
        before = None
        while before is not self.phase:
            before = self.phase
            self._STEPS[self.phase](self, now)

    def _fetch(self, _now: float) -> None:
        if self._thread is None:
            self._start_thread(self._fetch_sources)
        elif not self._thread.is_alive():
            self._thread = None
            if self._is_lost:
                self._drop()
            elif self._error is not None:
                self._end_unstarted(self._error)
            else:
                self.phase = Phase.READY

    def _fetch_sources(self) -> None:
        taken = self._taken
        assert taken is not None
        if taken.snapshot:
            client = self._run_client(attempts=1000)
            fetch_working_copy(client, taken.run, self.folder.code)

    def _end_unstarted(self, error: Exception) -> None:
        # Another machine can have what this one lacks.
        outcome = "Failed" if isinstance(error, StudioError) else "lost"
        text = error.message if isinstance(error, StudioError) else str(error)
        self._report(outcome, f"The run could not be started: {text}")

    def _start(self, now: float) -> None:
        if self._call is not None and self._call.is_done:
            call, self._call = self._call, None
            self._note_start(call, now)
            return
        if self._is_lost or not self._has_lease(0, now):
            if self._withdraw_start():
                self._drop()
        elif self._cancel_at is not None:
            if self._withdraw_start():
                self._report("Canceled", "")
        elif self._call is None and now >= self._start_at:
            self._begin_start(now)

    def _has_lease(self, margin: float, now: float) -> bool:
        return now - self.confirmed <= self.shared.lease_seconds - margin

    def _withdraw_start(self) -> bool:
        """Whether the start is not under way, and never will be."""
        if self._call is None:
            return True
        is_withdrawn = self.shared.calls.withdraw(self._call)
        if is_withdrawn:
            self._call = None
        return is_withdrawn

    def _begin_start(self, now: float) -> None:
        # Another agent could have it soon; the next heartbeat tells.
        if self._has_lease(LEASE_MARGIN_SECONDS, now):
            self._call = self.shared.calls.begin(self._start_runner)
            if self._call.is_done:
                self._start(now)

    def _start_runner(self) -> None:
        # The calls of other jobs can have taken long.
        if self._may_start():
            write_job(self.folder.path, self._job_file())
            handle = self.shared.executor.start(
                self.folder.path, self.attempt.slot, may_start=self._may_start
            )
            self.attempt = replace(self.attempt, handle=handle)
            self.folder.write_attempt(self.attempt)

    def _may_start(self) -> bool:
        """Whether no one else can get the job, and no one has canceled it."""
        has_lease = self._has_lease(LEASE_MARGIN_SECONDS, self.shared.clock())
        return has_lease and not self._is_lost and self._cancel_at is None

    def _note_start(self, call: EngineCall, now: float) -> None:
        try:
            call.check()
        except EngineUnavailable as error:
            # It stays in the queue there too, until the engine is back.
            self._start_at = now + START_AGAIN_SECONDS
            self._engine_error = f"The engine can't be reached: {error}"
            return
        except SubmissionPostponed as error:
            self._start_at = now + POSTPONED_SECONDS
            self._engine_error = f"The engine takes no more jobs now: {error}"
            return
        except StartWithdrawn:
            # The next step gives it up, or starts it again.
            return
        except SubmissionRefused as error:
            self._report("Failed", f"{EndCode.LAUNCH_FAILED}: {error}")
            return
        except OSError as error:
            self._end_unstarted(error)
            return
        if self.attempt.handle:
            self._taken, self._engine_error = None, ""
            self.phase = Phase.RUNNING

    def _job_file(self) -> JobFile:
        taken, client = self._taken, self.shared.api.client
        assert taken is not None
        job = JobFile(
            url=client.url,
            workspace=client.workspace,
            run=taken.run,
            experiment=taken.experiment,
            definition=dict(taken.definition),
            token=taken.token,
            secrets=dict(taken.secrets),
            attempt=taken.attempt,
            launcher="agent",
            lease_seconds=self.shared.lease_seconds,
            cache_folder=self.shared.cache_folder,
        )
        if taken.terminate_after is not None:
            job = replace(job, terminate_after=taken.terminate_after)
        if taken.kill_after is not None:
            job = replace(job, kill_after=taken.kill_after)
        return job

    def _watch(self, now: float) -> None:
        if self._after_stop is not None:
            self._go_on_after_stop(self._after_stop)
            return
        executor, handle = self.shared.executor, self.attempt.handle
        is_over = self._end_at is not None and now > self._end_at
        if self._is_lost or is_over:
            self._force_stop(self._drop)
        elif self._force_at is not None and now > self._force_at:
            text = "The run was killed."
            self._force_stop(lambda: self._end_running("Canceled", text))
        elif executor.poll(handle) is JobState.ENDED:
            # What the script left in the background ends with the run.
            self._force_stop(self._note_end)
        elif self._cancel_at is not None and (
            now > self._cancel_at or self._waits_in_engine()
        ):
            self._ask_to_stop()

    def _force_stop(self, then: Callable[[], None]) -> None:
        self._after_stop = then
        self._call = self._begin_stop(force=True)
        self._go_on_after_stop(then)

    def _go_on_after_stop(self, then: Callable[[], None]) -> None:
        if self._call is not None and self._call.is_done:
            call, self._call, self._after_stop = self._call, None, None
            call.check()
            then()

    def _begin_stop(self, *, force: bool) -> EngineCall:
        executor, handle = self.shared.executor, self.attempt.handle
        return self.shared.calls.begin(
            lambda: executor.stop(handle, force=force), is_urgent=True
        )

    def _note_end(self) -> None:
        end = read_end(self.folder.path)
        reason = read_stop_reason(self.folder.path)
        if end is None:
            self._end_without_runner()
        elif end.status == LOST:
            text = reason or "Its runner could not reach the server."
            self._end_running("lost", text)
        else:
            self.shared.print_line(f"Run {self.attempt.run}: {end.status}.")
            if end.status != RunStatus.CANCELED:
                reason = ""
            self._end_running("" if end.is_delivered else end.status, reason)

    def _end_without_runner(self) -> None:
        report = self.shared.executor.describe(self.attempt.handle)
        if report is None or not report.code:
            text = "The process that watches the run's script was killed."
            words = f" {report.message}" if report and report.message else ""
            self._end_running("lost", text + words)
        elif report.can_repeat:
            self._end_running("lost", f"{report.code}: {report.message}")
        elif report.code == EndCode.CANCELED:
            # Without a request of the server, it was canceled by other means.
            is_ours = self._cancel_at is not None
            text = "" if is_ours else f"It was canceled there. {report.message}"
            self._end_running("Canceled", text)
        else:
            self._end_running("Failed", f"{report.code}: {report.message}")

    def _waits_in_engine(self) -> bool:
        """Whether no runner is there yet that could hear of a cancel itself."""
        report = self.describe()
        return report is not None and report.state is EngineState.QUEUED

    def _ask_to_stop(self) -> None:
        if not self._is_asked_to_stop:
            self._is_asked_to_stop = True
            self._begin_stop(force=False)

    def _end_running(self, outcome: str, message: str) -> None:
        """The runner has ended; an empty outcome is one that the server knows."""
        self.folder.delete_job()
        self.outcome, self.message = outcome, message
        self.phase = Phase.DELIVERING

    def _deliver(self, _now: float) -> None:
        if self._thread is not None and self._thread.is_alive():
            return
        was_tried, self._thread = self._thread is not None, None
        is_done = self._is_log_sent and not has_leftovers(self.folder.spool)
        # The next attempt of a lost run does not wait long for the log of this one.
        if is_done or self._is_lost or (was_tried and self.outcome == "lost"):
            self._report(self.outcome, self.message)
        elif self._pause.is_over:
            self._start_thread(self._deliver_once)

    def _deliver_once(self) -> None:
        if not self._is_log_sent:
            self._is_log_sent = True
            engine_log = self.folder.path / self.shared.executor.log_name
            upload_engine_log(self._run_client(attempts=2), *self.key, engine_log)
        is_complete = deliver_leftovers(
            self.folder.spool,
            self._run_client(attempts=1),
            self.attempt.run,
            is_lost=self.outcome == "lost",
            seconds=DELIVERY_SECONDS,
        )
        if is_complete and has_leftovers(self.folder.spool):
            # What the server refuses stays in the folder, and is not tried again.
            place = self.folder.close_spool()
            self.shared.print_line(
                f"Run {self.attempt.run}: the server refused a part of what was "
                f"logged. It stays in {place} for a day."
            )

    def _report(self, outcome: str, message: str) -> None:
        self.outcome, self.message = outcome, message
        self.phase = Phase.REPORTING if outcome else Phase.DONE
        if not outcome:
            self._finish()

    def _send_report(self, _now: float) -> None:
        if self._is_lost:
            self._drop()
            return
        if not self._pause.is_over:
            return
        try:
            self.shared.api.end(*self.key, self.outcome, self.message)
        except StudioError as error:
            if is_temporary(error):
                self._pause.start(error)
                return
        # Another error says that the server knows the end, or has another attempt.
        self.shared.print_line(self._describe_end())
        self.phase = Phase.DONE
        self._finish()

    def _describe_end(self) -> str:
        if self.outcome in ("lost", RETURNED):
            return f"Run {self.attempt.run} goes back to the queue: {self.message}"
        return (
            f"Run {self.attempt.run}: {self.outcome} was reported. {self.message}"
        ).rstrip()

    def _drop(self) -> None:
        self.shared.print_line(
            f"Run {self.attempt.run} is no longer this agent's; it was stopped here."
        )
        self.phase = Phase.DONE
        self._finish()

    def _finish(self) -> None:
        """Keep no secret of a job that has ended."""
        self._taken = None
        try:
            self.folder.delete_job()
            self.attempt = replace(self.attempt, token="")
            self.folder.write_attempt(self.attempt)
        except OSError:
            self.folder.remove()

    def _run_client(self, *, attempts: int) -> Client:
        agent = self.shared.api.client
        return Client(agent.url, self.attempt.token, agent.workspace, attempts=attempts)

    def _start_thread(self, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except (StudioError, OSError) as error:
                self._error = error
            self.shared.wake()

        self._error = None
        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def _rest(self, _now: float) -> None:
        """Nothing is left to do."""

    _STEPS: ClassVar[Mapping[Phase, Callable[[HeldJob, float], None]]] = {
        Phase.FETCHING: _fetch,
        Phase.READY: _start,
        Phase.RUNNING: _watch,
        Phase.DELIVERING: _deliver,
        Phase.REPORTING: _send_report,
        Phase.DONE: _rest,
    }
