"""Where the server listens, and the rules that keep it from being open by accident."""

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
        """An address that reaches it from this machine."""
        host = self.reachable
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def reachable(self) -> str:
        if not self.is_everywhere:
            return self.host
        return "::1" if ":" in self.host else "127.0.0.1"

    @property
    def is_everywhere(self) -> bool:
        """Whether it listens at each address of this machine, so that none is known."""
        return ipaddress.ip_address(self.host).is_unspecified

    def warning(self, origin: str) -> str:
        """Return a warning about the printed links, or nothing."""
        if origin or not self.is_everywhere:
            return ""
        return (
            f"Links will say {self.url}, which other machines do not reach: set "
            "STUDIO_ORIGIN to the address that people type, such as "
            f"http://studio.example.org:{self.port}."
        )


def refuse_open(
    host: str, *, origin: str, hosts_named: bool, insecure_http: bool
) -> None:
    """CommandError where strangers could get in, or listen in, by accident."""
    if not is_loopback(host) and not hosts_named:
        raise CommandError(
            f"--host {host} lets other machines in. Set STUDIO_ALLOWED_HOSTS to the "
            "names by which they reach this one, such as studio.example.org."
        )
    typed = urlsplit(origin).hostname or ""
    beyond = not is_loopback(host) or bool(typed and not is_loopback(typed))
    if beyond and not origin.startswith("https://") and not insecure_http:
        raise CommandError(
            "Plain http beyond this machine shows passwords and tokens to the network. "
            "Put a proxy with https before it and set STUDIO_ORIGIN to its https:// "
            "address, or set STUDIO_INSECURE_HTTP=1 where the network is trusted."
        )


def reserve(host: str, port: int) -> tuple[Address, socket.socket]:
    """The address to listen on, with a socket that keeps it ours while it is open.

    The web processes bind the port too (SO_REUSEPORT), so this one must not listen. A
    plain bind comes first: with that option alone, two servers would share a port.
    """
    place = _resolve(host, port)
    family = socket.AF_INET6 if ":" in place else socket.AF_INET
    end = time.monotonic() + MAX_WAIT_SECONDS
    while port and (error := _in_use(family, place, port)):
        if time.monotonic() > end:
            raise CommandError(
                f"Port {port} of {host} cannot be used: {error}. "
                "Stop what uses it, or choose another with --port."
            )
        time.sleep(0.1)
    keeper = socket.socket(family, socket.SOCK_STREAM)
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    keeper.bind((place, port))
    return Address(place, keeper.getsockname()[1]), keeper


def _resolve(host: str, port: int) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CommandError(f"--host {host} is no address: {error.strerror}") from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return str(found[0][4][0])


def _in_use(family: int, host: str, port: int) -> str:
    """Why the port cannot be had; empty when it can."""
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""
