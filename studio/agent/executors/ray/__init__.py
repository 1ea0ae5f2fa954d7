"""Runs jobs on a Ray cluster, through the Ray Jobs API of its head node.

The agent's folder must be on a disk that the cluster's nodes share. Jobs without
resources of their own run on the head node, where the agent can run, too.
"""

from studio.agent.executors.ray.executor import RayExecutor
from studio.agent.executors.ray.jobs_api import RayJob
from studio.agent.executors.ray.states import describe_job, describe_pending

__all__ = ["RayExecutor", "RayJob", "describe_job", "describe_pending"]
