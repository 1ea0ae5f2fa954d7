"""Webhooks get signed messages; private networks, redirects and hangs are refused."""

from __future__ import annotations

import hashlib
import hmac
import socket
from typing import Any

import pytest

from runs.notify import (
    HookMessage,
    PermanentHookError,
    TemporaryHookError,
    post_to_webhook,
    webhooks,
)
from tests.actions.notify.receiver import Receiver

NOW = 1_700_000_000_000


def test_a_message_is_signed_and_each_attempt_has_the_same_key(
    receiver: Receiver,
) -> None:
    for now in (NOW, NOW + 60_000):
        post_to_webhook(receiver.message(), now=now, allows_private=True)
    assert [row[0] for row in receiver.got] == ["/hook?token=t"] * 2
    assert {row[1]["Idempotency-Key"] for row in receiver.got} == {"n1.7"}
    _path, headers, body = receiver.got[0]
    seconds, digest = headers["Studio-Signature"].split(",")
    signed = seconds.removeprefix("t=").encode() + b"." + body
    expected = hmac.new(b"a secret", signed, hashlib.sha256).hexdigest()
    assert (seconds, digest) == (f"t={NOW // 1000}", f"v1={expected}")
    assert headers["Studio-Signature"] != receiver.got[1][1]["Studio-Signature"]


def test_errors_are_tried_again_and_redirects_are_not_followed(
    receiver: Receiver,
) -> None:
    receiver.status = 500
    with pytest.raises(TemporaryHookError, match="500"):
        post_to_webhook(receiver.message(), now=NOW, allows_private=True)
    receiver.status = 307
    with pytest.raises(PermanentHookError, match="redirect"):
        post_to_webhook(receiver.message(), now=NOW, allows_private=True)
    assert len(receiver.got) == 2


def test_a_reply_without_end_is_broken_off(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ATTEMPT_SECONDS", 0.5)
    receiver.drips = True
    with pytest.raises(TemporaryHookError, match="no valid reply"):
        post_to_webhook(receiver.message(), now=NOW, allows_private=True)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_hangs_is_given_up_for_now(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(webhooks, "ATTEMPT_SECONDS", 0.5)
    receiver.hangs = True
    # The receiver has no TLS: it waits for the rest of a line, as the sender for its.
    url = receiver.message().url.replace("http:", f"{scheme}:")
    message = HookMessage(url, "s", "n1.7", b"{}")
    with pytest.raises(TemporaryHookError, match="no valid reply") as failed:
        post_to_webhook(message, now=NOW, allows_private=True)
    assert "token" not in str(failed.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "fec0::1",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "168.63.129.16",
        "::ffff:168.63.129.16",
    ],
)
def test_addresses_of_private_networks_are_recognized(address: str) -> None:
    assert not webhooks.is_public(address)
    assert webhooks.is_public("93.184.216.34")
    assert webhooks.is_public("2606:2800:220:1::1")


def test_a_private_address_gets_no_connection(receiver: Receiver) -> None:
    with pytest.raises(PermanentHookError, match="private") as refused:
        post_to_webhook(receiver.message(), now=NOW)
    assert "token" not in str(refused.value)
    assert receiver.got == []


def test_a_name_is_resolved_once_and_one_private_answer_refuses_it(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = receiver.server_port
    # Nothing listens at the first one: the next that was checked is tried.
    answers = [["127.0.0.2", "127.0.0.1"], ["93.184.216.34", "127.0.0.1"]]
    asked = []
    resolve = socket.getaddrinfo

    def answer(host: str, *args: Any, **options: Any) -> Any:
        if host != "hooks.example":
            return resolve(host, *args, **options)
        asked.append(host)
        rows = answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in rows]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    message = HookMessage(f"http://hooks.example:{port}/", "s", "n1.7", b"{}")
    post_to_webhook(message, now=NOW, allows_private=True)
    assert (len(asked), len(receiver.got)) == (1, 1)
    assert receiver.got[0][1]["Host"] == f"hooks.example:{port}"
    with pytest.raises(PermanentHookError, match="private"):
        post_to_webhook(message, now=NOW)
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://a:b@example.org/", "http://[x/", "http:///"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(PermanentHookError, match="not valid"):
        post_to_webhook(HookMessage(url, "s", "k", b""), now=NOW)
