"""The tree of a run's files, a level at a time, and the search for paths in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from django.db import connection
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Collate, Concat, Left, Length
from django.db.models.lookups import Exact, GreaterThan, LessThan

from runs.models import File, LoggedModel, Run
from runs.models.functions import LAST_CHAR, SORTED_CHARS, PathOrder
from runs.search.files.files import current_files

#: A level shows this many files, and as many folders; more files follow on request.
MAX_LEVEL_FILES = 200
MAX_LEVEL_FOLDERS = 500
MAX_FOUND_PATHS = 200
#: A search has this many words; further ones are ignored.
MAX_SEARCH_WORDS = 8

#: What has files.
FileHome = Run | LoggedModel


@dataclass(frozen=True)
class TreeLevel:
    """What is directly in a folder; `next_name` begins the next page of files."""

    folder: str
    folders: tuple[str, ...]
    files: tuple[File, ...]
    next_name: str = ""
    has_more_folders: bool = False


def list_level(home: FileHome, folder: str = "", *, start: str = "") -> TreeLevel:
    """List one folder, files from the name `start` on. Two queries."""
    begun = PathOrder(F("name"))
    files = _files_of(home).annotate(at=PathOrder(F("folder")), begun=begun)
    files = files.filter(Exact(F("at"), Value(folder[:SORTED_CHARS])), folder=folder)
    if start:
        head = Value(start[:SORTED_CHARS])
        same = Q(Exact(F("begun"), head)) & Q(name__gt=start)
        files = files.filter(Q(GreaterThan(F("begun"), head)) | same)
    shown = list(files.order_by("begun", "name")[: MAX_LEVEL_FILES + 1])
    # Folders are on the first page of files.
    folders = [] if start else _subfolders(home, folder)
    return TreeLevel(
        folder,
        tuple(folders[:MAX_LEVEL_FOLDERS]),
        tuple(shown[:MAX_LEVEL_FILES]),
        shown[MAX_LEVEL_FILES - 1].name if len(shown) > MAX_LEVEL_FILES else "",
        len(folders) > MAX_LEVEL_FOLDERS,
    )


def _files_of(home: FileHome) -> QuerySet[File]:
    if isinstance(home, Run):
        return current_files().filter(run=home)
    return current_files().filter(model=home)


def _subfolders(home: FileHome, folder: str) -> list[str]:
    """Names of folders in a folder: by jumps in the index, not by reading all paths."""
    start = f"{folder}/" if folder else ""
    if len(start) >= SORTED_CHARS:
        return _subfolders_of_long_path(home, start)
    rows = _files_of(home).annotate(at=PathOrder(F("folder"))).order_by("at")
    rows = rows.filter(LessThan(F("at"), Value(f"{start}{LAST_CHAR}")))
    first = rows.filter(GreaterThan(F("at"), Value(start))).values("at")[:1]
    # Behind the folder itself, and then behind all that is below it.
    behind = f"substr(found.at, 1, %s + {_position('substr(found.at, %s + 1)')} - 1)"
    following = RawSQL(
        f"CASE WHEN {_position('substr(found.at, %s + 1)')} = 0 THEN found.at "
        f"ELSE {behind} || %s END{_COLLATION[connection.vendor]}",
        [len(start), len(start), len(start), f"/{LAST_CHAR}"],
    )
    then = rows.filter(GreaterThan(F("at"), following)).values("at")[:1]
    (begin, given), (step, more) = (
        each.query.sql_with_params() for each in (first, then)
    )
    with connection.cursor() as cursor:
        # A folder can take two steps. One folder too many shows that there are more.
        cursor.execute(
            f"WITH RECURSIVE found(at, n) AS (SELECT ({begin}), 0 UNION ALL "
            f"SELECT ({step}), n + 1 FROM found "
            f"WHERE at IS NOT NULL AND n < {2 * MAX_LEVEL_FOLDERS + 1}) "
            "SELECT at FROM found WHERE at IS NOT NULL",
            [*given, *more],
        )
        paths = [at for (at,) in cursor.fetchall()]
    names = [path[len(start) :].partition("/") for path in paths]
    if any(
        len(path) == SORTED_CHARS and not slash
        for path, (_name, slash, _rest) in zip(paths, names, strict=True)
    ):
        # The index holds only the beginning of this name.
        return _subfolders_of_long_path(home, start)
    return list(dict.fromkeys(name for name, _slash, _rest in names))


_COLLATION = {"postgresql": ' COLLATE "C"', "sqlite": ""}


def _position(text: str) -> str:
    """SQL for the position of the first slash, counted from 1; 0 without one."""
    if connection.vendor == "postgresql":
        return f"strpos({text}, '/')"
    return f"instr({text}, '/')"


def _subfolders_of_long_path(home: FileHome, start: str) -> list[str]:
    rows = _files_of(home).annotate(at=PathOrder(F("folder")))
    if len(start) >= SORTED_CHARS:
        rows = rows.filter(Exact(F("at"), Value(start[:SORTED_CHARS])))
    if start:
        rows = rows.filter(Exact(Left("folder", len(start)), Value(start)))
    folders = rows.exclude(folder="").values_list("folder", flat=True).distinct()
    names = {folder[len(start) :].partition("/")[0] for folder in folders.iterator()}
    return sorted(names)[: MAX_LEVEL_FOLDERS + 1]


def find_paths(homes: Iterable[FileHome], text: str) -> tuple[list[File], bool]:
    """Find files whose path has all words of `text`, in any case; and if more exist."""
    # The longest word excludes most paths, so it is looked for first.
    words = sorted(text.split()[:MAX_SEARCH_WORDS], key=len, reverse=True)
    owned = Q()
    for home in homes:
        owned |= Q(run=home) if isinstance(home, Run) else Q(model=home)
    rows: Any = current_files().filter(pk__in=_possible_paths(owned, words))
    rows = rows.annotate(whole=Concat(F("folder"), Value("/"), F("name")))
    for word in words:
        rows = rows.filter(whole__icontains=word)
    found = list(rows.order_by("folder", "name")[: MAX_FOUND_PATHS + 1])
    return found[:MAX_FOUND_PATHS], len(found) > MAX_FOUND_PATHS


def _possible_paths(owned: Q, words: Iterable[str]) -> QuerySet[Any, Any]:
    """The keys of files that can have all words; found in `file_by_folder` alone.

    That index holds the beginnings of folders and names. Longer ones are possible.
    """
    parts = PathOrder(F("folder")), Value("/"), PathOrder(F("name"))
    begun: Any = Concat(*parts, output_field=TextField())
    if connection.vendor == "postgresql":
        # The collation of the index knows upper and lower case of ASCII only.
        begun = Collate(begun, "default")
    rows: Any = current_files().filter(owned).annotate(begun=begun)
    matching = Q()
    for word in words:
        matching &= Q(begun__icontains=word)
    is_long = Q()
    for field in ("folder", "name"):
        is_long |= Q(Exact(Length(PathOrder(F(field))), Value(SORTED_CHARS)))
    return cast("QuerySet[Any, Any]", rows.filter(matching | is_long).values("pk"))
