"""Runs first on the other machine: takes the client if it lacks it, then serves.

`python -c` executes this text, before there is a client to import. The arguments are
the folder and the digest of the client.
"""

import io
import json
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

#: Begins the first lines that are ours: a login can print some before.
GREETING = "run-studio "


def main(place: str, digest: str) -> None:
    # The text must be valid for older versions, too, which only this line refuses.
    if sys.version_info < (3, 9):  # noqa: UP036
        version = sys.version.split()[0]
        say({"error": "Python {} is too old: 3.9 is needed.".format(version)})  # noqa: UP032
        return
    folder = Path(place).expanduser().absolute()
    client = folder / "client" / digest
    try:
        for name in ("jobs", "client"):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        if not client.is_dir():
            say({"wants": "client"})
            take_client(client, int(sys.stdin.buffer.readline()))
    except OSError as error:
        say({"error": "{} cannot be written: {}".format(folder, error.strerror)})  # noqa: UP032
        return
    sys.path.insert(0, str(client))
    from studio.agent.executors.ssh.station import serve

    say({"wants": ""})
    serve(folder, client)


def take_client(place: Path, size: int) -> None:
    """Unpack the client that follows. Raises OSError."""
    hidden = tempfile.mkdtemp(prefix=".new-", dir=str(place.parent))
    try:
        content = io.BytesIO(sys.stdin.buffer.read(size))
        with tarfile.open(fileobj=content) as archive:
            archive.extractall(hidden)
        # Another agent can have been faster.
        if not place.is_dir():
            Path(hidden).rename(place)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def say(content: object) -> None:
    sys.stdout.write("{}{}\n".format(GREETING, json.dumps(content)))  # noqa: UP032
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
