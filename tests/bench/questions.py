"""What people ask of the lists: every family of questions, and the nasty ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from tests.bench.data.invented import CHILD_TAG, RARE_NAME, RARE_TAG, RARE_WORD

ALL = "/w/default/runs/"
#: Half of all runs are here.
LARGEST = "/w/default/experiments/digits/"
EXPERIMENTS = "/w/default/experiments/"
FACETS = "/w/default/list/facets/"
COLUMNS = "/w/default/list/columns/"
COMPLETE = "/w/default/list/complete/"
EDITOR = "/w/default/list/filter/"

#: What the design allows, in milliseconds, on a machine on which MLflow's server takes
#: 143 ms for `runs/search` of the newest of 100,000 runs in one experiment.
PLAIN, ONE_KEY, FILTERED, PART, ANYTHING = 25, 40, 60, 60, 300
NO_NEWS = 5

COMMON = "tags.team = 'nlp'"
RARE = f"tags.{RARE_TAG[0]} = '{RARE_TAG[1]}'"


@dataclass(frozen=True)
class Question:
    name: str
    path: str = ALL
    query: str = ""
    #: Pages to turn before.
    turn: int = 0
    limit: int = PLAIN
    #: Asked as the page's script does.
    fragment: bool = False
    #: Asked again by an open list that has it already.
    again: bool = False


def ask(
    name: str, q: str = "", *, path: str = ALL, turn: int = 0, **more: str
) -> Question:
    given = {"q": q, **more, "rows": "25"}
    pairs = {key: value for key, value in given.items() if value}
    limit = ONE_KEY if q in (COMMON, RARE) else FILTERED if q else PLAIN
    return Question(name, path, urlencode(pairs), turn, limit)


def panel(name: str, q: str = "", **more: str) -> Question:
    query = urlencode({"q": q, **more} if q else more)
    return Question(name, FACETS, query, limit=PART, fragment=True)


def completion(text: str) -> Question:
    query = urlencode({"text": text, "at": len(text)})
    return Question(f"completion of '{text}'", COMPLETE, query, limit=PART)


def nasty(name: str, q: str, sort: str = "") -> Question:
    return replace(ask(name, q, sort=sort), limit=ANYTHING)


def without_news(name: str, path: str = ALL) -> Question:
    return replace(ask(name, path=path), limit=NO_NEWS, again=True)


FAMILIES = (
    without_news("live refresh without news"),
    without_news("live refresh without news, one experiment", LARGEST),
    ask("newest roots"),
    ask("newest roots, one experiment", path=LARGEST),
    ask("newest, children too", children="1", flat="1"),
    ask("page 50", turn=49),
    ask("page 50, one experiment", path=LARGEST, turn=49),
    ask("one common key", COMMON),
    ask("one rare key", RARE),
    ask("one common key, one experiment", COMMON, path=LARGEST),
    ask("two common keys", f"{COMMON} and params.lr < 0.001"),
    ask("two common keys, one experiment", f"{COMMON} params.lr:<0.001", path=LARGEST),
    ask("a common and a rare key", f"{COMMON} and {RARE}"),
    ask("two keys that seldom meet", "tags.team = 'speech' and params.lr = '1e-5'"),
    ask("a metric above", "metrics.acc > 0.9"),
    ask("a metric above almost all", "metrics.acc > 0.9999"),
    ask("by status", "status:failed"),
    ask("by time", "created:2026-03-01..2026-03-02"),
    ask("by submitter", "submitter:me"),
    ask("by name, in full", "name = 'none_has_this_name'"),
    ask("sorted by a metric", sort="-metrics.acc"),
    ask("sorted by a metric, rising", sort="metrics.loss"),
    ask("sorted by a metric, one experiment", path=LARGEST, sort="-metrics.acc"),
    ask(
        "sorted by a metric, children too", sort="-metrics.acc", children="1", flat="1"
    ),
    ask("sorted by a metric, page 50", sort="-metrics.acc", turn=49),
    ask("sorted by a rare metric", sort="-metrics.metric_900"),
    ask("a common key, sorted by a metric", COMMON, sort="-metrics.acc"),
    ask("a rare key, sorted by a metric", RARE, sort="-metrics.acc"),
    ask("free word, common", "baseline"),
    ask("free word, common, one experiment", "baseline", path=LARGEST),
    ask("free word, rare", RARE_WORD),
    ask("two free words", "baseline resnet"),
    ask("free word and a key", f"baseline {COMMON}"),
    ask("free word, none has it", "xylophone"),
    ask("Chinese word, common", "图像"),
    ask("Chinese word, rare", RARE_NAME),
    ask("one letter", "b"),
    ask("a filter that only children match", f"tags.{CHILD_TAG[0]} = '{CHILD_TAG[1]}'"),
    ask(
        "the same, children too",
        f"tags.{CHILD_TAG[0]} = '{CHILD_TAG[1]}'",
        children="1",
        flat="1",
    ),
    ask("tree", children="1"),
    ask("tree, one experiment", path=LARGEST, children="1"),
    ask(
        "tree, only children match",
        f"tags.{CHILD_TAG[0]} = '{CHILD_TAG[1]}'",
        children="1",
    ),
    ask("tree, sorted by a metric", sort="-metrics.acc", children="1"),
    ask("tree, a rare key", RARE, children="1"),
    ask("tree, page 50", children="1", turn=49),
    ask("only differences", differs="1"),
    ask("only differences, sorted by a metric", differs="1", sort="-metrics.acc"),
    Question("dialog of columns", COLUMNS, limit=PART),
    Question("dialog of columns, one field", COLUMNS, "find=acc", limit=PART),
    Question("dialog of columns, a key", COLUMNS, urlencode({"q": COMMON}), limit=PART),
    panel("facets"),
    panel("facets, one experiment", **{"in": "1"}),
    panel("facets, children too", children="1"),
    panel("facets of one chosen tag", COMMON),
    panel("facets, a metric's bars", open="metrics.acc"),
    panel("facets found by name", find="lr"),
    completion(""),
    completion("te"),
    completion("tags."),
    completion("status:"),
    completion("tags.team = n"),
    completion("status:completed tags.team = n"),
    completion("baseline params.lr:"),
    completion("metrics.acc > 0.5 te"),
    completion("metrics.acc > 0.5 tags.team = n"),
    Question("filter editor of a tag", EDITOR, "field=tags.team", limit=PART),
    Question("fields to filter by", EDITOR, limit=PART),
    Question("experiments", EXPERIMENTS),
    Question("experiments by runs", EXPERIMENTS, "sort=-runs"),
    Question("experiments by submitter", EXPERIMENTS, "sort=submitter"),
    Question("experiments with a word", EXPERIMENTS, "q=sweep"),
)

_TERMS = " or ".join(f"tags.team = 'no{n}'" for n in range(200))
_WORDS = " ".join(f"word{n}" for n in range(50))
_DEEP = "(" * 40 + COMMON + ")" * 40

NASTY = (
    nasty("leading wildcard", "name like '%zz%9'"),
    nasty("leading wildcard of a tag", "tags.team like '%q%'"),
    nasty("contains, nothing does", "description contains 'qqqqqq'"),
    nasty("200 terms", _TERMS),
    nasty("50 words", _WORDS),
    nasty("40 levels deep", _DEEP),
    nasty("not", f"not {COMMON}"),
    nasty("not a word", "-baseline"),
    nasty("no such key", "tags.unknown = '1'"),
    nasty("has no such tag", "tags.unknown is null"),
    nasty("lacks a key that almost all have", "metrics.acc is null"),
    nasty("or over two tables", f"{RARE} or metrics.acc > 0.9999"),
    nasty("or, common", f"{COMMON} or status:failed"),
    nasty("five ranges", " ".join(f"metrics.acc:>0.{n}" for n in range(5))),
    nasty("sorted by a key that no run has", "", sort="-metrics.unknown"),
    nasty("sorted by duration", "", sort="-duration"),
    nasty("sorted by name", "", sort="name"),
    nasty("a common word, sorted by name", "baseline", sort="name"),
    nasty("a common key, sorted by name", COMMON, sort="-name"),
    replace(nasty("sorted by name, one experiment", "", sort="name"), path=LARGEST),
    nasty("sorted by a parameter", "", sort="params.lr"),
    nasty("sorted by a tag", "", sort="tags.team"),
    nasty("a common word, sorted by a tag", "baseline", sort="-tags.team"),
    nasty("duration above", "duration:>2h"),
    nasty("failed children", "children.failed > 0"),
    nasty("starred", "is:starred"),
    nasty("deleted", "deleted:true"),
    nasty("experiment by part of its name", "experiment contains 'sweep'"),
    nasty("of a dataset", "datasets.name = 'none'"),
    nasty("a percent sign", "name contains '%'"),
)
