"""Sizes, failures and headers: what every answer has in common."""

from __future__ import annotations

import json

import pytest

from tests.access.people import browser_of

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.access.strange_urls")]

PAIR = "/w/lab/api/pair/"


# Sizes


def test_a_large_body_is_refused_by_its_content_length(team, settings):
    settings.MAX_BODY = 10
    answer = browser_of(team.owner).generic("POST", "/api/echo/", b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["error"]["limit"] == 10


def test_an_upload_has_its_own_limit(team, settings):
    settings.MAX_BODY, settings.MAX_UPLOAD = 10, 20
    client = browser_of(team.owner)
    assert client.generic("POST", "/api/upload/", b"x" * 20).status_code == 200
    assert client.generic("POST", "/api/upload/", b"x" * 21).status_code == 413


def test_a_request_without_access_does_not_reveal_body_limits(visitor, settings):
    settings.MAX_BODY = 10
    assert visitor.generic("POST", "/api/echo/", b"x" * 11).status_code == 413


def test_a_body_longer_than_its_content_length_is_cut(team, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    answer = browser_of(team.owner).generic("POST", "/api/echo/", b"x" * 11)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "TooLarge"


# Errors

KINDS = [
    ("missing", 404, "NotFound"),
    ("bad", 400, "InvalidRequest"),
    ("locked", 503, "Unavailable"),
    ("full", 503, "Unavailable"),
    ("bug", 500, "StudioError"),
]


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_every_error_has_a_code(visitor, kind, status, code):
    answer = visitor.get(f"/api/fail/{kind}/")
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert "secret" not in answer.text
    assert ("Retry-After" in answer.headers) is (status == 503)


@pytest.mark.parametrize(("kind", "status", "code"), KINDS)
def test_every_error_page_has_a_link_to_continue(visitor, kind, status, code):
    answer = visitor.get(f"/fail/{kind}/")
    assert answer.status_code == status
    assert code in answer.text
    assert "/sign-in/" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.urls("studio.urls")
@pytest.mark.parametrize("path", ["/nothing/here/", "/w/lab/runs/none/", "/w/x/runs/"])
def test_error_pages_keep_the_navigation_of_who_is_signed_in(team, visitor, path):
    person = team.owner
    person.language, person.time_zone = "zh-hans", "Asia/Shanghai"
    person.save()
    found = browser_of(person).get(path)
    assert found.status_code == 404
    assert 'class="nav"' in found.text
    assert "/sign-in/" not in found.text
    assert '<html lang="zh-hans"' in found.text
    other = visitor.get(path, follow=True)
    assert 'class="nav"' not in other.text


def test_an_unknown_address_has_the_error_format_of_its_api(visitor):
    assert "Page not found" in visitor.get("/nowhere").text
    assert visitor.get("/api/v1/nowhere").json()["error"]["code"] == "NotFound"
    unknown = visitor.get("/api/9.9/nowhere")
    assert unknown.json()["error"]["code"] == "NotFound"


def test_a_page_address_without_its_slash_redirects(visitor):
    answer = visitor.get("/w/lab/members?a=1")
    assert answer.headers["Location"] == "/w/lab/members/?a=1"
    assert visitor.post("/sign-in").status_code == 404


@pytest.mark.parametrize(
    "path", ["/w/%00/members/", "/sign-in/link/%00/", "/%ff/", "/w/..%2f/members/"]
)
def test_unusual_paths_cause_no_server_error(team, path):
    assert browser_of(team.owner).get(path).status_code in (400, 404)


def test_a_broken_form_causes_no_server_error(visitor):
    answer = visitor.post(
        "/sign-in/", b"--x\r\nbroken", content_type="multipart/form-data; boundary="
    )
    assert answer.status_code == 400


# Headers


@pytest.mark.parametrize(
    "path", ["/sign-in/", "/nowhere", "/api/fail/bug/", "/healthz", "/fail/bug/"]
)
def test_every_response_has_the_security_headers(visitor, path):
    headers = visitor.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert "no-store" in headers["Cache-Control"]


def test_responses_vary_by_cookie_and_token(team):
    vary = browser_of(team.owner).get(PAIR).headers["Vary"]
    assert "Cookie" in vary
    assert "Authorization" in vary


def test_errors_in_json_are_json(visitor):
    answer = visitor.get("/api/fail/bug/")
    assert json.loads(answer.content)["error"]["message"]
    assert answer.headers["Content-Type"] == "application/json"
