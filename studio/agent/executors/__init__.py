"""How an agent's jobs are started, watched and stopped: one module per kind of machine.

An executor gets a job's folder. Its file `job.json` is complete, and `code/` has the
sources. The executor starts `python -m studio.runner.job FOLDER` somewhere, where that
folder can be reached. The runner reports to the server itself.
"""

from studio.agent.executors.executor import Executor, JobState
from studio.agent.executors.local_process import LocalProcessExecutor

__all__ = ["Executor", "JobState", "LocalProcessExecutor"]
