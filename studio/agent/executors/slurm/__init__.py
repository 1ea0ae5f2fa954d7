"""Runs jobs on a Slurm cluster, by its commands on a machine that can submit there.

The agent's folder must be on a disk that the cluster's nodes share.
"""

from studio.agent.executors.slurm.commands import QueueRow
from studio.agent.executors.slurm.executor import SlurmExecutor
from studio.agent.executors.slurm.states import describe_row

__all__ = ["QueueRow", "SlurmExecutor", "describe_row"]
