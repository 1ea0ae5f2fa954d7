"""Which runs a filter finds: the meaning of the language, on either database."""

from __future__ import annotations

import pytest

from runs.search.query.run_query import runs_matching
from studio.core.errors import InvalidFilter
from studio.core.filters.mlflow import parse_run_filter
from tests.parts.records import NOON
from tests.search.library import Library

pytestmark = pytest.mark.django_db

ALL = "abcdef"

ATTRIBUTES = [
    ("", ALL),
    ("id:a", "a"),
    ("id in (a, b, zz)", "ab"),
    ("id != a", "bcdef"),
    ("number = 1 experiment:digits", "a"),
    ("name:resnet-50", "a"),
    ("name:RESNET-50", ""),
    ("name like 'res%'", "a"),
    ("name like 'Res%t'", "b"),
    ("name like 'resnet_50'", "a"),
    ("name like 'x_50%'", "f"),
    ("name like '%50'", "a"),
    ("name like 'R%t'", "b"),
    ("name like '%*%'", ""),
    ("name like '%[%'", ""),
    ("name ilike 'RES%'", "ab"),
    ("name not ilike 'RES%'", "cdef"),
    ("name contains 'NET'", "ab"),
    ("name not contains 'NET'", "cdef"),
    ("name contains '练模'", "c"),
    ("status:failed", "be"),
    ("status:failed|canceled", "bde"),
    ("status != failed", "acdf"),
    ("status:active", "cf"),
    ("status:final", "abde"),
    ("status not in (final)", "cf"),
    ("experiment:digits", "abdef"),
    ("experiment contains 'GRÖSSE'", ""),
    ("experiment contains 'GRÖßE'", "c"),
    ("submitter:ada", "abde"),
    ("submitter:me", "abde"),
    ("submitter:bob", "c"),
    ("submitter:'Bob Ünlü'", "c"),
    ("submitter contains 'ÜNL'", "c"),
    ("submitter != ada", "cf"),
    ("submitter not contains 'ÜNL'", "abdef"),
    ("submitter is null", "f"),
    ("submitter is not null", "abcde"),
    ("target:gpu-1", "f"),
    ("target is null", "abcde"),
    ("target != gpu-1", "abcde"),
    ("script:train.py type:script", "a"),
    ("error:'OUT OF'", "b"),
    ("error is null", "acdef"),
    ("error_kind:RuntimeError-b1", "b"),
    ("error_kind in (x, RuntimeError-b1)", "b"),
    ("error_kind != RuntimeError-b1", "acdef"),
    ("error_kind like 'runtime%'", ""),
    ("error_kind ilike 'runtime%'", "b"),
    ("error_kind is null", "acdef"),
    ("commit like '4be1%'", "a"),
    ("commit:deadbeef", "b"),
    ("commit is null", "cdef"),
    ("parent is null", "abcf"),
    ("parent:a", "de"),
    ("parent != a", "abcf"),
    ("root:a", "ade"),
    ("root != a", "bcf"),
    ("root like 'a%'", "ade"),
    ("description:straße", "c"),
    ("description contains 'οδος'", "c"),
    ("description like '%100\\%%'", ""),
    ("description like '%[done]'", "c"),
    ("description is null", "abdef"),
    ("starred", "a"),
    ("starred:false", "bcdef"),
    ("locked", "a"),
    ("-locked", "bcdef"),
    ("archived", "g"),
    ("archived:false status:completed", "a"),
    ("deleted", "hi"),
    ("deleted or starred", "ahi"),
    ("artifact_uri like '%/a/artifacts'", "a"),
]

