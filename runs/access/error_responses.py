"""Turn errors into responses, for every protocol: a page, REST's JSON, or MLflow's."""

from __future__ import annotations

import re
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from runs.access.permissions import (
    SAFE_METHODS,
    ErrorRenderer,
    MethodNotAllowed,
    find_access_declaration,
    is_api_path,
    preferred_format,
)
from runs.http import AUTHORIZE_ONLY, RETRY_AFTER_SECONDS, as_studio_error
from studio.core.errors import (
    InvalidRequest,
    LinkUsedUp,
    PermissionDenied,
    SignInRequired,
    StudioError,
)

#: MLflow's web UI uses `ajax-api`.
_MLFLOW_PATH = re.compile(r"/(w/[^/]+/)?(ajax-)?api/[2-5]\.0/")

#: The codes that MLflow's clients know. For others they read the HTTP status.
MLFLOW_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "ENDPOINT_NOT_FOUND",
    405: "BAD_REQUEST",
    408: "TEMPORARILY_UNAVAILABLE",
    413: "REQUEST_LIMIT_EXCEEDED",
    429: "REQUEST_LIMIT_EXCEEDED",
    503: "TEMPORARILY_UNAVAILABLE",
}


def error_response(request: HttpRequest, error: StudioError) -> HttpResponse:
    """Return the response to an error, in the format of the view or of the path."""
    response = renderer_for(request)(request, error)
    if isinstance(error, SignInRequired):
        # Never Basic: a browser would ask for the token, keep it, and send it with
        # requests that other sites cause.
        response.headers["WWW-Authenticate"] = 'Bearer realm="Run Studio"'
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(error.details["allowed"])
    if response.status_code in (429, 503):
        seconds = error.details.get("retry_after", RETRY_AFTER_SECONDS)
        response.headers["Retry-After"] = str(seconds)
    return response


def renderer_for(request: HttpRequest) -> ErrorRenderer:
    """Return the renderer for errors of this request.

    Callers who are not signed in and announce a large body get text. Browsers do not do
    that, and rendering pages would cost the server most.
    """
    found = declared_renderer(request)
    is_announced = AUTHORIZE_ONLY in request.META and not _is_signed_in(request)
    return render_text_error if found is render_error_page and is_announced else found


def declared_renderer(request: HttpRequest) -> ErrorRenderer:
    """Return the renderer that the view declares, or the one for the path without a
    view.
    """
    match = request.resolver_match
    declared = find_access_declaration(request, match.func) if match else None
    if declared is None:
        return renderer_for_path(request)
    return declared.errors or _PAGE_RENDERERS[preferred_format(request)]


def renderer_for_path(request: HttpRequest) -> ErrorRenderer:
    """Return the renderer for a path whose view is unknown, or not known yet."""
    if _MLFLOW_PATH.match(request.path_info):
        return render_mlflow_error
    if is_api_path(request):
        return render_json_error
    return render_error_page


def render_json_error(_request: HttpRequest, error: StudioError) -> HttpResponse:
    return JsonResponse({"error": error.as_json()}, status=error.status)


def render_mlflow_error(_request: HttpRequest, error: StudioError) -> HttpResponse:
    code = MLFLOW_CODES.get(error.status, "INTERNAL_ERROR")
    body = {"error_code": code, "message": error.message}
    return JsonResponse(body, status=error.status)


def render_text_error(_request: HttpRequest, error: StudioError) -> HttpResponse:
    """Render text for terminals and spreadsheets: the message and its code."""
    body = f"{error.message}\n({error.code})\n"
    answer = HttpResponse(body, status=error.status)
    answer["Content-Type"] = "text/plain; charset=utf-8"
    return answer


PAGE_TITLES = {
    400: gettext_lazy("Invalid request"),
    401: gettext_lazy("Sign in required"),
    403: pgettext_lazy("title of an error page", "Not allowed"),
    404: gettext_lazy("Page not found"),
    405: gettext_lazy("Method not allowed"),
    408: gettext_lazy("Request timed out"),
    409: pgettext_lazy("title of an error page", "Conflict"),
    413: pgettext_lazy("title of an error page", "Too large"),
    429: gettext_lazy("Too many requests"),
    503: gettext_lazy("Temporarily unavailable"),
}


#: These errors leave the navigation in place: its queries still work.
FRAMED = (400, 403, 404, 405, 409)


def render_error_page(request: HttpRequest, error: StudioError) -> HttpResponse:
    context = {
        "heading": _error_title(error),
        "error": error,
        # The heading says everything about a link that no longer works.
        "code": "" if isinstance(error, LinkUsedUp) else error.code,
        "signed_in": _is_signed_in(request),
    }
    is_framed = (
        context["signed_in"]
        and error.status in FRAMED
        and request.method in SAFE_METHODS
    )
    template = "site/error.html" if is_framed else "site/plain_error.html"
    return render(request, template, context, status=error.status)


def _error_title(error: StudioError) -> str:
    if isinstance(error, LinkUsedUp):
        return _("This link no longer works")
    return str(PAGE_TITLES.get(error.status, _("Something went wrong")))


_PAGE_RENDERERS: dict[str, ErrorRenderer] = {
    "": render_error_page,
    "application/json": render_json_error,
    "text/csv": render_text_error,
    "text/plain": render_text_error,
}


def _is_signed_in(request: HttpRequest) -> bool:
    # Errors before authentication have no user and must not query the database.
    return bool(getattr(request, "actor", None) and request.actor.user)  # type: ignore[attr-defined]


# The handlers of `studio.urls`, for errors outside views and middleware.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    error = as_studio_error(exception)
    return error_response(
        request, error or InvalidRequest(_("The request can't be read."))
    )


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    error = as_studio_error(exception)
    return error_response(
        request, error or PermissionDenied(_("You don't have permission to do this."))
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond to an unexpected error; Django has logged the traceback."""
    error = as_studio_error(sys.exception())
    return error_response(
        request,
        error
        or StudioError(
            _(
                "The server had an error, and nothing was changed. The server's "
                "log has the details."
            )
        ),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(
        request,
        PermissionDenied(
            _("The form has expired. Reload the page and try again."),
            reason=reason,
        ),
    )
