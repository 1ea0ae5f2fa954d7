"""`studio run conclusion`: what a comparison of runs showed."""

from __future__ import annotations

import click

from studio.cli.output import Output, output_options
from studio.cli.target import Target, target_options
from studio.cli.words import take_query, take_text, words_argument


@click.command(
    "conclusion",
    epilog="Examples: studio run conclusion RUN1 RUN2 · "
    "studio run conclusion RUN1 RUN2 --text 'The second is better.'",
)
@output_options
@target_options
@click.option("--text", help="Markdown; `-` reads a pipe. An empty text removes it.")
@words_argument("RUN RUN… [QUERY]")
def conclusion(
    target: Target, output: Output, text: str | None, words: tuple[str, ...]
) -> None:
    """Print or write the conclusion from a comparison of exactly these runs."""
    named = map(target.find_run_id, take_query(words, output))
    runs = list(dict.fromkeys(named))
    if len(runs) < 2:
        raise click.UsageError("Name at least 2 different runs.")
    if text is None:
        found = target.client.get("conclusion", runs=",".join(runs))
        output.emit(found, summary=found["text"] or "There is no conclusion.")
        return
    body = {"runs": runs, "text": take_text([text])}
    done = target.client.json("PUT", "conclusion", body)
    summary = "Conclusion saved." if done["text"] else "Conclusion removed."
    output.emit(done, summary=summary)
