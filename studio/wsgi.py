"""The WSGI application that the web processes serve.

Their front hands over requests whose body was received whole, with its true length.
"""

from __future__ import annotations

import os

import django
from django.core.handlers.wsgi import WSGIHandler
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings.base")

django.setup(set_prefix=False)
application = WSGIHandler()
# Every view is imported now: a process that cannot serve ends here, where it is
# noticed, and no first request waits.
_views = get_resolver().url_patterns
