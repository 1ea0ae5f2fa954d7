"""Settings: the environment is read here and only here."""

from __future__ import annotations

import os
from pathlib import Path

from studio.settings import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

STUDIO_HOME = env.home()
STUDIO_ORIGIN = env.origin()
SECRET_KEY = env.secret_key(STUDIO_HOME)
DEBUG = False
ALLOWED_HOSTS = env.allowed_hosts(STUDIO_ORIGIN)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "runs",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
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
                "runs.pages.frame.frame",
            ],
            "builtins": ["runs.templatetags.studio", "django.templatetags.i18n"],
        },
    }
]

DATABASES = {"default": env.database(STUDIO_HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "runs.User"
SESSION_ENGINE = "runs.models.sessions"
LOGIN_URL = "sign-in"

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = STUDIO_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

FILES_DIR = STUDIO_HOME / "files"
#: One uploaded file, and one JSON body, in bytes.
MAX_UPLOAD = int(os.environ.get("STUDIO_MAX_UPLOAD", 50 * 1024**3))
MAX_BODY = int(os.environ.get("STUDIO_MAX_BODY", 32 * 1024**2))
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY
