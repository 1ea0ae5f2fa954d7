"""A Slurm cluster of one node: `munged`, `slurmctld` and `slurmd`, without cgroups.

Each cluster has a munge of its own: `auth/slurm` has one socket for the whole machine,
so a second cluster would break the first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.parts.waiting import becomes

#: What Debian's package `slurm-wlm` installs, with what it depends on.
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
_CONFIGURATION = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SlurmdParameters=config_overrides
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,\
sched_min_interval=100000
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobcomp.txt
DefMemPerCPU=200
GresTypes=gpu
MinJobAge=300
KillWait=60
SlurmdTimeout=120
ReturnToService=2
MailProg=/bin/true
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=ALL MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL MaxTime=INFINITE PriorityTier=10 State=UP
PartitionName=short Nodes=ALL MaxTime=1 State=UP
"""
_NODE = """\
NodeName={name} NodeAddr=127.0.0.1 NodeHostname={host} Port={port} CPUs=16 \
RealMemory=16000 Gres=gpu:2 State=UNKNOWN
"""


def missing_programs() -> list[str]:
    path = f"{os.environ['PATH']}:/usr/sbin"
    if os.geteuid() != 0:
        return ["root"]
    return [name for name in PROGRAMS if shutil.which(name, path=path) is None]


@dataclass
class Slurm:
    """A running cluster. Its commands need `SLURM_CONF`."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def configuration(self) -> str:
        return str(self.folder / "slurm.conf")

    @property
    def variables(self) -> dict[str, str]:
        return {"SLURM_CONF": self.configuration}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def start(self, program: str, *words: str) -> None:
        path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")
        assert path is not None
        with (self.folder / "log" / f"{program}.out").open("ab") as output:
            self.processes[program] = subprocess.Popen(
                [path, *words],
                env={**os.environ, **self.variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def start_munge(self) -> None:
        names = ("socket", "key-file", "pid-file", "log-file", "seed-file")
        files = [f"--{name}={self.folder}/munge.{name}" for name in names]
        self.start("munged", "--foreground", "--force", *files)
        assert becomes((self.folder / "munge.socket").exists)

    def start_controller(self) -> None:
        self.start("slurmctld", "-D", "-f", self.configuration)

    def start_node(self, name: str = "localhost") -> None:
        self.start("slurmd", "-D", "-N", name, "-f", self.configuration)
        if name != "localhost":
            self.processes[name] = self.processes.pop("slurmd")

    def is_idle(self) -> bool:
        return self.command("sinfo", "-h", "-o", "%T").stdout.strip() == "idle"

    def responds(self) -> bool:
        return self.command("squeue", "-h").returncode == 0

    def stop(self, program: str, number: int = signal.SIGTERM) -> None:
        process = self.processes.pop(program)
        process.send_signal(number)
        process.wait(120)

    def end(self) -> None:
        self.command("scancel", "--signal=KILL", "--full", "--me")
        self.command("scancel", "--me")
        becomes(lambda: not self.command("squeue", "-h").stdout.strip(), 60)
        for program in reversed(list(self.processes)):
            self.stop(program)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess):
                with_configuration = self.configuration in _variables(process)
                if with_configuration and process.name() == "slurmstepd":
                    process.kill()


def _variables(process: psutil.Process) -> str:
    try:
        return process.environ().get("SLURM_CONF", "")
    except psutil.Error:
        return ""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def slurm_cluster(
    folder: Path,
    nodes: Sequence[str] = ("localhost",),
    start_accounts: Callable[[Slurm], str] | None = None,
) -> Iterator[Slurm]:
    """Start a cluster whose nodes are all this machine."""
    for name in ("state", "log", *(f"spool/{node}" for node in nodes)):
        (folder / name).mkdir(parents=True)
    key = folder / "munge.key-file"
    key.write_bytes(secrets.token_bytes(64))
    key.chmod(0o600)
    slurm = Slurm(folder)
    host = socket.gethostname().partition(".")[0]
    text = "".join(
        _NODE.format(name=name, host=host, port=free_port()) for name in nodes
    )
    text += _CONFIGURATION.format(folder=folder, controller_port=free_port())
    (folder / "cgroup.conf").write_text("CgroupPlugin=disabled\n")
    # Slurm only counts them: no program uses these devices as GPUs.
    (folder / "gres.conf").write_text(
        "AutoDetect=off\nName=gpu File=/dev/null\nName=gpu File=/dev/zero\n"
    )
    try:
        slurm.start_munge()
        if start_accounts is not None:
            text += start_accounts(slurm)
        (folder / "slurm.conf").write_text(text)
        slurm.start_controller()
        for name in nodes:
            slurm.start_node(name)
        assert becomes(slurm.is_idle), (folder / "log/slurmctld.log").read_text()
        yield slurm
    finally:
        slurm.end()
