"""The properties in which a launcher describes how and where it runs a script."""

from __future__ import annotations

#: The command line, and the machine's name.
COMMAND_PROPERTY, HOST_PROPERTY = "studio.command", "studio.host"
#: The operating system; the version and the path of Python.
SYSTEM_PROPERTY = "studio.system"
PYTHON_PROPERTY, EXECUTABLE_PROPERTY = "studio.python", "studio.python_executable"
#: The number of processors, the bytes of memory, and the models of the GPUs.
CPUS_PROPERTY, MEMORY_PROPERTY = "studio.cpus", "studio.memory_bytes"
GPUS_PROPERTY = "studio.gpus"
#: Name and version of the registered environment that a submitted run uses.
ENVIRONMENT_PROPERTY = "studio.environment"
#: The run that was submitted again.
RESUBMITTED_FROM_PROPERTY = "studio.resubmitted_from"
#: Delays of a cancel's signals other than the usual ones, in seconds.
TERMINATE_AFTER_PROPERTY = "studio.terminate_after"
KILL_AFTER_PROPERTY = "studio.kill_after"
