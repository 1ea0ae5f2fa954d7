"""`studio run`: a group of commands; any other word starts a program as a run."""

from __future__ import annotations

from typing import Any

import click

from studio.cli.command_group import CommandGroup, suggest

#: The name of the command that starts a program. It is not shown, and never typed.
LAUNCH = "command"
RUN_COMMANDS = {
    "archive": "studio.cli.run.bulk:archive",
    "cancel": "studio.cli.run.status:cancel",
    "comment": "studio.cli.run.comments:comment",
    "comments": "studio.cli.run.comments:comments",
    LAUNCH: "studio.cli.run.launch:launch_command",
    "compare": "studio.cli.run.compare:compare",
    "complete": "studio.cli.run.status:complete",
    "conclusion": "studio.cli.run.conclusion:conclusion",
    "delete": "studio.cli.run.bulk:delete",
    "describe": "studio.cli.run.change:describe",
    "download-logs": "studio.cli.run.logs:download_logs",
    "export": "studio.cli.run.export:export",
    "fail": "studio.cli.run.status:fail",
    "groups": "studio.cli.run.groups:groups",
    "list": "studio.cli.run.list_runs:list_runs",
    "lock": "studio.cli.run.bulk:lock",
    "logs": "studio.cli.run.logs:logs",
    "mark": "studio.cli.run.bulk:mark",
    "monitor-logs": "studio.cli.run.logs:monitor_logs",
    "move": "studio.cli.run.bulk:move",
    "rename": "studio.cli.run.change:rename",
    "restore": "studio.cli.run.bulk:restore",
    "resubmit": "studio.cli.run.resubmit:resubmit",
    "show": "studio.cli.run.show:show",
    "star": "studio.cli.run.bulk:star",
    "submit-hyperdrive": "studio.cli.run.hyperdrive:submit_hyperdrive",
    "submit-script": "studio.cli.run.submit:submit_script",
    "tag": "studio.cli.run.change:tag",
    "unarchive": "studio.cli.run.bulk:unarchive",
    "unlock": "studio.cli.run.bulk:unlock",
    "unstar": "studio.cli.run.bulk:unstar",
    "untag": "studio.cli.run.change:untag",
    "update": "studio.cli.run.change:update",
}
#: A command of `az ml run` that starts runs elsewhere.
PIPELINE = "submit-pipeline"


class RunGroup(CommandGroup):
    """`studio run list …` is a command of the group, `studio run train.sh` a program.

    `--` ends the options, so `studio run -- list` starts a program named `list`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(
            ctx, [LAUNCH, *args] if self._is_launch(ctx, args) else args
        )

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] [--] PROGRAM [ARGUMENT]...")
        formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS]...")

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        self._launch_command(ctx).format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def _launch_command(self, ctx: click.Context) -> click.Command:
        command = self.get_command(ctx, LAUNCH)
        assert command is not None
        return command

    def _is_launch(self, ctx: click.Context, args: list[str]) -> bool:
        """Whether the words start a program. Raises UsageError for an unknown word."""
        if not args or args[0] in ctx.help_option_names:
            return False
        commands = self.list_commands(ctx)
        if args[0] in commands:
            return False
        # Completion asks with half a command line.
        if ctx.resilient_parsing:
            return True
        rest = self._words_after_options(ctx, args)
        has_options = len(rest) < len(args)
        if has_options or not rest:
            return True
        # The runner imports what other commands do not need.
        from studio.runner import is_program

        if is_program(rest[0]):
            return True
        if rest[0] == PIPELINE:
            raise click.UsageError(
                f"`{ctx.command_path} {rest[0]}` does not exist. Submit a script with "
                "submit-script, then try values of its arguments: studio run resubmit "
                "RUN --sweep lr=0.1,0.01.",
                ctx,
            )
        raise click.UsageError(
            f"{rest[0]!r} is neither a command of `{ctx.command_path}` nor a program "
            f"on PATH. {suggest(rest[0], commands)}",
            ctx,
        )

    def _words_after_options(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The words from the first one that is no option of the launcher."""
        parser = self._launch_command(ctx).make_parser(ctx)
        parser.ignore_unknown_options = False
        try:
            values: Any = parser.parse_args(args=list(args))[0]
        except click.NoSuchOption as error:
            if error.option_name in ctx.help_option_names:
                click.echo(ctx.get_help())
                ctx.exit()
            raise
        found = values.get("command")
        # Click has a placeholder of its own for words that are missing.
        return list(found) if isinstance(found, (list, tuple)) else []


@click.group("run", cls=RunGroup, lazy_commands=RUN_COMMANDS, hidden_commands=(LAUNCH,))
def run_group() -> None:
    """Start a program as a run; find, read and change runs.

    A program's output is shown as usual and kept in the run's log. The run ends as the
    program does: Completed, Failed or Canceled.

    \b
    Examples:
      studio run python train.py --lr 0.1
      studio run --name baseline --tag team=nlp -- python train.py
      studio run list -q 'status:failed'
      studio run logs -f RUN
    """


__all__ = ["run_group"]
