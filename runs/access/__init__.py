"""Who can see or do what: one table of permissions, applied to every request."""

from __future__ import annotations

from runs.access.best_effort_updates import update_if_idle
from runs.access.error_responses import (
    render_json_error,
)
from runs.access.middleware import (
    isolate_document,
    public_origin,
    sandbox_response,
)
from runs.access.permissions import (
    BROWSER_ONLY,
    OPERATOR,
    PUBLIC,
    SIGNED_IN,
    MethodNotAllowed,
    Permission,
    StudioRequest,
    access,
    check_role,
    preferred_format,
    signed_in_user,
    view_by_method,
    workspace_of,
)
from runs.access.signed_addresses import (
    check_signed_address,
    sign_address,
    signed_values,
)
from runs.access.task_permissions import can_stop_task, check_can_stop_task
from runs.access.token_scopes import check_model_in_scope, check_run_in_scope
from runs.access.view_changes import is_permitted_view_change
from runs.access.view_permissions import (
    check_can_change_view,
    check_can_edit_view,
    check_can_share_views,
    enter_workspace,
)

__all__ = [
    "BROWSER_ONLY",
    "OPERATOR",
    "PUBLIC",
    "SIGNED_IN",
    "MethodNotAllowed",
    "Permission",
    "StudioRequest",
    "access",
    "can_stop_task",
    "check_can_change_view",
    "check_can_edit_view",
    "check_can_share_views",
    "check_can_stop_task",
    "check_model_in_scope",
    "check_role",
    "check_run_in_scope",
    "check_signed_address",
    "enter_workspace",
    "is_permitted_view_change",
    "isolate_document",
    "preferred_format",
    "public_origin",
    "render_json_error",
    "sandbox_response",
    "sign_address",
    "signed_in_user",
    "signed_values",
    "update_if_idle",
    "view_by_method",
    "workspace_of",
]
