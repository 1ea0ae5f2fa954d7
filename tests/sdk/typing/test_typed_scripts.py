"""mypy checks a user's script against the installed client, for SDK and `azureml`."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from urllib.request import urlopen

from studio import __version__
from tests.parts.clients import quiet_environment
from tests.parts.server import Server

SCRIPT = Path(__file__).parent / "user_script.py.txt"
_EXPECTED = re.compile(r"# error: ([\w-]+)$")
_FOUND = re.compile(r"^user_script\.py:(\d+): error: .*\[([\w-]+)\]$", re.MULTILINE)


def install_client(server: Server, folder: Path) -> Path:
    """An environment with the server's wheel; returns its interpreter.

    Unpacking is all that installing a wheel of pure Python does.
    """
    venv.create(folder, with_pip=False)
    [packages] = folder.glob("lib/python*/site-packages")
    wheel = f"{server.url}/dist/run_studio-{__version__}-py3-none-any.whl"
    with urlopen(wheel) as response:
        zipfile.ZipFile(io.BytesIO(response.read())).extractall(packages)
    assert (packages / "studio/py.typed").is_file()
    # The folder that `studio env` puts on the path, as documented for type checkers.
    (packages / "azureml.pth").write_text(f"{packages}/studio/compat\n")
    return folder / "bin/python"


def test_mistakes_of_a_script_are_found(server: Server, tmp_path: Path) -> None:
    interpreter = install_client(server, tmp_path / "venv")
    (tmp_path / "user_script.py").write_text(SCRIPT.read_text())
    checker = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary"]
    options = ["--python-executable", str(interpreter), "--cache-dir", "cache"]
    done = subprocess.run(
        [*checker, *options, "user_script.py"],
        cwd=tmp_path,
        env=quiet_environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = enumerate(SCRIPT.read_text().splitlines(), 1)
    expected = {
        number: match[1] for number, line in lines if (match := _EXPECTED.search(line))
    }
    found = {int(number): code for number, code in _FOUND.findall(done.stdout)}
    assert found == expected, done.stdout + done.stderr
    assert done.stdout.count("error:") == len(expected)
