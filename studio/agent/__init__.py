"""`studio agent`: runs the queued runs of a compute target on this machine."""

from studio.agent.agent import ON_STOP, REFUSED, Agent, AgentOptions
from studio.agent.agent_api import AgentApi
from studio.agent.agent_folder import AgentFolder, default_folder
from studio.agent.environment_rules import clean_environment
from studio.agent.executors import LocalProcessExecutor
from studio.agent.host import find_gpus, read_facts

__all__ = [
    "ON_STOP",
    "REFUSED",
    "Agent",
    "AgentApi",
    "AgentFolder",
    "AgentOptions",
    "LocalProcessExecutor",
    "clean_environment",
    "default_folder",
    "find_gpus",
    "read_facts",
]