TIMES = [
    ("created:-7d", "acdef"),
    ("created < -7d", "b"),
    ("created < -1d", "b"),
    ("created:2026-11-24", "acdef"),
    ("created != 2026-11-24", "b"),
    ("created > 2026-11-14", "acdef"),
    ("created <= 2026-11-14", "b"),
    ("created < 2026-11-14", ""),
    ("created < 2026-11-15", "b"),
    ("created >= 2026-11-14", ALL),
    ("created >= 2026-11-15", "acdef"),
    ("created <= 2026-11-13", ""),
    ("created > 2026-11-13", ALL),
    ("created:2026-11-14..2026-11-24", ALL),
    ("created:2026-11-14..2026-11-14", "b"),
    ("created:2026-11", ALL),
    ("created:2026-10|2026-11-14", "b"),
    ("created = 2026-11-24T10:00", "a"),
    ("created = '2026-11-24T12:00+02:00'", "a"),
    ("created = 1795514400000", "a"),
    ("created > 1795514400000", "cdef"),
    ("created >= 1795514400000", "acdef"),
    ("started is null", "f"),
    ("started > 2026-11-24T11:54", "cde"),
    ("not started > 2026-11-24T11:54", "abf"),
    ("ended is null", "cdef"),
    ("ended < -1d", "b"),
    ("not ended < -1d", "acdef"),
    ("updated:-1m", ALL),
    ("duration:30m", "a"),
    ("duration > 10m", "a"),
    ("duration:4m..6m", "bc"),
    ("duration is null", "def"),
    ("not duration > 10m", "bcdef"),
    ("duration < 10m", "bc"),
]

KEYED = [
    ("params.lr = '0.01'", "a"),
    ("params.lr = 0.01", "ab"),
    ("params.lr != 0.01", "cdef"),
    ("params.lr:0.001..0.05", "ab"),
    ("params.lr > 0.01", "c"),
    ("not params.lr > 0.01", "abdef"),
    ("params.lr in (0.1, adaptive)", "ce"),
    ("params.lr like '%e%'", "be"),
    ("params.lr is null", "df"),
    ("params.lr is not null", "abce"),
    ("params.'a b' = x", "a"),
    ("params.unknown = 1", ""),
    ("params.unknown != 1", ALL),
    ("params.unknown is null", ALL),
    ("tags.model = resnet50", "a"),
    ("tags.model != resnet50", "bcdef"),
    ("tags.model = ''", "d"),
    ("tags.model contains 'RES'", "a"),
    ("tags.step = 10", "a"),
    ("tag:baseline", "a"),
    ("-tag:baseline", "bcdef"),
    ("tag:model", "abd"),
    ("tag:model=vit|resnet50", "ab"),
    ("tags.质量 = 高", "c"),
    ("tags.quality = 'fantastic run' or status:failed", "bce"),
    ("properties.author = azureml-user", "a"),
    ("property:author", "a"),
    ("datasets.name = digits", "a"),
    ("datasets.context = train datasets.digest like 'd0%'", "a"),
    ("datasets.name != digits", "bcdef"),
    ("datasets.name is null", "bcdef"),
]

METRICS = [
    ("metrics.acc > 0.75", "ac"),
    ("metrics.acc >= 0.8", "ac"),
    ("metrics.acc = 0.8", "a"),
    ("metrics.acc != 0.8", "bcdef"),
    ("metrics.acc < 0.75", "d"),
    ("not metrics.acc < 0.75", "abcef"),
    ("metrics.acc = nan", "b"),
    ("metrics.acc != nan", "acdef"),
    ("metrics.acc = Infinity", "c"),
    ("metrics.acc < inf", "ad"),
    ("metrics.acc:0.1..0.8", "ad"),
    ("metrics.acc is not null", "abcd"),
    ("metrics.acc is null", "ef"),
    ("metrics.acc.max = 0.9", "a"),
    ("metrics.acc.max = 0.7", "b"),
    ("metrics.acc.min:0.5..0.7", "ab"),
    ("metrics.acc.first = 0.7", "b"),
    ("metrics.acc.count > 1", "ab"),
    ("metrics.'acc.max' = 7", "a"),
    ("metrics.val/acc > 1", "a"),
    ("metrics.note = good", "d"),
    ("metrics.note like 'go%'", "d"),
    ("metrics.note contains GOOD", "d"),
    ("metrics.acc.count in (1, 3)", "acd"),
    ("metrics.big = 1152921504606846977", "c"),
    ("metrics.unknown > 0", ""),
    ("not metrics.unknown > 0", ALL),
]

