"""The address the server listens on, and the rules against opening it by accident."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.core.management.base import CommandError

from studio.core.connection import is_loopback

#: A server that was just killed may hold its port a moment longer.
MAX_WAIT_SECONDS = 3.0


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL of the server on this machine."""
        host = self.reachable
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reachable(self) -> str:
        if not self.listens_on_all_addresses:
            return self.host
        return "::1" if ":" in self.host else "127.0.0.1"

    @property
    def listens_on_all_addresses(self) -> bool:
        """Whether it listens on all interfaces (0.0.0.0 or ::)."""
        return ipaddress.ip_address(self.host).is_unspecified

    def unreachable_links_warning(self, origin: str) -> str:
        """Return a warning about the printed links, or nothing."""
        if origin or not self.listens_on_all_addresses:
            return ""
        return (
            f"Printed links start with {self.url}, which other machines can't reach. "
            "Set STUDIO_ORIGIN to the server's public address, such as "
            f"http://studio.example.org:{self.port}."
        )


def refuse_unprotected_address(
    host: str, *, origin: str, hosts_named: bool, insecure_http: bool
) -> None:
    """Raise CommandError if the server would be open, or unencrypted, by accident."""
    if not is_loopback(host) and not hosts_named:
        raise CommandError(
            f"--host {host} accepts requests from other machines. Set "
            "STUDIO_ALLOWED_HOSTS to the names of this server, such as "
            "studio.example.org."
        )
    typed = urlsplit(origin).hostname or ""
    beyond = not is_loopback(host) or bool(typed and not is_loopback(typed))
    if beyond and not origin.startswith("https://") and not insecure_http:
        raise CommandError(
            "Without HTTPS, passwords and tokens cross the network unencrypted. Put an "
            "HTTPS proxy in front of the server and set STUDIO_ORIGIN to its https:// "
            "address. On a trusted network, set STUDIO_INSECURE_HTTP=1 instead."
        )


def reserve_port(host: str, port: int) -> tuple[Address, socket.socket]:
    """Return the address to listen on, and a socket that reserves it while open.

    The web processes bind the port too (SO_REUSEPORT), so this one must not listen. A
    plain bind comes first: with that option alone, two servers would share a port.
    """
    place = _resolve_host(host, port)
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    end = time.monotonic() + MAX_WAIT_SECONDS
    while port and (error := _why_port_is_unavailable(family, place, port)):
        if time.monotonic() > end:
            raise CommandError(
                f"Can't listen on port {port} of {host}: {error}. Stop the program "
                "that uses the port, or choose another port with --port."
            )
        time.sleep(0.1)
    keeper = socket.socket(family, socket.SOCK_STREAM)
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    keeper.bind((place, port))
    return Address(place, keeper.getsockname()[1]), keeper


def _resolve_host(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CommandError(
            f"--host {host} is not a valid address: {error.strerror}"
        ) from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def _why_port_is_unavailable(family: int, host: str, port: int) -> str:
    """Return why the port can't be used; empty if it is free."""
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            # Connections of an earlier server that still close do not hold the port.
            trial.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
