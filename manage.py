#!/usr/bin/env python3
"""Run Studio's management commands; `python manage.py studio` serves."""

import atexit
import gc
import os
import sys

from studio import __version__


def main() -> None:
    # Looking for garbage in what is imported, and at the exit in everything, takes a
    # third of the time of a short command.
    gc.disable()
    atexit.register(gc.freeze)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings.base")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import BaseCommand, ManagementUtility
    except ImportError as error:
        raise SystemExit(
            "Django is not installed here. Run: pip install -r requirements.txt"
        ) from error
    if "--version" in sys.argv or sys.argv[1:] == ["version"]:
        # Django would print its own.
        sys.stdout.write(f"Run Studio {__version__}\n")
        return
    # A command's name is that of a Python module, which has no hyphen.
    words = sys.argv[1:]
    place = 1 if words[:1] == ["help"] else 0
    if words[place : place + 1] in (["move-to"], ["mail-test"]):
        words[place] = words[place].replace("-", "_")

    class Utility(ManagementUtility):
        def main_help_text(self, commands_only: bool = False) -> str:
            text = super().main_help_text(commands_only)
            return text.replace("move_to", "move-to").replace("mail_test", "mail-test")

        def fetch_command(self, subcommand: str) -> BaseCommand:
            command = super().fetch_command(subcommand)
            gc.freeze()
            gc.enable()
            return command

    try:
        Utility([sys.argv[0], *words]).execute()
    except ImproperlyConfigured as error:
        raise SystemExit(f"Run Studio cannot start. {error}") from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
