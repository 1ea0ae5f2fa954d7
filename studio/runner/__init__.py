"""Runs any command as a run of the server: `studio run -- COMMAND`."""

from studio.runner.launch import LaunchOptions, run_program
from studio.runner.memory_watch import MemoryWatch, RecentMemory
from studio.runner.programs import CommandNotRunnable, find_program, is_program
from studio.runner.streams import (
    CHUNK_BYTES,
    copy_terminal_size,
    is_same_place,
    open_channel,
)

__all__ = [
    "CHUNK_BYTES",
    "CommandNotRunnable",
    "LaunchOptions",
    "MemoryWatch",
    "RecentMemory",
    "copy_terminal_size",
    "find_program",
    "is_program",
    "is_same_place",
    "open_channel",
    "run_program",
]