CHILDREN = [
    ("children.count > 0", "a"),
    ("children.count = 2", "a"),
    ("children.failed > 0", "a"),
    ("children.failed = 1 children.canceled = 1", "a"),
    ("children.failed >= 2", ""),
    ("children.completed = 0", ALL),
    ("children.final:2..3", "a"),
    ("not children.failed > 0", "bcdef"),
]

WORDS = [
    ("resnet", "ab"),
    ("RESNET", "ab"),
    ("net", "ab"),
    ('"resnet test"', "b"),
    ("vit", "b"),
    ("baseline", "a"),
    ("fantastic", "c"),
    ("bob", "c"),
    ("ünlü", "c"),
    ("vision", "c"),
    ("digits", "abdef"),
    ("canceled", "d"),
    ("fail", "be"),
    ("straße", "c"),
    ("100%", "c"),
    ("%", ""),
    ("训练", "c"),
    ("练模", "c"),
    ("训", "c"),
    ("练", ""),
    ("一", "c"),
    ("高", "c"),
    ("50", "af"),
    ("0", ""),
    ("te", "b"),
    ("st", "ac"),
    ("deadbeef", ""),
    ("mlflow", ""),
    ("-resnet", "cdef"),
    ("resnet -vit", "a"),
    ("resnet or 训练", "abc"),
]


EVERYTHING = ATTRIBUTES + TIMES + KEYED + METRICS + CHILDREN + WORDS


@pytest.mark.parametrize(("text", "ids"), EVERYTHING)
def test_a_filter_finds_the_expected_runs(
    library: Library, text: str, ids: str
) -> None:
    assert library.find(text) == list(ids)


@pytest.mark.parametrize(
    "text",
    [
        text
        for text, _ in EVERYTHING
        if text and "archived" not in text and "deleted" not in text
    ],
)
def test_a_filter_and_its_negation_partition_the_runs(
    library: Library, text: str
) -> None:
    found = library.find(text) + library.find(f"not ({text})")
    assert sorted(found) == list(ALL)


MLFLOW = [
    ("metrics.acc > 0.75", "ac"),
    ("metrics.acc != 0.8", "bcd"),
    ("metrics.acc.max > 1", "a"),
    ("params.lr = '0.01'", "a"),
    ("params.lr != '0.01'", "bce"),
    ("tags.model != 'vit'", "ad"),
    ("tags.baseline IS NOT NULL", "a"),
    ("status = 'RUNNING'", "c"),
    ("status = 'SCHEDULED'", "f"),
    ("status = 'FINISHED'", "ag"),
    ("status != 'FINISHED'", "bcdef"),
    ("status = 'finished'", ""),
    ("run_name LIKE 'res%'", "a"),
    ("end_time > 0", "ab"),
    ("end_time != 5", "ab"),
    ("datasets.name = 'digits'", "a"),
    ("datasets.name != 'digits'", ""),
    ("artifact_uri LIKE 'mlflow-artifacts:/%/a/artifacts'", "a"),
]


@pytest.mark.parametrize(("text", "ids"), MLFLOW)
def test_mlflow_filters_find_the_expected_runs(
    library: Library, text: str, ids: str
) -> None:
    runs = runs_matching(
        parse_run_filter(text),
        viewer=library.ada,
        workspace=library.workspace,
        now=NOON,
    )
    found = runs.not_deleted().order_by("run_id").values_list("run_id", flat=True)
    assert list(found) == list(ids)


def test_a_search_in_logs_needs_three_characters(library: Library) -> None:
    with pytest.raises(InvalidFilter) as caught:
        library.find("resnet log:oo")
    details = caught.value.details
    assert (details["position"], details["length"]) == (7, 6)


def test_stars_and_me_refer_to_the_viewer(library: Library) -> None:
    assert library.find("starred", viewer=library.bob) == []
    assert library.find("submitter:me", viewer=library.bob) == ["c"]
