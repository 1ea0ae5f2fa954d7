"""Waiting until a file descriptor can be read."""

from __future__ import annotations

import selectors

# epoll needs a descriptor of its own; poll also works when none is left.
_Selector = getattr(selectors, "PollSelector", selectors.DefaultSelector)


def wait_readable(descriptor: int, seconds: float) -> bool:
    """Return whether it can be read, or has ended, within `seconds`.

    `select.select` fails for a descriptor above 1,023.
    """
    with _Selector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(max(0.0, seconds)))
