"""The agent's loop: takes queued runs, starts them, and watches them to their end.

It asks the server; the server never connects to it. Of the server's times it uses none,
and of its own clock only how much time passes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.agent.agent_api import AgentApi, Registration, TakenJob
from studio.agent.agent_folder import AgentFolder
from studio.agent.clock import boot_seconds
from studio.agent.engine_calls import EngineCalls
from studio.agent.executors import EngineReport, Executor
from studio.agent.held_job import JobEnvironment, Phase
from studio.agent.host import Gpu, gpus_per_slot
from studio.agent.job_slots import MIN_FREE_BYTES, JobSlots
from studio.agent.refusals import (
    FINAL_ERRORS,
    check_target,
    explain_refusal,
    explain_token,
)
from studio.agent.usage import SurveyReader, UsageReader
from studio.agent.wakeup import AgentSignals, Wakeup
from studio.core.compute_kinds import default_jobs
from studio.core.errors import (
    AlreadyExists,
    NotFound,
    PermissionDenied,
    SignInRequired,
    StudioError,
)
from studio.sdk.delivery import RetryPause
from studio.sdk.local_jobs import cache_folder
from studio.sdk.responses import is_temporary

#: How often the loop looks at its jobs, and asks for new ones.
TICK_SECONDS, TAKE_SECONDS = 0.25, 0.5
#: Minimum time between two heartbeats for what an engine says of jobs. The first one
#: is sent at once.
NEWS_SECONDS = 1.0
#: How soon an agent that could not register tries again.
REGISTER_SECONDS = 1.0
#: How long no job is taken if the agent's folder cannot be written.
BROKEN_FOLDER_SECONDS = 30.0
#: How long the name of an agent that was just lost is waited for: a new container has
#: another folder, and the server knows only after a while that the old one is gone.
NAME_SECONDS = 45.0
#: Minimum time between registrations with a server that does not know the agent.
REGISTER_AGAIN_SECONDS = 30.0
#: The exit code if the server removed the agent or revoked its token.
REFUSED = 4
#: What the first signal to the agent does.
ON_STOP = ("drain", "leave", "cancel")


@dataclass(frozen=True)
class AgentOptions:
    """The options of `studio agent`."""

    target: str
    name: str
    slots: int = 1
    #: The number was not given, so that an engine's target can set it.
    is_slots_default: bool = False
    #: End when nothing is queued, or the agent is drained, and nothing runs.
    is_once: bool = False
    #: How many folders of ended jobs are kept.
    keep: int = 20
    on_stop: str = "drain"
    #: The process that started the agent: its end is a signal to stop.
    parent: int | None = None
    #: With any, only these runs and those below them are taken.
    trees: Sequence[str] = ()


class Agent:
    """One agent, from its start to its end."""

    def __init__(
        self,
        api: AgentApi,
        folder: AgentFolder,
        create_executor: Callable[[str, Mapping[str, Any]], Executor],
        options: AgentOptions,
        *,
        host: Mapping[str, Any],
        gpus: Sequence[Gpu] = (),
        print_line: Callable[[str], None],
    ) -> None:
        """`create_executor` gets the kind of the agent's target, and its settings."""
        self._api, self._folder, self._options = api, folder, options
        self._host, self._print = dict(host), print_line
        self._create_executor = create_executor
        self._wakeup = Wakeup()
        #: Set when the agent is registered.
        self._slots: JobSlots
        self._survey: SurveyReader
        self._gpus, self._usage = gpus, UsageReader(gpus)
        self._signals = 0
        #: How many of them were followed.
        self._followed_signals = 0
        self._is_draining = self._is_leaving = self._is_canceling = False
        #: Drained by a member, who can also undo that.
        self._is_paused = False
        self._is_queue_empty = False
        self._heartbeat_seconds = 5.0
        self._next_heartbeat = self._next_take = -math.inf
        self._next_registration = self._next_look = -math.inf
        #: What the last heartbeat said of jobs in an engine.
        self._reported: dict[tuple[str, int], EngineReport] = {}
        self._pause = RetryPause()
        self._is_disk_full = False

    def run(self) -> int:
        """Register, and work until a signal or `is_once` ends it; the exit code.

        Raises StudioError if the server refuses the agent at its start.
        """
        with self._wakeup, AgentSignals(self._receive_signal, self._wakeup.set):
            found = self._wait_for_registration()
            if found is None:
                return 0
            self._prepare(found)
            while not self._is_finished():
                self._wakeup.wait(TICK_SECONDS)
                self._tick()
        return REFUSED if self._is_refused else 0

    def _prepare(self, found: Registration) -> None:
        """Raises StudioError for a target that this agent cannot serve."""
        if found.kind != "agents":
            # The engine has the GPUs, and a queue of its own.
            self._gpus = ()
            if self._options.is_slots_default:
                slots = default_jobs(found.kind, found.settings)
                self._options = replace(self._options, slots=slots)
                self._register()
        self._heartbeat_seconds = found.heartbeat_seconds
        executor = self._create_executor(found.kind, found.settings)
        self._survey = SurveyReader(executor.survey)
        shared = JobEnvironment(
            api=self._api,
            executor=executor,
            calls=EngineCalls(self._wakeup.set, executor.max_calls),
            print_line=self._print,
            wake=self._wakeup.set,
            clock=boot_seconds,
            cache_folder=str(cache_folder()),
            lease_seconds=found.lease_seconds,
            agent_name=self._options.name,
        )
        slots, gpus = self._options.slots, len(self._gpus)
        self._slots = JobSlots(
            shared, self._folder, slots=slots, keep=self._options.keep
        )
        if self._slots.jobs:
            self._print(f"{self._count_jobs()} of an earlier start found.")
        self._print(
            f"Agent {self._options.name} takes runs of {self._options.target} at "
            f"{self._api.client.url}, {slots} at a time. Ctrl-C stops it."
        )
        if gpus and not gpus_per_slot(gpus, slots):
            self._print(
                f"{_count(gpus, 'GPU')} cannot be divided among {slots} slots: each "
                "run can use all of them. Choose --slots so that it divides their "
                "number."
            )

    def _wait_for_registration(self) -> Registration | None:
        """Wait while the server is away; None if a signal ends that.

        Raises StudioError if the server refuses the agent.
        """
        begin = boot_seconds()
        while not self._signals:
            try:
                found = self._register()
            except StudioError as error:
                is_taken = isinstance(error, AlreadyExists)
                can_wait = is_taken and boot_seconds() < begin + NAME_SECONDS
                if isinstance(error, (PermissionDenied, SignInRequired)):
                    raise explain_token(error, self._options.target) from error
                if not (can_wait or is_temporary(error)):
                    raise
                self._wait_to_register(error)
                continue
            self._note_success()
            return found
        return None

    def _register(self) -> Registration:
        found = self._api.register(
            name=self._options.name,
            instance=self._folder.instance,
            slots=self._options.slots,
            host=self._host,
        )
        check_target(found, self._options.target)
        return found

    def _wait_to_register(self, error: StudioError) -> None:
        if self._pause.error is None:
            self._print(f"{error.message} Trying again.")
        self._pause.start(error)
        until = boot_seconds() + REGISTER_SECONDS
        while boot_seconds() < until and not self._signals:
            self._wakeup.wait(TICK_SECONDS)

    def _is_finished(self) -> bool:
        if self._is_leaving:
            return True
        is_idle = not self._slots.jobs
        if self._options.is_once and (self._is_queue_empty or self._is_paused):
            return is_idle
        return is_idle and (self._is_draining or self._is_refused)

    def _tick(self) -> None:
        now = boot_seconds()
        self._follow_signals(now)
        for job in self._slots.jobs:
            job.advance(now)
        if self._slots.drop_ended():
            # Their slots are free: the next runs start at once.
            self._next_take, self._is_queue_empty = -math.inf, False
        if self._pause.is_over and not self._is_leaving:
            try:
                self._talk_to_server(now)
            except NotFound as error:
                self._register_again(error, now)
            except StudioError as error:
                self._note_failure(error)

    def _register_again(self, error: NotFound, now: float) -> None:
        """The server does not know the agent, such as after a restored backup."""
        if now < self._next_registration:
            self._note_failure(error)
            return
        self._next_registration = now + REGISTER_AGAIN_SECONDS
        try:
            self._register()
        except StudioError as refusal:
            self._note_failure(refusal)
        else:
            self._note_success()
            self._next_heartbeat = -math.inf
            self._print("The server did not know this agent. It is registered again.")

    def _read_reports(self) -> dict[tuple[str, int], EngineReport]:
        """What the engine says of each job that it has."""
        found = ((job.key, job.describe()) for job in self._slots.jobs)
        return {key: report for key, report in found if report is not None}

    def _has_news(self, now: float) -> bool:
        """Whether the engine says something else than in the last heartbeat."""
        if now < self._next_look or self._read_reports() == self._reported:
            return False
        self._next_look = now + NEWS_SECONDS
        return True

    def _talk_to_server(self, now: float) -> None:
        """Send what is due. Raises StudioError."""
        if now >= self._next_heartbeat or self._has_news(now):
            self._heartbeat(now)
            self._note_success()
        if now >= self._next_take and self._can_take():
            self._next_take = boot_seconds() + TAKE_SECONDS
            self._take()
            self._note_success()

    def _heartbeat(self, now: float) -> None:
        held = {job.key: job for job in self._slots.jobs}
        self._reported = reports = self._read_reports()
        own = gpus_per_slot(len(self._gpus), self._options.slots)
        runs = {
            job.attempt.slot * own + number: job.attempt.run
            for job in self._slots.occupying
            for number in range(own)
        }
        orders = self._api.heartbeat(
            list(held),
            usage={**self._usage.read(runs), **self._survey.read()},
            is_draining=self._is_draining,
            reports=reports,
        )
        for verdict in orders.verdicts:
            job = held.get((verdict.run, verdict.attempt))
            # The lease counts from before the request was sent.
            if job is not None:
                job.follow(verdict, now)
        self._next_heartbeat = now + self._heartbeat_seconds
        if orders.is_to_drain != self._is_paused:
            self._is_paused = orders.is_to_drain
            reason = orders.reason or "A member drains this agent on the page Compute."
            self._print(
                f"{reason} It takes no more runs."
                if orders.is_to_drain
                else "This agent takes runs again."
            )

    def _can_take(self) -> bool:
        if self._is_draining or self._is_paused:
            # Runs that wait for their child runs end only if those run.
            is_waited_for = any(job.is_waiting for job in self._slots.jobs)
            if self._is_canceling or not is_waited_for:
                return False
        was_full = self._is_disk_full
        self._is_disk_full = not self._slots.has_space()
        if self._is_disk_full and not was_full:
            mib = MIN_FREE_BYTES // 2**20
            self._print(
                f"Less than {mib} MB are free for {self._folder.path}: no run is taken "
                "until there is more."
            )
        return not self._is_disk_full

    def _take(self) -> None:
        """Ask for jobs; the server adds the slots that waiting runs lend."""
        taken = self._api.take(
            self._options.slots - len(self._slots.occupying),
            [job.key for job in self._slots.jobs],
            trees=self._options.trees,
        )
        self._is_queue_empty = not taken
        held = {job.key for job in self._slots.jobs}
        for one in taken:
            if (one.run, one.attempt) not in held:
                self._accept(one)

    def _accept(self, taken: TakenJob) -> None:
        try:
            job = self._slots.accept(taken)
        except OSError as error:
            # Not in the next request's list, it is given out again.
            self._print(
                f"{self._folder.jobs} cannot be written ({error.strerror}): no run is "
                f"taken for {BROKEN_FOLDER_SECONDS:g} seconds."
            )
            self._next_take = boot_seconds() + BROKEN_FOLDER_SECONDS
            return
        self._print(f"Run {taken.run}: taken, attempt {taken.attempt}.")
        job.advance(boot_seconds())

    def _receive_signal(self) -> None:
        self._signals += 1
        self._wakeup.set()

    def _follow_signals(self, now: float) -> None:
        parent = self._options.parent
        if parent is not None and not self._signals and os.getppid() != parent:
            self._signals += 1
        while self._followed_signals < self._signals:
            self._followed_signals += 1
            is_first = self._followed_signals == 1
            if is_first and self._options.on_stop == "leave":
                self._leave()
            elif is_first and self._options.on_stop == "drain":
                self._drain()
            else:
                self._cancel_jobs(now)

    def _count_jobs(self) -> str:
        return _count(len(self._slots.jobs), "run")

    def _leave(self) -> None:
        self._is_leaving = True
        if running := sum(job.phase is Phase.RUNNING for job in self._slots.jobs):
            self._print(
                f"{_count(running, 'run')} left running: the next start finds them."
            )

    def _drain(self) -> None:
        self._is_draining = True
        self._next_heartbeat = -math.inf
        if self._slots.jobs:
            self._print(
                f"No more runs are taken. Waiting for {self._count_jobs()}; "
                "a second Ctrl-C cancels them."
            )

    def _cancel_jobs(self, now: float) -> None:
        self._is_draining = self._is_canceling = True
        if self._slots.jobs:
            self._print(f"Canceling {self._count_jobs()}.")
        for job in self._slots.jobs:
            job.cancel(now)

    @property
    def _is_refused(self) -> bool:
        """Whether it ends with its last run, unless the server accepts it again."""
        is_final = isinstance(self._pause.error, FINAL_ERRORS)
        return is_final or (self._options.is_once and self._pause.is_blocked)

    def _note_failure(self, error: StudioError) -> None:
        """Say once that the server is away or refuses; work goes on with what runs."""
        was_failing = self._pause.error is not None
        was_refused, was_blocked = self._is_refused, self._pause.is_blocked
        self._pause.start(error)
        if self._is_refused:
            if not was_refused:
                self._print(f"{explain_refusal(error)} No more runs are taken.")
        elif self._pause.is_blocked:
            if not was_blocked:
                self._print(f"{error.message} No runs are taken until this is fixed.")
        elif not was_failing:
            running = f" {self._count_jobs()} continue." if self._slots.jobs else ""
            self._print(f"{error.message} Trying again.{running}")

    def _note_success(self) -> None:
        if self._pause.error is not None:
            self._print("The server responds again.")
            self._pause = RetryPause()


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
