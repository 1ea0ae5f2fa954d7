"""The Containerfile, built on packages of Debian, and its server.

It takes minutes, and needs root. A folder with Debian and Python that
`STUDIO_TEST_DEBIAN` names is used instead of a new one. `STUDIO_TEST_BUILD_OPTIONS` has
more words for `buildah build`, such as mounts for pip's settings.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.deploy.conftest import free_port
from tests.parts.clients import ROOT
from tests.parts.waiting import becomes

PROGRAMS = ("podman", "buildah", "runc", "tar")
PACKAGES = "python3,python3-venv,python3-pip,ca-certificates"
BASE, IMAGE = "localhost/debian-python", "localhost/run-studio"
#: Fewer than the usual ones, which a container in a container can't have.
LIMITS = ("--ulimit", "nofile=4096:4096", "--ulimit", "nproc=4096:4096")
ENVIRONMENT = {
    **os.environ,
    "STORAGE_DRIVER": "vfs",
    "BUILDAH_ISOLATION": "chroot",
    "PODMAN_IGNORE_CGROUPSV1_WARNING": "1",
}


def run(*words: str, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        words, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def podman(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """Podman with its own images: the base, and the one of the Containerfile."""
    if request.config.option.sample_seed is not None:
        pytest.skip("It takes minutes, so it is in no sample.")
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if absent or os.getuid() != 0:
        pytest.skip(f"As root, run: apt-get install {' '.join(absent or PROGRAMS)}")
    folder = tmp_path_factory.mktemp("images")
    store = ["--root", f"{folder}/store", "--runroot", f"{folder}/run"]
    archive = folder / "base.tar"
    leave_out = [f"--exclude=./{name}" for name in ("dev", "proc", "sys")]
    debian = debian_folder(folder)
    run("tar", "-C", str(debian), *leave_out, "-cf", str(archive), ".")
    run("podman", *store, "import", str(archive), BASE)
    options = shlex.split(os.environ.get("STUDIO_TEST_BUILD_OPTIONS", ""))
    base = ["--build-arg", f"BASE={BASE}"]
    words = ["--network=host", *LIMITS, *base, *options, "-t", IMAGE]
    run("buildah", *store, "build", *words, "-f", "Containerfile", ".")
    return ["podman", *store, "--runtime", "runc"]


def debian_folder(folder: Path) -> Path:
    if known := os.environ.get("STUDIO_TEST_DEBIAN"):
        return Path(known)
    if shutil.which("debootstrap") is None:
        pytest.skip("As root, run: apt-get install debootstrap")
    made = folder / "debian"
    words = ("--variant=minbase", f"--include={PACKAGES}", "stable")
    run("debootstrap", *words, str(made))
    return made


@contextmanager
def container(podman: list[str], data: Path, port: int) -> Iterator[str]:
    """A container as the help page starts it, in the network of this machine."""
    settings = {
        "STUDIO_INSECURE_HTTP": "1",
        "STUDIO_ORIGIN": f"http://localhost:{port}",
        "STUDIO_ALLOWED_HOSTS": "localhost",
        "STUDIO_PORT": str(port),
    }
    given = [word for item in settings.items() for word in ("-e", "=".join(item))]
    hardened = ["--read-only", "--tmpfs", "/tmp", "--cap-drop=ALL", *LIMITS]
    name = f"run-studio-{port}"
    words = [*podman, "run", "--detach", "--name", name, "--network=host"]
    run(*words, *hardened, "-v", f"{data}:/data", *given, IMAGE)
    try:
        yield name
    finally:
        run(*podman, "rm", "--force", "--time", "30", name)


def test_the_image_serves_without_rights(podman: list[str], tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    data.mkdir()
    data.chmod(0o777)

    def is_ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/readyz") as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    with container(podman, data, port) as name:
        assert becomes(is_ready, 180), run(*podman, "logs", name)
        assert "Run Studio is ready" in run(*podman, "logs", name)
        inside = [*podman, "exec", name]
        assert run(*inside, "id", "-u").strip() == "10001"
        tried = "touch /app/x 2>/dev/null || touch /opt/x 2>/dev/null || echo refused"
        assert run(*inside, "sh", "-c", tried).strip() == "refused"
        run(*podman, "stop", "--time", "40", name)
        state = run(*podman, "inspect", "--format", "{{.State.ExitCode}}", name)
        # It ended by itself, and was not killed.
        assert state.strip() == "0"
    assert (data / "home" / "studio.sqlite3").exists()


def test_compose_gives_the_server_no_rights() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    server = services["studio"]
    assert (server["read_only"], server["cap_drop"]) == (True, ["ALL"])
    assert server["user"] == "10001:10001"
    assert server["security_opt"] == ["no-new-privileges"]
    assert server["ports"] == ["127.0.0.1:8000:8000"]
    # Without a password that the operator sets, nothing starts.
    assert ":?" in server["environment"]["DATABASE_URL"]
    assert ":?" in services["database"]["environment"]["POSTGRES_PASSWORD"]
