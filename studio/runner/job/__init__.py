"""Runs one attempt of a submitted run: `python -m studio.runner.job FOLDER`.

Local submission and agents start it. It prepares the environment, runs the script in
its working copy, and reports the run's statuses.
"""

from studio.runner.job.job_runner import run_job

__all__ = ["run_job"]
