"""`manage.py studio`: prepares the home, serves, and keeps the server running."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from runs.management import (
    client_wheel,
    database,
    dry_run,
    home,
    operator_access,
    server_lock,
    static_files,
)
from runs.management.address import Address, refuse_unprotected_address, reserve_port
from runs.management.agent_options import AgentOptions, note_stopped_agent
from runs.management.identity_check import (
    IdentityStep,
    choose_identity_step,
    collect_evidence,
    lost_files_warning,
    write_identities,
)
from runs.management.readiness import wait_ready
from runs.management.supervisor import ChildProcess, Supervisor, child_command
from runs.management.unusable_home import refuse_unusable
from runs.models import now_ms


class Command(BaseCommand):
    help = "Start the server, and print a sign-in link when it is ready."
    # The address decides settings of the processes that serve; they check themselves.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="the address to listen on"
        )
        parser.add_argument(
            "--port",
            type=port_number,
            default=settings.PORT,
            help="0 chooses a free port (default: %(default)s)",
        )
        parser.add_argument(
            "--no-worker",
            action="store_true",
            help="don't start the worker; run `manage.py worker` yourself",
        )
        parser.add_argument(
            "--demo",
            action="store_true",
            help="also train a small sweep as example data",
        )
        parser.add_argument(
            "--agent",
            type=slot_count,
            nargs="?",
            const=0,
            metavar="SLOTS",
            help="also start an agent for the target `local`: every contributor can "
            "then run code as this user",
        )
        parser.add_argument(
            "--agent-workspace",
            metavar="NAME",
            help="the workspace of the agent (default: "
            f"{operator_access.DEFAULT_WORKSPACE})",
        )
        parser.add_argument(
            "--adopt",
            action="store_true",
            help="use this folder with this database although their identities differ; "
            "no file is deleted or moved",
        )
        parser.add_argument(
            "--check",
            action="store_true",
            help="check whether the server can start, without changing anything",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        folder: Path = settings.STUDIO_HOME
        refuse_unprotected_address(
            options["host"],
            origin=settings.STUDIO_ORIGIN,
            hosts_named=settings.HOSTS_NAMED,
            insecure_http=settings.INSECURE_HTTP,
        )
        if options["check"]:
            self.stdout.write(dry_run.try_start_without_changes(folder, options))
            return
        home.prepare_folder(folder)
        home.lock_folder(folder)
        server_lock.lock_external_sqlite_folder(folder)
        address, keeper = reserve_port(options["host"], options["port"])
        if warning := address.unreachable_links_warning(settings.STUDIO_ORIGIN):
            self.print_line(warning)
        if agent := read_agent_options(options):
            # It imports the client, which no other start needs.
            from runs.management import server_agent

            self.print_line(server_agent.warn_of_agent(agent.workspace))
        self.print_line(start_message(folder, with_demo=options["demo"]))
        supervisor = Supervisor(server_processes(address, options), self.print_line)
        # Signals count from here on, so that none cuts a migration in two.
        with (
            server_lock.explained_connection_loss(),
            keeper,
            supervisor.stopped_by_signals(),
            exclusive_database(folder, supervisor),
        ):
            self.prepare(folder, adopt=options["adopt"])
            self.serve(
                supervisor,
                address,
                folder,
                with_demo=options["demo"],
                agent=agent,
            )
        if supervisor.reason:
            raise CommandError(supervisor.reason)

    def prepare(self, folder: Path, *, adopt: bool = False) -> None:
        """Raises CommandError where the database or the folder cannot be used."""
        try:
            refuse_unusable(folder, adopt=adopt)
            # Before anything is written: the two may not belong together.
            step = None if adopt else choose_identity_step(collect_evidence(folder))
            self.prepare_home(folder, step)
            if warning := lost_files_warning():
                self.print_line(warning)
        except OSError as error:
            raise CommandError(f"{folder} cannot be used: {error}") from error

    def prepare_home(self, folder: Path, step: IdentityStep | None) -> None:
        # Building the wheel is slow, so it runs next to the migrations.
        with ThreadPoolExecutor(1) as background:
            built = background.submit(
                client_wheel.build_if_changed,
                settings.PUBLIC_DIR / "dist",
                self.print_line,
            )
            database.prepare_database(folder, self.print_line)
            write_identities(folder, step or IdentityStep.BOTH)
            settings.FILES_DIR.mkdir(mode=0o700, exist_ok=True)
            static_files.collect_if_changed(settings.STATIC_ROOT)
            built.result()

    def serve(
        self,
        supervisor: Supervisor,
        address: Address,
        folder: Path,
        *,
        with_demo: bool = False,
        agent: AgentOptions | None = None,
    ) -> None:
        web = supervisor.children[0]
        user = operator_access.find_or_create_first_owner(now=now_ms())
        note_stopped_agent()
        if agent is not None:
            agent.find_owner()
        try:
            supervisor.start()
            base = settings.STUDIO_ORIGIN or address.url
            operator_access.write_client_token(folder, user, base, now=now_ms())
            is_serving = wait_ready(address, alive=web.is_alive, stop=supervisor.stop)
            with ExitStack() as stack:
                if is_serving and agent is not None:
                    from runs.management import server_agent

                    process = server_agent.create_server_agent(
                        folder, agent, base, now=now_ms()
                    )
                    supervisor.children = [*supervisor.children, process]
                if is_serving and with_demo:
                    # It imports what no other start needs.
                    from runs.management import demo

                    training = demo.run_training(folder, user, base, self.print_line)
                    stack.enter_context(training)
                if is_serving:
                    link = operator_access.sign_in_url(base, user, now=now_ms())
                    self.stdout.write(f"Run Studio is ready: {link}")
                    self.stdout.flush()
                connection.close()
                supervisor.run()
        finally:
            supervisor.stop_children()
            database.merge_wal()

    def print_line(self, text: str) -> None:
        self.stderr.write(text)


def read_agent_options(options: dict[str, Any]) -> AgentOptions | None:
    slots, workspace = options["agent"], options["agent_workspace"]
    if slots is None:
        if workspace is not None:
            raise CommandError("--agent-workspace needs --agent.")
        return None
    return AgentOptions(slots, workspace or operator_access.DEFAULT_WORKSPACE)


@contextmanager
def exclusive_database(folder: Path, supervisor: Supervisor) -> Iterator[None]:
    """Lock the database for this server during a block."""
    lock = server_lock.create_server_lock(folder)
    if lock is None:
        yield
        return
    lock.acquire()
    try:
        lock.watch(supervisor.stop_because)
        yield
    finally:
        lock.close()


def start_message(folder: Path, *, with_demo: bool) -> str:
    """What the server does before it is ready."""
    text = f"Preparing {folder} …"
    if not home.client_file(folder).exists():
        text = f"Preparing {folder}; the first start can take half a minute …"
    if with_demo:
        text += "\nWhen the server is ready, --demo trains for about a minute."
    return text


def slot_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to 1024")
    return int(text)


def port_number(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)


def server_processes(address: Address, options: dict[str, Any]) -> list[ChildProcess]:
    # The cookies' names carry the port, which only now is known for certain.
    os.environ["STUDIO_PORT"] = str(address.port)
    web = child_command(
        "-m",
        "runs.management.web",
        f"--host={address.host}",
        f"--port={address.port}",
        f"--processes={settings.PROCESSES}",
    )
    found = [ChildProcess("web server", web)]
    if not options["no_worker"]:
        manage = str(settings.BASE_DIR / "manage.py")
        found.append(ChildProcess("worker", child_command(manage, "worker")))
    return found
