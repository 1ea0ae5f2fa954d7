"""Settings of the Django project; `environment` reads the variables."""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path

from studio.settings import environment as env
from studio.settings.mail_server import parse_email_from, parse_email_url

BASE_DIR = Path(__file__).resolve().parent.parent.parent

_VARIABLES = env.read_variables()

STUDIO_HOME = env.prepare_home(_VARIABLES.home)
STUDIO_ORIGIN = env.parse_origin(_VARIABLES.origin)
SECRET_KEY = env.read_or_create_secret_key(_VARIABLES.secret_key, STUDIO_HOME)
DEBUG = False
ALLOWED_HOSTS = env.parse_allowed_hosts(_VARIABLES.allowed_hosts, STUDIO_ORIGIN)
#: Whether the operator listed the names by which the server is reached.
HOSTS_NAMED = bool(_VARIABLES.allowed_hosts)
#: Allow plain http beyond this machine.
INSECURE_HTTP = _VARIABLES.insecure_http == "1"
#: Where the server listens without `--port`.
PORT = _VARIABLES.port
#: Web processes.
PROCESSES = _VARIABLES.processes

# Behind https (a proxy ends it) everything that browsers can enforce.
HTTPS = STUDIO_ORIGIN.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [STUDIO_ORIGIN] if STUDIO_ORIGIN else []
X_FRAME_OPTIONS = "DENY"
# Browsers share the cookies of localhost among its ports, so the names tell them apart.
SESSION_COOKIE_NAME = f"studio_session_{PORT}"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
#: Of a browser in which a user signed in before.
BROWSER_COOKIE_NAME = f"studio_browser_{PORT}"
CSRF_COOKIE_NAME = f"studio_csrf_{PORT}"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "runs.access.error_responses.csrf_failure"
SILENCED_SYSTEM_CHECKS = [
    # `runs.access` sends X-Frame-Options with its other headers, and checks CSRF by a
    # subclass of Django's middleware.
    "security.W002",
    "security.W003",
    # Subdomains of the operator's host and browsers' preload lists are not ours.
    "security.W005",
    "security.W021",
    # Redirecting to https is the proxy's task; one that sends no X-Forwarded-Proto
    # would otherwise be redirected forever.
    "security.W008",
]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "runs",
]

MIDDLEWARE = [
    "runs.access.middleware.SecurityHeaders",
    "runs.access.middleware.HostAndOriginChecks",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "runs.pages.requests.responses.CompressionMiddleware",
    "runs.access.middleware.BrowserState",
    "django.middleware.common.CommonMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "runs.access.middleware.AccessControl",
    "runs.access.middleware.BrowserCsrf",
]

ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = "studio.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "runs.pages.site.context_processors.frame_context",
            ],
            # A later library replaces tags of an earlier one: here `translate`.
            "builtins": ["django.templatetags.i18n", "runs.templatetags.studio"],
        },
    }
]

DATABASES = {"default": env.database_settings(_VARIABLES.database_url, STUDIO_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "runs.User"
SESSION_ENGINE = "runs.models.accounts"
LOGIN_URL = "sign-in"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
#: "Keep me signed in on this device"; otherwise until the browser closes.
SESSION_COOKIE_AGE = 60 * 24 * 3600
_RULES = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": f"{_RULES}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "display_name", "email")},
    },
    {"NAME": f"{_RULES}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_RULES}.CommonPasswordValidator"},
    {"NAME": f"{_RULES}.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en"
#: Each by its own name, as the language menu shows it.
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [BASE_DIR / "runs" / "locale"]
FORMAT_MODULE_PATH = ["runs.formats"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = STUDIO_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
# The client's wheel, below /dist/. Everyone can download it.
PUBLIC_DIR = STUDIO_HOME / "public"
WHITENOISE_ROOT: Path | None = PUBLIC_DIR
WHITENOISE_INDEX_FILE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "runs.bundles.storage.BundledFiles"},
}

# Pages of other servers don't need our static files.
WHITENOISE_ALLOW_ALL_ORIGINS = False

#: The pages below /help/.
HELP_DIR = BASE_DIR / "docs" / "user"

FILES_DIR = STUDIO_HOME / "files"
# Not in backups: it is rebuilt from the logs.
LOG_INDEX_DIR = STUDIO_HOME / "log-index"
#: One uploaded file, and one JSON body, in bytes.
MAX_UPLOAD = int(_VARIABLES.max_upload)
MAX_BODY = int(_VARIABLES.max_body)
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
#: Scheduled backups: where to, how often, how many.
BACKUP_PATH = _VARIABLES.backup_path
BACKUP_HOURS = _VARIABLES.backup_hours
BACKUP_KEEP = _VARIABLES.backup_keep
#: How long ended background tasks are listed. Their change sets stay.
TASK_DAYS = _VARIABLES.task_days

# How long clients can take, and how many threads (runs/management/web).
HEADER_SECONDS = _VARIABLES.header_seconds
#: Min bytes a second in each direction, averaged over that number of seconds.
MIN_RATE = int(_VARIABLES.min_rate)
RATE_SECONDS = _VARIABLES.rate_seconds
IDLE_SECONDS = _VARIABLES.idle_seconds
CALLER_REQUESTS = _VARIABLES.caller_requests
QUEUE_SECONDS = _VARIABLES.queue_seconds


# The mail server, for notifications; without an address there are no mails.
MAIL_SERVER = parse_email_url(_VARIABLES.email_url)
MAIL_FROM = parse_email_from(_VARIABLES.email_from, _VARIABLES.email_url)
#: Days that status changes are listed on *Alerts*, and notifications in inboxes.
EVENT_DAYS = _VARIABLES.event_days
#: Whether webhooks can be on private networks.
HOOK_PRIVATE_ADDRESSES = _VARIABLES.hook_private_addresses == "1"


def is_failure_record(record: logging.LogRecord) -> bool:
    """Return whether a request failed: 501 refuses what this server does not offer."""
    return getattr(record, "status_code", None) != HTTPStatus.NOT_IMPLEMENTED


#: What Prometheus sends; without a token only programs of this machine read /metrics.
METRICS_TOKEN = _VARIABLES.metrics_token
#: Whether each request is a line of the log.
LOG_REQUESTS = _VARIABLES.log_requests == "1"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "text": {"()": "runs.http.log_lines.TextLines"},
        "json": {"()": "runs.http.log_lines.JsonLines"},
    },
    "filters": {
        "failures": {
            "()": "django.utils.log.CallbackFilter",
            "callback": is_failure_record,
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": _VARIABLES.log_format,
        },
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "studio": {"level": "INFO"},
        # Django's own default handlers mail; here every line goes to stderr, once.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # Below 500 the answer itself says what was wrong.
        "django.request": {"level": "ERROR", "filters": ["failures"]},
        "django.security": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}
