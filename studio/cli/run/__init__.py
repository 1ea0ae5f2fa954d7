"""`studio run`: a group of commands; any other word starts a program as a run."""

from __future__ import annotations

import difflib
from typing import Any

import click

from studio.cli.run.launch import launch_command

#: The name of the command that starts a program. It is not shown, and never typed.
LAUNCH = "command"


class RunGroup(click.Group):
    """`studio run list …` is a command of the group, `studio run train.sh` a program.

    `--` ends the options, so `studio run -- list` starts a program named `list`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(
            ctx, [LAUNCH, *args] if self._is_launch(ctx, args) else args
        )

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return (
            launch_command if cmd_name == LAUNCH else super().get_command(ctx, cmd_name)
        )

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_usage(ctx.command_path, "[OPTIONS] [--] PROGRAM [ARGUMENT]...")
        if self.list_commands(ctx):
            formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS]...")

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        launch_command.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def _is_launch(self, ctx: click.Context, args: list[str]) -> bool:
        """Whether the words start a program. Raises UsageError for an unknown word."""
        if not args or args[0] in ctx.help_option_names:
            return False
        # Completion asks with half a command line.
        if ctx.resilient_parsing:
            return args[0] not in self.commands
        rest = _words_after_options(ctx, args)
        has_options = len(rest) < len(args)
        if has_options or not rest:
            return True
        if rest[0] in self.commands:
            return False
        # The runner imports what other commands do not need.
        from studio.runner import is_program

        if is_program(rest[0]):
            return True
        raise click.UsageError(self._explain_unknown(rest[0]), ctx)

    def _explain_unknown(self, word: str) -> str:
        near = difflib.get_close_matches(
            word, self.list_commands(click.Context(self)), 1
        )
        guess = f" Did you mean {near[0]!r}?" if near else ""
        return (
            f"{word!r} is neither a command of `studio run` nor a program on PATH."
            f"{guess}"
        )


def _words_after_options(ctx: click.Context, args: list[str]) -> list[str]:
    """The words from the first one that is no option of the launcher."""
    parser = launch_command.make_parser(ctx)
    parser.ignore_unknown_options = False
    try:
        values: Any = parser.parse_args(args=list(args))[0]
    except click.NoSuchOption as error:
        if error.option_name in ctx.help_option_names:
            click.echo(ctx.get_help())
            ctx.exit()
        raise
    rest: list[str] = list(values.get("command") or ())
    return rest


@click.group("run", cls=RunGroup)
def run_group() -> None:
    """Start a program as a run.

    Its output is shown as usual and kept in the run's log. The run ends as the program
    does: Completed, Failed or Canceled.

    \b
    Examples:
      studio run python train.py --lr 0.1
      studio run --name baseline --tag team=nlp -- python train.py
      studio run --experiment digits -- ./sweep.sh
    """
