"""Texts that are encrypted at rest with the server's secret key."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class CannotDecrypt(Exception):
    """The server's secret key has changed."""


def encrypt_text(text: str, purpose: bytes) -> bytes:
    """Encrypt; each use of the secret key has a `purpose` of its own."""
    return _fernet(settings.SECRET_KEY, purpose).encrypt(text.encode())


def decrypt_text(ciphertext: bytes, purpose: bytes) -> str:
    """Raises CannotDecrypt."""
    try:
        return _fernet(settings.SECRET_KEY, purpose).decrypt(ciphertext).decode()
    except InvalidToken as error:
        raise CannotDecrypt from error


@cache
def _fernet(secret_key: str, purpose: bytes) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=purpose)
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret_key.encode())))
