"""REST: the secrets of a workspace. No reply has a value."""

from __future__ import annotations

from runs.access import Permission, StudioRequest, workspace_of
from runs.actions import compute as compute_actions
from runs.api.v1.endpoints import endpoint
from runs.api.v1.schemas import Removed, SecretInfo, SecretList, SecretValue
from runs.models import Secret, now_ms


@endpoint("GET", Permission.READ, reply=SecretList)
def list_secrets(request: StudioRequest) -> SecretList:
    """List the names of the secrets, and who set them when."""
    rows = Secret.objects.filter(workspace=workspace_of(request)).order_by("name")
    found = rows.select_related("created_by", "changed_by").defer("ciphertext")
    return SecretList([_secret_info(one) for one in found])


@endpoint("PUT", Permission.COMPUTE, body=SecretValue, reply=SecretInfo)
def set_secret(request: StudioRequest, name: str, body: SecretValue) -> SecretInfo:
    """Set a secret. Only agents get its value, for runs that name the secret."""
    secret = compute_actions.set_secret(
        workspace_of(request), name, body.value, actor=request.actor, now=now_ms()
    )
    return _secret_info(secret)


@endpoint("DELETE", Permission.COMPUTE, reply=Removed)
def delete_secret(request: StudioRequest, name: str) -> Removed:
    """Delete a secret. Queued runs that name it will fail."""
    compute_actions.delete_secret(
        workspace_of(request), name, actor=request.actor, now=now_ms()
    )
    return Removed(1)


def _secret_info(secret: Secret) -> SecretInfo:
    return SecretInfo(
        secret.name,
        secret.created,
        secret.created_by.username if secret.created_by else None,
        secret.changed,
        secret.changed_by.username if secret.changed_by else None,
    )
