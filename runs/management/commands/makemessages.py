"""Collect the texts of pages and errors into the message files of `runs/locale/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import makemessages
from django.utils.translation import to_locale

#: What holds no text of a page: tests, tools, and the terminal's texts.
IGNORED = (
    "tests/*",
    ".ci/*",
    "build/*",
    "docs/*",
    "static/*",
    "studio/cli/*",
    "studio/sdk/*",
    "studio/compat/*",
    "studio/demo/*",
)
HEADER = {
    "Project-Id-Version": "Run Studio",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


class Command(makemessages.Command):
    help = "Update runs/locale/ from the source; then translate what is new."

    # They mark the texts of `studio.core`, which cannot import Django.
    xgettext_options = [  # noqa: RUF012
        *makemessages.Command.xgettext_options,
        "--keyword=message",
        "--keyword=message_with_context:1c,2",
    ]
    # A guess that looks right is worse than a text that is missing.
    msgmerge_options = [  # noqa: RUF012
        *makemessages.Command.msgmerge_options,
        "--no-fuzzy-matching",
    ]

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--check",
            action="store_true",
            help="Change nothing; fail where a text is new or not translated.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check = options.pop("check")
        before = {path: path.read_text() for path in message_files()}
        options["locale"] = options["locale"] or [
            to_locale(code) for code, _name in settings.LANGUAGES if code != "en"
        ]
        options["no_location"] = True
        options["no_obsolete"] = True
        options["ignore_patterns"] = [*options["ignore_patterns"], *IGNORED]
        super().handle(*args, **options)
        for path in message_files():
            write_sorted(path)
        if check:
            self.refuse_changed_files(before)

    def refuse_changed_files(self, before: dict[Path, str]) -> None:
        after = {path: path.read_text() for path in message_files()}
        for path in after:
            path.write_text(before.get(path, ""))
        if after != before:
            raise CommandError("Texts changed: run `python manage.py makemessages`.")
        missing = [text for path in after for text in untranslated(path)]
        if missing:
            listed = "\n".join(f"  {text}" for text in missing[:20])
            raise CommandError(f"{len(missing)} texts have no translation:\n{listed}")


def message_files() -> list[Path]:
    """Return every message file, sorted."""
    folders = [Path(folder) for folder in settings.LOCALE_PATHS]
    return sorted(path for each in folders for path in each.glob("*/LC_MESSAGES/*.po"))


def untranslated(path: Path) -> list[str]:
    """Return the texts without a translation, or with an unchecked one."""
    file = polib.pofile(str(path))
    found = file.untranslated_entries() + file.fuzzy_entries()
    return [f"[{e.msgctxt}] {e.msgid}" if e.msgctxt else e.msgid for e in found]


def write_sorted(path: Path) -> None:
    """Write the file in one order and without dates, so that two changes merge."""
    file = polib.pofile(str(path), wrapwidth=88)
    language = path.parent.parent.name
    file.metadata = {**HEADER, "Language": language}
    file.metadata_is_fuzzy = False
    file.header = "Translations of Run Studio."
    for entry in file:
        if entry.msgid_plural:
            entry.msgstr_plural = {0: entry.msgstr_plural.get(0, "")}
    file.sort(key=lambda entry: (entry.msgid, entry.msgctxt or ""))
    file.save(str(path))
