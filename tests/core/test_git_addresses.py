"""Addresses of repositories have no credentials."""

from __future__ import annotations

import pytest

from studio.core.git import shown_values, without_credentials


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:token@example.org/x.git", "https://example.org/x.git"),
        ("https://token@example.org:8443/x", "https://example.org:8443/x"),
        ("https://me:a@b:c@example.org/x@y.git", "https://example.org/x@y.git"),
        ("git+https://token@example.org/x#sub", "git+https://example.org/x#sub"),
        ("ssh://git:pass@example.org/x.git", "ssh://git@example.org/x.git"),
        ("ssh://git@example.org/x.git", "ssh://git@example.org/x.git"),
        ("git@example.org:team/x.git", "git@example.org:team/x.git"),
        ("https://example.org/x@y.git", "https://example.org/x@y.git"),
        ("https://example.org?mail=a@b", "https://example.org?mail=a@b"),
        ("/home/me/x.git", "/home/me/x.git"),
        ("train.py", "train.py"),
    ],
)
def test_credentials_are_removed(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


def test_only_addresses_of_repositories_change() -> None:
    values = {"note": "https://a:b@c/d", "mlflow.source.git.repoURL": "https://a:b@c/d"}
    assert shown_values(values) == {
        **values,
        "mlflow.source.git.repoURL": "https://c/d",
    }
