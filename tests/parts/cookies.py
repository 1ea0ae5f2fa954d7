"""Signing in without a browser."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlsplit

from tests.parts.server import Server


def sign_in(server: Server) -> str:
    """The cookies of the owner, by the printed link."""
    link = urlsplit(server.sign_in_url).path
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
    connection.request("GET", link)
    answer = connection.getresponse()
    [secret] = re.findall(
        r'name="csrfmiddlewaretoken" value="(\w+)"', answer.read().decode()
    )
    cookies = cookies_of(answer)
    headers = {
        "Cookie": cookies,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", link, f"csrfmiddlewaretoken={secret}", headers)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 302, answer.status
    return cookies_of(answer)


def cookies_of(answer: http.client.HTTPResponse) -> str:
    jar: SimpleCookie = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie") or []:
        jar.load(line)
    return "; ".join(f"{name}={one.value}" for name, one in jar.items())
