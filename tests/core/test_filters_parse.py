"""What filter texts mean, told by their canonical texts and trees."""

from __future__ import annotations

import pytest

from studio.core.errors import InvalidFilter
from studio.core.filters import parse, parse_field, to_text
from studio.core.filters.tree import (
    Ago,
    And,
    Comparison,
    Duration,
    Field,
    Flag,
    Moment,
    Not,
    Number,
    Or,
    Text,
    Word,
    attribute,
    metric,
    terms,
    with_term,
    without_term,
)

TREES = [
    ("", None),
    ("  \n ", None),
    ("metrics.acc > 0.9", Comparison(metric("acc"), ">", (Number(0.9),))),
    ("params.lr = '0.01'", Comparison(Field("params", "lr"), "=", (Text("0.01"),))),
    ("params.lr = 0.01", Comparison(Field("params", "lr"), "=", (Number(0.01),))),
    ("resnet", Word("resnet")),
    ('"worth another look"', Word("worth another look")),
    ("训练", Word("训练")),
    ("a b", And((Word("a"), Word("b")))),
    ("a or b c", Or((Word("a"), And((Word("b"), Word("c")))))),
    ("not (a or b)", Not(Or((Word("a"), Word("b"))))),
    ("-a", Not(Word("a"))),
    ('-"a b"', Not(Word("a b"))),
    ("not not a", Word("a")),
    ("starred", Comparison(attribute("starred"), "=", (Flag(True),))),
    ('"starred"', Word("starred")),
    ("created:-7d", Comparison(attribute("created"), ">=", (Ago(604_800_000),))),
    ("duration:<2m", Comparison(attribute("duration"), "<", (Duration(120_000),))),
    (
        "started = 2026-11-24",
        Comparison(
            attribute("started"),
            "=",
            (Moment(1_795_478_400_000, 1_795_564_800_000, "day"),),
        ),
    ),
    (
        "started > 1795478400000",
        Comparison(
            attribute("started"),
            ">",
            (Moment(1_795_478_400_000, 1_795_478_400_001, "ms"),),
        ),
    ),
    ("metrics.a.max > 1", Comparison(metric("a", "max"), ">", (Number(1),))),
    ('metrics."a.max" > 1', Comparison(metric("a.max"), ">", (Number(1),))),
    ("metrics.a.last > 1", Comparison(metric("a"), ">", (Number(1),))),
    ("metrics.`a b`.count = 2", Comparison(metric("a b", "count"), "=", (Number(2),))),
]


@pytest.mark.parametrize(("text", "node"), TREES)
def test_a_text_parses_to_its_tree(text, node):
    assert parse(text) == node


CANONICAL = [
    ("status:failed|canceled", "status:Failed|Canceled"),
    ("STATUS in (failed, Failed)", "status:Failed"),
    ("not status in (Failed, Canceled)", "status not in (Failed, Canceled)"),
    ("attribute.run_name != 'x'", "name != x"),
    ("run.run_id = abc", "id:abc"),
    ("parameter.lr = '1'", 'params.lr = "1"'),
    ("metric.acc >= .5", "metrics.acc >= 0.5"),
    ("attr.status = Running AND NOT a Or b", "status:Running and not a or b"),
    ("tag:baseline", "tag:baseline"),
    ("-tag:flaky", "-tag:flaky"),
    ("tags.flaky is null", "-tag:flaky"),
    ("tags.flaky = null", "-tag:flaky"),
    ("tag:a|b", "tag:a or tag:b"),
    ("tag:k=v", "tags.k = v"),
    ("tag:k=v|w", "tags.k in (v, w)"),
    ("tag:k!=v", "tags.k != v"),
    ('tag:"worth another look"', 'tag:"worth another look"'),
    ('tag:"a=b"="c d"', 'tags."a=b" = "c d"'),
    ("metrics.acc:>0.9|<0.1", "metrics.acc > 0.9 or metrics.acc < 0.1"),
    ("params.lr:0.001..0.01", "params.lr:0.001..0.01"),
    ("params.lr:0.001..", "params.lr >= 0.001"),
    ("number:..5", "number <= 5"),
    ("params.path:a..b", 'params.path = "a..b"'),
    ("created:2026-11-01..2026-11-24", "created:2026-11-01..2026-11-24"),
    ("created:-7d..-12h", "created:-7d..-12h"),
    ("created:2026-11-24T10:00+02:00..", "created >= 2026-11-24T10:00+02:00"),
    ('created > "2026-11-24 10:00:30"', "created > 2026-11-24T10:00:30"),
    ("ended:>2026-11", "ended > 2026-11"),
    ("created > -90m", "created > -1h30m"),
    ("duration > 1.5h", "duration > 1h30m"),
    ("duration:2m..1h30m", "duration:2m..1h30m"),
    ("parent:null", "parent is null"),
    ("target:null|local", "target is null or target:local"),
    ("error:oom", "error contains oom"),
    ("description not contains x", "description not contains x"),
    ("name not like 'a%'", 'name not like "a%"'),
    ("-name:x", "name != x"),
    ("is:starred -is:locked", "starred:true and locked:false"),
    ("deleted:false", "deleted:false"),
    ("children.failed > 0", "children.failed > 0"),
    ("children.COUNT:2..3", "children.count:2..3"),
    ("metrics.loss = nan", "metrics.loss = NaN"),
    ("metrics.loss < -inf", "metrics.loss < -Infinity"),
    ("metrics.note = good", "metrics.note = good"),
    ("params.x = nan", 'params.x = "nan"'),
    ("script:train.py:main", 'script:"train.py:main"'),
    ("tags.cmd = a=b", 'tags.cmd = "a=b"'),
    ("tags.q = 'it''s'", 'tags.q = "it\'s"'),
    ('tags.q = "say ""hi"""', 'tags.q = "say ""hi"""'),
    ("don't panic", '"don\'t" and panic'),
    ("training in progress", 'training and "in" and progress'),
    ("dogs like cats", 'dogs and "like" and cats'),
    ("log:'CUDA error'", 'log contains "CUDA error"'),
    ("datasets.name = digits", "datasets.name = digits"),
    ("a == b", None),
    ("number == 3", "number:3"),
    ("number <> 3", "number != 3"),
]


@pytest.mark.parametrize(("text", "canonical"), CANONICAL)
def test_a_text_has_one_canonical_form(text, canonical):
    if canonical is None:
        with pytest.raises(InvalidFilter):
            parse(text)
    else:
        assert to_text(parse(text)) == canonical


@pytest.mark.parametrize("text", ["name", "metrics.acc.max", 'params."a b"', "tags"])
def test_a_single_field_name_is_parsed(text):
    field = parse_field(text)
    assert field.key in ("name", "acc", "a b", "tags")


def test_adding_a_term_replaces_its_opposite():
    node = with_term(
        parse("resnet -tag:flaky"), Comparison(Field("tags", "flaky"), "is not null")
    )
    assert to_text(node) == "resnet and tag:flaky"


def test_a_term_can_be_removed():
    node = parse("resnet status:failed")
    assert [to_text(term) for term in terms(node)] == ["resnet", "status:Failed"]
    assert to_text(without_term(node, terms(node)[1])) == "resnet"
    assert without_term(parse("resnet"), Word("resnet")) is None
