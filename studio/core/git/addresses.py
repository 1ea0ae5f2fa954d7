"""Addresses of git repositories, without the credentials that clients put into them.

`git remote` has them as they were typed, such as `https://user:token@host/team/code`.
The client and the server leave them out before a value is stored. Values that an older
release stored are shown without them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value", str, "str | None")

#: Tags and properties that have the address of a repository.
ADDRESS_KEYS = frozenset(
    {
        "azureml.git.repository_uri",
        "mlflow.gitRepoURL",
        "mlflow.source.git.repoURL",
        "mlflow.source.name",
    }
)
#: The scheme, and what stands before the last `@` of the host. A password can have `@`.
_BEFORE_HOST = re.compile(r"\s*([A-Za-z][\w+.-]*://)([^/?#\s]*)@", re.ASCII)


def without_credentials(address: str) -> str:
    """Remove user, password and token; the user of ssh, such as `git@`, stays."""
    found = _BEFORE_HOST.match(address)
    if found is None:
        return address
    is_web = "http" in found[1].lower()
    user = "" if is_web else found[2].partition(":")[0] + "@"
    return found[1] + user + address[found.end() :]


def shown_value(key: str, value: Value) -> Value:
    """Return the value of a tag or property as everyone may see it."""
    if value is None or key not in ADDRESS_KEYS:
        return value
    return without_credentials(value)


def shown_values(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return tags or properties as everyone may see them."""
    return {key: shown_value(key, value) for key, value in values.items()}
