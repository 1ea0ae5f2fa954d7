"""Accounts of a Slurm cluster with limits: `slurmdbd` and a MariaDB of its own."""

from __future__ import annotations

import shutil
import socket
import subprocess

from tests.parts.engines.slurm import Slurm, free_port
from tests.parts.waiting import becomes

#: What Debian's packages `mariadb-server` and `slurmdbd` install.
PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "slurmdbd", "sacctmgr")
_DATABASE = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
LogFile={folder}/log/slurmdbd.log
PidFile={folder}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StorageLoc=slurm_acct
"""
_CONFIGURATION = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
AccountingStoragePass={folder}/munge.socket
AccountingStorageEnforce=associations,limits,qos
"""
#: The database is there before slurmdbd: with MariaDB 11.8, its first query after it
#: created one fails.
_CREATE = """\
CREATE DATABASE slurm_acct; CREATE USER slurm@localhost;
GRANT ALL ON slurm_acct.* TO slurm@localhost;
"""


def missing_account_programs() -> list[str]:
    return [name for name in PROGRAMS if shutil.which(name) is None]


def start_accounts(slurm: Slurm) -> str:
    """Start the database and slurmdbd; what the cluster's configuration needs."""
    folder, port = slurm.folder, free_port()
    data, door = folder / "database", folder / "database.socket"
    data.mkdir()
    _run("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root")
    words = ("--no-defaults", "--user=root", "--skip-networking")
    slurm.start("mariadbd", *words, f"--datadir={data}", f"--socket={door}")
    client = ("mariadb", "--no-defaults", f"--socket={door}", "-e")
    assert becomes(lambda: slurm.command(*client, "SELECT 1").returncode == 0)
    _run(*client, _CREATE)
    configuration = folder / "slurmdbd.conf"
    configuration.write_text(_DATABASE.format(folder=folder, port=port))
    configuration.chmod(0o600)
    slurm.start("env", f"MYSQL_UNIX_PORT={door}", "slurmdbd", "-D")
    slurm.processes["slurmdbd"] = slurm.processes.pop("env")
    assert becomes(lambda: _answers(port))
    return _CONFIGURATION.format(folder=folder, port=port)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def _run(*words: str) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
