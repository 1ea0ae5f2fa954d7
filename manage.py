#!/usr/bin/env python3
"""Run Studio's management commands; `python manage.py studio` serves."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings.base")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            "Django is not installed here. Run: pip install -r requirements.txt"
        ) from error
    # A command's name is that of a Python module, which has no hyphen.
    words = ["move_to" if word == "move-to" else word for word in sys.argv[1:2]]
    try:
        execute_from_command_line([sys.argv[0], *words, *sys.argv[2:]])
    except ImproperlyConfigured as error:
        raise SystemExit(f"Run Studio cannot start. {error}") from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
