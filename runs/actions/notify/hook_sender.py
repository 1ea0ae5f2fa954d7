"""Send messages to webhooks: each at least once, tried again for a day.

Messages are posted at the same time, because a webhook that hangs must delay no other
one. A channel has one at a time. A workspace has a few, so that one whose webhooks hang
leaves room for others. Only the posting is done by other threads: the database is used
by the caller alone.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet

from runs.actions.encryption import CannotDecrypt
from runs.actions.notify.attempts import (
    claim,
    end,
    log,
    postpone,
    retry_later,
    tried_for_a_day,
    waiting,
)
from runs.actions.notify.hooks import compose_hook
from runs.models import (
    AlertChannel,
    AlertRule,
    Delivery,
    DeliveryKind,
    DeliveryState,
    now_ms,
)
from runs.notify import (
    HookMessage,
    PermanentHookError,
    TemporaryHookError,
    post_to_webhook,
)

#: Messages that are posted at the same time, in all and of one workspace.
MAX_POSTS = 32
MAX_OF_WORKSPACE = 4
#: How long the sender waits for replies before it looks for new messages.
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class _Post:
    """A message that is being posted, since `time`."""

    delivery: Delivery
    channel: AlertChannel
    time: int


@dataclass(frozen=True)
class _Reply:
    post: _Post
    error: Exception | None


class HookSender:
    """The worker's task: sends what is due for webhooks."""

    def __init__(self, base_url: Callable[[], str]) -> None:
        #: The public address of this server, for links.
        self._base_url = base_url
        self._posts: dict[int, _Post] = {}
        self._replies: SimpleQueue[_Reply] = SimpleQueue()

    def __call__(self, _now: int) -> int:
        """Send what is due; return how many messages were accepted."""
        sent = 0
        while True:
            # Those that end at once leave room for the next.
            while self._begin_next():
                pass
            if not self._posts:
                return sent
            sent += self._await_replies()

    def _begin_next(self) -> bool:
        """Begin what is due and has room; return whether some have ended at once."""
        ended = [self._begin(each) for each in self._next()]
        return any(ended)

    def _next(self) -> Iterator[Delivery]:
        """The first message of each channel that may have one more, fairly."""
        now = now_ms()
        busy = Counter(post.channel.workspace_id for post in self._posts.values())
        free = MAX_POSTS - len(self._posts)
        for channel in self._channels_with_messages(now):
            if free == 0:
                return
            if busy[channel.workspace_id] < MAX_OF_WORKSPACE:
                found = _due(now).filter(channel=channel).order_by("due", "pk").first()
                if found is not None:
                    busy[channel.workspace_id] += 1
                    free -= 1
                    yield found

    def _channels_with_messages(self, now: int) -> list[AlertChannel]:
        """Those of workspaces in turn, and of a workspace the longest untried first."""
        rows = AlertChannel.objects.filter(
            Exists(_due(now).filter(channel=OuterRef("pk")))
        ).exclude(pk__in=self._posts)
        found = list(rows.order_by(F("last_tried").asc(nulls_first=True), "pk"))
        turn = Counter(post.channel.workspace_id for post in self._posts.values())
        order: list[tuple[int, AlertChannel]] = []
        for channel in found:
            order.append((turn[channel.workspace_id], channel))
            turn[channel.workspace_id] += 1
        return [channel for _turn, channel in sorted(order, key=lambda each: each[0])]

    def _begin(self, delivery: Delivery) -> bool:
        """Start the attempt; return whether it was this worker's and has ended."""
        now = now_ms()
        if not claim(delivery, now, "channel", "workspace"):
            return False
        if reason := _reason_to_skip(delivery):
            end(delivery, DeliveryState.SKIPPED, reason)
            return True
        channel = delivery.channel
        assert channel is not None
        try:
            message = compose_hook(delivery, self._base_url())
        except CannotDecrypt:
            reason = "the server's secret key has changed: enter the address again"
            end(delivery, DeliveryState.DEAD, reason)
            _keep_result(channel, now, reason)
            return True
        post = _Post(delivery, channel, now)
        self._posts[channel.pk] = post
        # A daemon: the end of the worker does not wait for a webhook that hangs.
        threading.Thread(
            target=_post,
            args=(post, message, settings.HOOK_PRIVATE_ADDRESSES, self._replies),
            daemon=True,
        ).start()
        return False

    def _await_replies(self) -> int:
        """Wait for a reply, for a moment; return how many messages were accepted."""
        accepted = 0
        try:
            reply = self._replies.get(timeout=LOOK_SECONDS)
            while True:
                del self._posts[reply.post.channel.pk]
                accepted += _finish(reply)
                reply = self._replies.get_nowait()
        except Empty:
            return accepted


def _post(
    post: _Post,
    message: HookMessage,
    allows_private: bool,
    replies: SimpleQueue[_Reply],
) -> None:
    error: Exception | None = None
    try:
        post_to_webhook(message, now=post.time, allows_private=allows_private)
    except Exception as raised:  # noqa: BLE001 the other thread handles it
        error = raised
    replies.put(_Reply(post, error))


def _finish(reply: _Reply) -> bool:
    """Keep the result of an attempt; return whether the message was accepted."""
    delivery, error = reply.post.delivery, reply.error
    reason = "" if error is None else str(error)
    if error is None:
        end(delivery, DeliveryState.SENT, "")
    elif isinstance(error, PermanentHookError):
        end(delivery, DeliveryState.DEAD, reason)
    else:
        if not isinstance(error, TemporaryHookError):
            # A mistake of this server: its text can contain the address.
            reason = f"the message could not be sent ({type(error).__name__})"
            log.error("A message to a webhook failed: %s", type(error).__name__)
        if (delivery.facts or {}).get("test"):
            end(delivery, DeliveryState.DEAD, reason)
        else:
            retry_later(delivery, reason, now_ms())
        _postpone_others(reply.post.channel, reason)
    _keep_result(reply.post.channel, reply.post.time, reason)
    return error is None


def _due(now: int) -> QuerySet[Delivery]:
    return waiting(now).filter(kind=DeliveryKind.WEBHOOK)


def _reason_to_skip(delivery: Delivery) -> str:
    channel = delivery.channel
    facts: dict[str, Any] | None = delivery.facts
    assert channel is not None
    assert facts is not None
    if channel.deleted is not None:
        return "the channel was deleted"
    if facts.get("test"):
        return ""
    if not channel.is_enabled:
        return "the channel is disabled"
    rules = AlertRule.objects.active().filter(pk=facts["rule"])
    return "" if rules.exists() else "the rule was deleted"


def _postpone_others(channel: AlertChannel, reason: str) -> None:
    """Keep others from the webhook for a minute; give up those of a day ago."""
    now = now_ms()
    rows = _due(now).filter(channel=channel)
    tried_for_a_day(rows, now).update(state=DeliveryState.DEAD, ended=now, error=reason)
    postpone(rows, reason, now)


def _keep_result(channel: AlertChannel, now: int, reason: str) -> None:
    AlertChannel.objects.filter(pk=channel.pk).update(last_tried=now, last_error=reason)
