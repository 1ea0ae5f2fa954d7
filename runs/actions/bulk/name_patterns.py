"""Names of runs by a pattern such as `{name} lr={params.lr}`, and find and replace.

`{{` and `}}` are braces. A run without the parameter or tag gets an empty text there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models.functions import Substr
from django.utils.translation import gettext as _

from runs.models import Experiment, KeyKind, Run, RunParam, RunTag
from studio.core import names
from studio.core.errors import InvalidName, InvalidValue

#: What a pattern can name, next to `params.KEY` and `tags.KEY`.
PATTERN_FIELDS = ("name", "number", "id", "experiment", "status")
MAX_PATTERN_CHARS = 500
#: No name can be as long, so that texts are cut here.
TOO_LONG = names.MAX_DISPLAY_NAME + 1
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_ROWS: dict[str, tuple[KeyKind, type[RunParam] | type[RunTag]]] = {
    "params": (KeyKind.PARAM, RunParam),
    "tags": (KeyKind.TAG, RunTag),
}


@dataclass(frozen=True)
class NamePattern:
    """Texts and fields in turn; `find` is replaced in what `{name}` stands for."""

    parts: tuple[tuple[str, str], ...]
    find: str = ""
    replacement: str = ""

    def new_names(self, runs: Sequence[Run]) -> list[str]:
        """Return the new name of each run; one query per kind of value at most."""
        values = {
            name: self._stored(name, runs)
            for name in {name for _text, name in self.parts if name}
        }
        return [
            _shorten(
                "".join(
                    text + (values[name].get(run.pk, "") if name else "")
                    for text, name in self.parts
                ).strip()
            )
            for run in runs
        ]

    def _stored(self, name: str, runs: Sequence[Run]) -> Mapping[int, str]:
        kind, _dot, key = name.partition(".")
        if key:
            return _read_texts(kind, key, [run.pk for run in runs])
        if name == "experiment":
            wanted = {run.experiment_id for run in runs}
            rows = Experiment.objects.filter(pk__in=wanted)
            of = dict(rows.values_list("pk", "name"))
            return {run.pk: of.get(run.experiment_id, "") for run in runs}
        return {run.pk: self._own_text(name, run) for run in runs}

    def _own_text(self, name: str, run: Run) -> str:
        if name == "name":
            if not self.find:
                return run.name
            return _shorten(run.name.replace(self.find, self.replacement))
        if name == "number":
            return str(run.number)
        return run.run_id if name == "id" else run.state.value


def _shorten(text: str) -> str:
    return text[:TOO_LONG]


def _read_texts(kind: str, key: str, runs: Sequence[int]) -> dict[int, str]:
    key_kind, model = _ROWS[kind]
    rows = model.objects.filter(run__in=runs, key__kind=key_kind, key__name=key)
    # Values can have 64 KB each, and a pattern can name dozens.
    rows = rows.annotate(start=Substr("value", 1, TOO_LONG))
    return {run: value or "" for run, value in rows.values_list("run_id", "start")}


def read_pattern(text: str, find: str = "", replacement: str = "") -> NamePattern:
    """Read a pattern. Raises InvalidValue for an unknown field or a lone brace."""
    for name, given in (
        ("pattern", text),
        ("find", find),
        ("replacement", replacement),
    ):
        names.check_text(given, name, limit=MAX_PATTERN_CHARS)
    parts: list[tuple[str, str]] = []
    plain, at = "", 0
    for found in _PARTS.finditer(text):
        plain += text[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            plain += found[0][0]
            continue
        parts.append((plain, _check_field(found[1], found[0])))
        plain = ""
    return NamePattern((*parts, (plain + text[at:], "")), find, replacement)


def _check_field(name: str | None, written: str) -> str:
    kind, _dot, key = (name or "").partition(".")
    if name in PATTERN_FIELDS or (kind in _ROWS and key):
        return str(name)
    known = [*(f"{{{each}}}" for each in PATTERN_FIELDS), "{params.KEY}", "{tags.KEY}"]
    raise InvalidValue(
        _("%(written)s is not known in a pattern. It can have %(known)s.")
        % {"written": written, "known": ", ".join(known)},
        field="pattern",
    )


def is_display_name(text: str) -> bool:
    """Whether a run can have this name."""
    try:
        names.check_display_name(text)
    except (InvalidName, InvalidValue):
        return False
    return True
