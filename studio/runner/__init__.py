"""Runs any command as a run of the server: `studio run -- COMMAND`."""

from studio.runner.launch import LaunchOptions, run_program
from studio.runner.programs import CommandNotRunnable, find_program, is_program

__all__ = [
    "CommandNotRunnable",
    "LaunchOptions",
    "find_program",
    "is_program",
    "run_program",
]
