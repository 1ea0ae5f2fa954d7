"""Runs jobs on another machine through the system's `ssh`; it needs Python and sshd.

The client is copied there once for each version. The runner there talks to the server
itself. It is detached: it outlives the connection, and is found again by its folder.
"""

from studio.agent.executors.ssh.executor import SshExecutor

__all__ = ["SshExecutor"]
