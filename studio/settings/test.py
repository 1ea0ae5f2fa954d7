"""Settings of the tests: fast hashing, a folder of their own."""

import atexit
import os
import shutil
import tempfile

# Each of several workers has a folder, and so a database, of its own.
if "STUDIO_HOME" not in os.environ or "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["STUDIO_HOME"] = tempfile.mkdtemp(prefix="studio-test-")
    atexit.register(shutil.rmtree, os.environ["STUDIO_HOME"], ignore_errors=True)

from studio.settings.base import *  # noqa: F403
from studio.settings.base import DATABASES, STATIC_ROOT, STORAGES, STUDIO_HOME

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_ROOT = None
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STATIC_ROOT.mkdir(exist_ok=True)
# A file, not memory: threads then meet the locks that they meet in production.
DATABASES["default"].setdefault("TEST", {})
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"]["NAME"] = STUDIO_HOME / "test.sqlite3"
