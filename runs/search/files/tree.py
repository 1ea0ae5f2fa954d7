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

#: A level shows this many files and folders; more of either follow on request.
MAX_LEVEL_FILES = 200
MAX_LEVEL_FOLDERS = 200
MAX_FOUND_PATHS = 200
#: A search has this many words; further ones are ignored.
MAX_SEARCH_WORDS = 8

#: What has files.
FileHome = Run | LoggedModel


@dataclass(frozen=True)
class TreeLevel:
    """What is directly in a folder.

    `next_name` begins the next page of files, `next_folder` that of folders.
    """

    folder: str
    folders: tuple[str, ...]
    files: tuple[File, ...]
    next_name: str = ""
    next_folder: str = ""


def list_level(home: FileHome, folder: str = "", *, start: str = "") -> TreeLevel:
    """List one folder; with `start` only its files behind this name. Two queries."""
    begun = PathOrder(F("name"))
    files = _files_of(home).annotate(at=PathOrder(F("folder")), begun=begun)
    files = files.filter(Exact(F("at"), Value(folder[:SORTED_CHARS])), folder=folder)
    if start:
        head = Value(start[:SORTED_CHARS])
        same = Q(Exact(F("begun"), head)) & Q(name__gt=start)
        files = files.filter(Q(GreaterThan(F("begun"), head)) | same)
    shown = list(files.order_by("begun", "name")[: MAX_LEVEL_FILES + 1])
    # Folders are on the first page of files.
    folders, next_folder = ((), "") if start else list_folders(home, folder)
    return TreeLevel(
        folder,
        folders,
        tuple(shown[:MAX_LEVEL_FILES]),
        shown[MAX_LEVEL_FILES - 1].name if len(shown) > MAX_LEVEL_FILES else "",
        next_folder,
    )


def list_folders(
    home: FileHome, folder: str, *, after: str = ""
) -> tuple[tuple[str, ...], str]:
    """List folders in a folder, from `after` on, and where the next page begins.

    `after` is what an earlier page returned. Two queries.
    """
    start = f"{folder}/" if folder else ""
    found = None
    if len(start) + len(after) < SORTED_CHARS:
        found = _jump_to_folders(home, start, after)
    places, more = found or _folders_of_long_path(home, start, after)
    places = places[: MAX_LEVEL_FOLDERS + 1]
    if len(places) > MAX_LEVEL_FOLDERS:
        more = places[MAX_LEVEL_FOLDERS - 1]
    names = (place.rstrip("/") for place in places[:MAX_LEVEL_FOLDERS])
    return tuple(names), more


def _files_of(home: FileHome) -> QuerySet[File]:
    if isinstance(home, Run):
        return current_files().filter(run=home)
    return current_files().filter(model=home)


def _jump_to_folders(
    home: FileHome, start: str, after: str
) -> tuple[list[str], str] | None:
    """Find folders by jumps in the index, not by reading all paths.

    Returns places, and where to go on if the jumps were too few; None if a name is
    longer than the index holds. A place is the name of a folder that has files, else
    with a slash: the index has the folder there for the first time.
    """
    rows = _files_of(home).annotate(at=PathOrder(F("folder"))).order_by("at")
    rows = rows.filter(LessThan(F("at"), Value(f"{start}{LAST_CHAR}")))
    begin_at = start + after + (LAST_CHAR if after.endswith("/") else "")
    first = rows.filter(GreaterThan(F("at"), Value(begin_at))).values("at")[:1]
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
    # A folder can take two steps.
    steps = 2 * MAX_LEVEL_FOLDERS + 2
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(at, n) AS (SELECT ({begin}), 1 UNION ALL "
            f"SELECT ({step}), n + 1 FROM found WHERE at IS NOT NULL AND n < {steps}) "
            "SELECT at FROM found WHERE at IS NOT NULL",
            [*given, *more],
        )
        paths = [at for (at,) in cursor.fetchall()]
    places: dict[str, str] = {}
    for path in paths:
        name, slash, _rest = path[len(start) :].partition("/")
        if len(path) == SORTED_CHARS and not slash:
            return None
        places.setdefault(name, name + slash)
    if after:
        places = _without_earlier(home, start, places)
    name, slash, _rest = paths[-1][len(start) :].partition("/") if paths else ("",) * 3
    return list(places.values()), name + slash if len(paths) == steps else ""


def _without_earlier(
    home: FileHome, start: str, places: dict[str, str]
) -> dict[str, str]:
    """Leave out what an earlier page has: a folder's own files come before all below.

    Others can be between the two: "a", "a b", "a/x".
    """
    below = [start + name for name, place in places.items() if place.endswith("/")]
    rows = _files_of(home).annotate(at=PathOrder(F("folder"))).filter(at__in=below)
    earlier = set(rows.values_list("folder", flat=True).distinct())
    return {
        name: place for name, place in places.items() if start + name not in earlier
    }


_COLLATION = {"postgresql": ' COLLATE "C"', "sqlite": ""}


def _position(text: str) -> str:
    """SQL for the position of the first slash, counted from 1; 0 without one."""
    if connection.vendor == "postgresql":
        return f"strpos({text}, '/')"
    return f"instr({text}, '/')"


def _folders_of_long_path(
    home: FileHome, start: str, after: str
) -> tuple[list[str], str]:
    """Find all folders behind a place by reading the paths below `start`."""
    rows = _files_of(home).annotate(at=PathOrder(F("folder")))
    if len(start) >= SORTED_CHARS:
        rows = rows.filter(Exact(F("at"), Value(start[:SORTED_CHARS])))
    if start:
        rows = rows.filter(Exact(Left("folder", len(start)), Value(start)))
    folders = rows.exclude(folder="").values_list("folder", flat=True).distinct()
    places: dict[str, str] = {}
    for folder in folders.iterator():
        name, slash, _rest = folder[len(start) :].partition("/")
        places[name] = min(name + slash, places.get(name, name + slash))
    return sorted(place for place in places.values() if place > after), ""


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
