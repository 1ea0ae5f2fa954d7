"""The jobs of an agent: those in its slots, and the folders of ended ones."""

from __future__ import annotations

from dataclasses import replace

from studio.agent.agent_api import TakenJob
from studio.agent.agent_folder import AgentFolder
from studio.agent.held_job import HeldJob, JobEnvironment, Phase
from studio.agent.job_folder import Attempt, JobFolder

#: With less free space no job is taken.
MIN_FREE_BYTES = 200 * 1024 * 1024


class JobSlots:
    """The jobs that an agent has, each in a slot, and the folders of ended jobs."""

    def __init__(
        self, shared: JobEnvironment, folder: AgentFolder, *, slots: int, keep: int
    ) -> None:
        """Find the jobs that an agent with this folder started before it ended.

        `keep` is how many folders of ended jobs are kept.
        """
        self._shared, self._folder = shared, folder
        self._slots, self._keep = slots, keep
        self.jobs: list[HeldJob] = []
        self._ended: list[JobFolder] = []
        for job_folder in folder.list_jobs():
            self._find_earlier_job(job_folder)

    def _find_earlier_job(self, folder: JobFolder) -> None:
        attempt = folder.read_attempt()
        if attempt is None:
            folder.remove()
        elif not attempt.token:
            self._ended.append(folder)
        elif handle := self._shared.executor.find(folder.path):
            attempt = replace(attempt, handle=handle)
            self.jobs.append(HeldJob(self._shared, folder, attempt))
        else:
            # It was not started: the server gives it out again.
            folder.remove()

    @property
    def occupying(self) -> list[HeldJob]:
        """The jobs that have a slot."""
        return [job for job in self.jobs if job.is_occupying]

    def accept(self, taken: TakenJob) -> HeldJob:
        """Give the job a slot and a folder. Raises OSError."""
        attempt = Attempt(taken.run, taken.attempt, self._free_slot(), taken.token)
        folder = JobFolder.create(self._folder.jobs, attempt)
        job = HeldJob(self._shared, folder, attempt, taken)
        self.jobs.append(job)
        return job

    def _free_slot(self) -> int:
        """A slot that no job uses, or else one that a waiting run lends."""
        occupying = self.occupying
        used = {job.attempt.slot for job in occupying}
        lent = {job.attempt.slot for job in occupying if job.is_waiting}
        free = [slot for slot in range(self._slots) if slot not in used]
        return min([*free, *sorted(lent), 0], key=lambda slot: slot in used)

    def drop_ended(self) -> bool:
        """Free the slots of ended jobs, and delete old folders; whether any ended."""
        ended = [job for job in self.jobs if job.phase is Phase.DONE]
        if not ended:
            return False
        self.jobs = [job for job in self.jobs if job.phase is not Phase.DONE]
        self._ended += [job.folder for job in ended]
        self._folder.remove_old(self._ended, self._keep)
        self._ended = [folder for folder in self._ended if folder.path.exists()]
        return True

    def has_space(self) -> bool:
        """Whether the disk has space for a job.

        On a full disk, deletes the folders of ended jobs that are delivered.
        """
        if self._folder.free_bytes() >= MIN_FREE_BYTES:
            return True
        if not self._ended:
            return False
        # They are kept only so that a user can look into them.
        self._folder.remove_delivered(self._ended)
        self._ended = [folder for folder in self._ended if folder.path.exists()]
        return self._folder.free_bytes() >= MIN_FREE_BYTES
