"""`studio agent`: runs the queued runs of a compute target on this machine."""

from studio.agent.agent import ON_STOP, REFUSED, Agent, AgentOptions
from studio.agent.agent_api import AgentApi
from studio.agent.agent_folder import AgentFolder, default_folder
from studio.agent.environment_rules import clean_environment
from studio.agent.executors import create_executor
from studio.agent.host import devices_of_slots, find_gpus, read_facts

__all__ = [
    "ON_STOP",
    "REFUSED",
    "Agent",
    "AgentApi",
    "AgentFolder",
    "AgentOptions",
    "clean_environment",
    "create_executor",
    "default_folder",
    "devices_of_slots",
    "find_gpus",
    "read_facts",
]
