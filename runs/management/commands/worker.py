"""`manage.py worker`: the server's recurring tasks, each when it is due."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from runs.management import tether


class Command(BaseCommand):
    help = "Runs the recurring tasks until it is stopped."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--parent", type=int, help="end when this process, the parent, is gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["parent"]:
            tether.tie(options["parent"])
        stop = threading.Event()

        def stopped(number: int, frame: FrameType | None) -> None:
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stopped)
        stop.wait()
