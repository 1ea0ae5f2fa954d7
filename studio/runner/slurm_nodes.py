"""The ranks of one training on several nodes of a Slurm job, started with `srun`.

`python -m studio.runner.slurm_nodes NODES RANKS -- WORDS` runs on the first node.
One task on each node starts the ranks there, each with PyTorch's variables and a log of
its own in the working copy, which the nodes share.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from types import FrameType

from studio.runner.ranks import RankPlacement, find_free_port, run_ranks
from studio.sdk.process_tree import die_with_parent

SRUN = "srun"
#: First of the arguments of the task of a node.
_TASK = "--task"


def slurm_nodes(environment: Mapping[str, str]) -> int:
    """How many nodes the Slurm job has that this process is in; 0 without one."""
    count = environment.get("SLURM_JOB_NUM_NODES", "")
    return int(count) if count.isdecimal() else 0


def nodes_command(
    nodes: int, ranks: int, words: Sequence[str], python: str = sys.executable
) -> list[str]:
    """The command that starts the words `ranks` times on that number of nodes."""
    counts = [str(nodes), str(ranks)]
    return [python, "-m", "studio.runner.slurm_nodes", *counts, "--", *words]


def ranks_of_node(node: int, nodes: int, ranks: int) -> range:
    """The ranks of a node; the first nodes have one more if they can't be divided."""
    own, rest = divmod(ranks, nodes)
    first = node * own + min(node, rest)
    return range(first, first + own + (1 if node < rest else 0))


def run_on_nodes(nodes: int, ranks: int, words: Sequence[str]) -> int:
    """Run all ranks to their end; return the exit code of `srun`."""
    task = [sys.executable, "-m", "studio.runner.slurm_nodes", _TASK]
    counts = [str(nodes), str(ranks), str(find_free_port())]
    options = [f"--nodes={nodes}", f"--ntasks={nodes}", "--ntasks-per-node=1"]
    process = subprocess.Popen(
        [SRUN, *options, "--kill-on-bad-exit=1", *task, *counts, "--", *words],
        stdin=subprocess.DEVNULL,
        # It would end the ranks at the first SIGINT, or only report their state.
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509
    )

    def pass_on(number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name.removeprefix("SIG")
        # Without `--batch` it reaches the tasks, and not what started this process.
        job = os.environ.get("SLURM_JOB_ID", "")
        subprocess.run(["scancel", f"--signal={name}", job], check=False)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, pass_on)
    code = process.wait()
    return 128 - code if code < 0 else code


def run_task(nodes: int, ranks: int, port: int, words: Sequence[str]) -> int:
    """Run the ranks of this node to their end."""
    node = int(os.environ.get("SLURM_NODEID", "0"))
    address = os.environ.get("SLURM_LAUNCH_NODE_IPADDR") or platform.node()
    own = ranks_of_node(node, nodes, ranks)
    return run_ranks(RankPlacement(own, ranks, node, address, port), words)


def main(arguments: Sequence[str]) -> int:
    if arguments[0] == _TASK:
        nodes, ranks, port = map(int, arguments[1:4])
        return run_task(nodes, ranks, port, arguments[5:])
    return run_on_nodes(int(arguments[0]), int(arguments[1]), arguments[3:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
