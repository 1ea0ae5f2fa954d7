"""Runs: what a training script logs to and a notebook reads from."""

from studio.sdk.run.files import download_file
from studio.sdk.run.log_follower import find_current_log
from studio.sdk.run.log_search import LogMatch
from studio.sdk.run.run import Run, ScriptRun, get_run
from studio.sdk.run.run_queries import Tags, find_runs, iterate_runs
from studio.sdk.run.run_types import (
    SCRIPT_RUN,
    create_run,
    find_script_run,
    register_environment_reader,
    register_model_writer,
    register_run_class,
    register_script_run_finder,
)
from studio.sdk.run.script_environment import (
    JOINED_VARIABLE,
    RUN_VARIABLE,
    find_begun_run,
)
from studio.sdk.run.script_source import git_properties, script_name
from studio.sdk.run.starting import start_run
from studio.sdk.run.with_block import EndsWithBlock

__all__ = [
    "JOINED_VARIABLE",
    "RUN_VARIABLE",
    "SCRIPT_RUN",
    "EndsWithBlock",
    "LogMatch",
    "Run",
    "ScriptRun",
    "Tags",
    "create_run",
    "download_file",
    "find_begun_run",
    "find_current_log",
    "find_runs",
    "find_script_run",
    "get_run",
    "git_properties",
    "iterate_runs",
    "register_environment_reader",
    "register_model_writer",
    "register_run_class",
    "register_script_run_finder",
    "script_name",
    "start_run",
]
