"""A server that is reached only through a proxy with TLS: nginx, and Caddy."""

from __future__ import annotations

import datetime as dt
import http.client
import os
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.deploy.pages import code_block, replaced
from tests.parts.needs import missing
from tests.parts.server import Server, fill_home, start
from tests.parts.waiting import becomes

NAME = "studio.example.org"
ORIGIN = f"https://{NAME}"


@dataclass(frozen=True)
class Site:
    """A server, and the port of the proxy in front of it."""

    server: Server
    port: int

    def connect(self) -> http.client.HTTPSConnection:
        """A connection to the proxy, with the server's public name."""
        connection = http.client.HTTPSConnection(NAME, self.port, timeout=60)
        connection._context = _trusting_context()  # type: ignore[attr-defined]
        connection._create_connection = (  # type: ignore[attr-defined]
            lambda _address, *rest: socket.create_connection(
                ("127.0.0.1", self.port), *rest
            )
        )
        return connection

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        headers = {
            "Authorization": f"Bearer {self.server.token}",
            "Host": NAME,
            "Content-Type": "application/json",
        }
        connection = self.connect()
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _trusting_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def write_certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "studio.pem", folder / "studio.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


def nginx_command(folder: Path, server: str, port: int) -> list[str]:
    pem, secret = write_certificate(folder)
    block = replaced(
        code_block("nginx", "nginx"),
        {
            "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
            "/etc/ssl/studio.pem": str(pem),
            "/etc/ssl/studio.key": str(secret),
            "127.0.0.1:8000": server,
        },
    )
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    user = "user root;\n" if os.getuid() == 0 else ""
    text = (
        f"{user}daemon off;\npid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{block}}}\n"
    )
    (folder / "nginx.conf").write_text(text)
    return ["nginx", "-e", "stderr", "-p", str(folder), "-c", f"{folder}/nginx.conf"]


def caddy_command(folder: Path, server: str, port: int) -> list[str]:
    block = replaced(code_block("caddy", "caddy"), {"127.0.0.1:8000": server})
    # A certificate of its own authority, instead of one from the internet.
    options = (
        f"admin off\nlocal_certs\nskip_install_trust\ndefault_bind 127.0.0.1\n"
        f"https_port {port}\nhttp_port {free_port()}\n"
        f"storage file_system {folder}/storage"
    )
    (folder / "Caddyfile").write_text(f"{{\n{options}\n}}\n{block}")
    return [
        *("caddy", "run", "--adapter", "caddyfile"),
        *("--config", f"{folder}/Caddyfile"),
    ]


COMMANDS: dict[str, Callable[[Path, str, int], list[str]]] = {
    "nginx": nginx_command,
    "caddy": caddy_command,
}


@pytest.fixture(scope="module", params=COMMANDS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    program: str = request.param
    # Debian has nginx where only root looks.
    places = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])
    found = shutil.which(program, path=places)
    if found is None:
        missing(program, f"Run: apt-get install {program}")
    folder = tmp_path_factory.mktemp(program)
    home, own, port = folder / "home", free_port(), free_port()
    fill_home(home)
    server = start(home, env={"STUDIO_ORIGIN": ORIGIN}, port=own)
    try:
        _program, *words = COMMANDS[program](folder, f"127.0.0.1:{own}", port)
        with proxy([found, *words], folder, port):
            yield Site(server, port)
    finally:
        server.stop()


def shakes(port: int) -> bool:
    """Whether TLS works: Caddy listens before it has made its certificate."""
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as plain:
            context = _trusting_context()
            context.wrap_socket(plain, server_hostname=NAME).close()
    except OSError:
        return False
    return True


@contextmanager
def proxy(command: list[str], folder: Path, port: int) -> Iterator[None]:
    env = {**os.environ, "HOME": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        try:
            started = becomes(lambda: shakes(port) or process.poll() is not None, 60)
            assert started
            assert process.poll() is None, (folder / "log").read_text()
            yield
        finally:
            process.terminate()
            process.wait(30)
