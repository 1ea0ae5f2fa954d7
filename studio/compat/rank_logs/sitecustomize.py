"""Python imports this file when it starts: it gives each rank a log of its own.

`torchrun`, `mpirun` and others start the ranks of a training, and all print to the log
of the run. Only the standard library is used, and little of it, because each Python
process below the run imports this file. An error changes nothing.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_RULE = os.path.join(_HERE, "..", "..", "sdk", "process", "ranks.py")
#: The folder of the logs; set by the process that keeps them.
_FOLDER_VARIABLE = "STUDIO_RANK_LOGS"
#: What the rank itself prints to. Output that it reads from a program is not its own.
_OUTPUT_VARIABLE = "STUDIO_RANK_OUTPUT"
_NUMBERS = ("RANK", "OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "SLURM_PROCID")
_STREAMS = {"stdout": 1, "stderr": 2}


def _copy_output(folder: str) -> None:
    """Copy what a rank prints to its log."""
    rank = _find_rank()
    if rank is None:
        return
    own = {name: _identify(number) for name, number in _STREAMS.items()}
    known = os.environ.setdefault(_OUTPUT_VARIABLE, " ".join(own.values())).split()
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, f"std_log_process_{rank}.txt")
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for name, number in _STREAMS.items():
        stream = getattr(sys, name)
        if stream is not None and own[name] in known:
            copied = _copy_of(stream, number, log)
            setattr(sys, name, copied)
            setattr(sys, f"__{name}__", copied)


def _copy_of(stream: Any, number: int, log: int) -> Any:
    """A stream like this one, whose bytes are appended to the log, too."""
    import io

    class CopiedFile(io.FileIO):
        def write(self, data: Any) -> int:
            count = super().write(data)
            try:
                os.write(log, memoryview(data).cast("B")[: count or 0])
            except OSError:
                # The disk is full: the run's own log has the output.
                pass
            return count

    stream.flush()
    file = CopiedFile(number, "wb", closefd=False)
    return io.TextIOWrapper(
        # As Python itself does with PYTHONUNBUFFERED.
        file if stream.write_through else io.BufferedWriter(file),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _find_rank() -> int | None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("_run_studio_ranks", _RULE)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look for their module there.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    group = module.find_rank_group()
    return None if group is None else int(group.rank)


def _identify(number: int) -> str:
    """A file descriptor as text that is the same in all processes that share it."""
    try:
        found = os.fstat(number)
    except OSError:
        return "none"
    return f"{found.st_dev}:{found.st_ino}"


def _run_next() -> None:
    """Run the `sitecustomize` that this one hides, if there is one."""
    from importlib.machinery import PathFinder

    others = [one for one in sys.path if os.path.abspath(one) != _HERE]
    spec = PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        import importlib.util

        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_folder = os.environ.get(_FOLDER_VARIABLE)
if _folder and any(name in os.environ for name in _NUMBERS):
    try:
        _copy_output(_folder)
    except Exception:  # noqa: BLE001 (the script must start)
        pass
_run_next()
