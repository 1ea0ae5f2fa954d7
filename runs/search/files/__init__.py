"""A run's files, images and snapshot."""

from runs.search.files.files import (
    RunFiles,
    current_files,
    file_path_of,
    find_file,
    find_files,
    find_files_of_runs,
    find_snapshot,
    get_snapshot,
    iterate_files,
    list_files,
    size_of_files,
)
from runs.search.files.log_choice import LOG_PATHS, find_log
from runs.search.files.tree import (
    FileHome,
    TreeLevel,
    find_paths,
    list_folders,
    list_level,
)

__all__ = [
    "LOG_PATHS",
    "FileHome",
    "RunFiles",
    "TreeLevel",
    "current_files",
    "file_path_of",
    "find_file",
    "find_files",
    "find_files_of_runs",
    "find_log",
    "find_paths",
    "find_snapshot",
    "get_snapshot",
    "iterate_files",
    "list_files",
    "list_folders",
    "list_level",
    "size_of_files",
]
