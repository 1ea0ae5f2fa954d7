"""What free words find: in any script, in one text at a time, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from runs.models import Run, SearchText
from runs.models.functions import starts_word
from runs.models.grams import grams_of, is_short_word, lower_case, text_of
from runs.search.query.run_query import runs_matching
from runs.search.sql.words import search_text_scan
from studio.core.errors import InvalidFilter
from studio.core.filters.tree import And, Node, Not, Or, Word
from studio.core.statuses import RunStatus
from tests.parts.records import NOON
from tests.search.library import Library, empty_library

pytestmark = pytest.mark.django_db

#: A run each: its name, its description, its tags.
TEXTS: dict[str, tuple[str, str, dict[str, str | None]]] = {
    "latin": ("ResNet-50 Baseline", "", {"model": "resnet50", "big one": None}),
    "chinese": ("训练模型 一号", "图像分类的质量", {"质量": "高"}),
    "mixed": ("v2模型x", "", {"team": "研究A组"}),
    "accents": ("Größe ÉTÉ", "ΟΔΟΣ Straße İstanbul", {}),
    "quotes": ('say "hello" it\'s', "a ' OR 1=1; --", {}),
    "syntax": ("a AND b OR c", "NEAR(x y) NOT z* ^start text : col", {}),
    "signs": ("x_50% *all* a.b", "[done] \\back (paren)", {"k": "%"}),
    "emoji": ("🚀 launch", "👩\u200d🔬", {"mood": "🙂🙂"}),
    "korean": ("한국어 모델", "ひらがな カタカナ", {}),
    "lines": ("two", "first line\nsecond line\ttab", {}),
    "field ab": ("ends ab", "cd begins", {"ef": "gh", "ij": None}),
    "odd": ("sep", "one\x1ftwo\x1ethree", {}),
    "short": ("a", "b c", {"d": "e"}),
    "hidden": ("plain", "", {"mlflow.secret": "concealed"}),
}
WORDS = [
    *("resnet", "RESNET-50", "net-50 base", "50", "5", "re", "es", "big one", "g o"),
    *(
        "训",
        "练",
        "训练",
        "练模",
        "模型",
        "型 一",
        "图像分类",
        "类的质",
        "质量",
        "高",
        "号",
    ),
    *("v2模", "2模", "型x", "模型x", "研究a组", "a组", "究a", "a", "x", "v2", "2"),
    *("größe", "GRÖSSE", "été", "é", "οδος", "οδοσ", "straße", "i̇stanbul", "İs", "ß"),
    *('"hello"', '"', "'", "it's", "1=1; --", "' or", '" it', 'y "'),
    *("and", "AND", "a and b", "or", "near(", "NEAR(x y)", "not z*", "*", "^start"),
    *(
        "text :",
        "x_5",
        "_50%",
        "%",
        "_",
        "50%",
        "*all*",
        "[done]",
        "\\back",
        "\\",
        "a.b",
    ),
    *("🚀", "🚀 l", "👩", "👩\u200d🔬", "🙂🙂", "🙂", "launch"),
    *("한국어", "국어", "어", "한", "모델", "ひら", "がな", "カ", "ナ"),
    *("line second", "line\nsecond", "d line", "\ttab", "\t", " ", "  ", "e "),
    *(
        "ab cd",
        "abcd",
        "ab\x1fcd",
        "b\x1fc",
        "\x1f",
        "one two",
        "two\x1ethree",
        "\x1ea",
    ),
    *("ef", "gh", "efgh", "ij", "d", "b", "c", "e", "d e", "b c"),
    *("concealed", "mlflow", "plain", "secret", "nothing of it", "q", "zz"),
]


@pytest.fixture(scope="module")
def shelves(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[Library]:
    """A run for each of TEXTS, without a submitter, so that only its texts match."""
    with django_db_blocker.unblock(), transaction.atomic():
        library = empty_library("shelves", "##1", "##2")
        library.digits.name = "##"
        library.digits.save()
        for n, (name, description, tags) in enumerate(TEXTS.values()):
            library.make(
                f"{n:09}",
                name=name,
                description=description,
                tags=tags,
                columns={"submitter": None, "status": RunStatus.PROVISIONING.code},
            )
        yield library
        transaction.set_rollback(True)


def matching(library: Library, node: Node) -> set[str]:
    runs = runs_matching(
        node, viewer=library.ada, workspace=library.workspace, now=NOON
    )
    titles = list(TEXTS)
    return {titles[int(run_id)] for run_id in runs.values_list("run_id", flat=True)}


def fields_of(title: str) -> list[str]:
    name, description, tags = TEXTS[title]
    shown = [each for each in tags.items() if not each[0].startswith("mlflow.")]
    fields = [name, description, f"{list(TEXTS).index(title):09}", *chain(*shown)]
    return [field for field in fields if field]


def expected(word: str) -> set[str]:
    """The meaning, said of each field by itself; \\x1e and \\x1f count as spaces."""
    small = (lower_case(word) or "").translate({0x1E: " ", 0x1F: " "})

    def is_in(field: str) -> bool:
        text = (lower_case(field) or "").translate({0x1E: " ", 0x1F: " "})
        return starts_word(text, small) if is_short_word(small) else small in text

    return {title for title in TEXTS if any(map(is_in, fields_of(title)))}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_found_in_every_searched_field(shelves: Library, word: str) -> None:
    found = expected(word)
    assert matching(shelves, Word(word)) == found
    assert matching(shelves, Not(Word(word))) == set(TEXTS) - found


@pytest.mark.parametrize("word", WORDS)
def test_the_search_index_finds_the_same_as_the_texts(
    shelves: Library, word: str
) -> None:
    scan = search_text_scan([text_of([word])])
    runs = Run.objects.filter(pk__in=list(scan.rows.values_list("run_id", flat=True)))
    titles = list(TEXTS)
    found = {titles[int(run_id)] for run_id in runs.values_list("run_id", flat=True)}
    assert found == expected(word)


def test_the_test_words_match_some_but_not_all_texts() -> None:
    found = [expected(word) for word in WORDS]
    assert set().union(*found) == set(TEXTS)
    assert not any(
        expected(word) for word in ("ab cd", "efgh", "concealed", "ab\x1fcd")
    )


@pytest.mark.parametrize(
    ("node", "titles"),
    [
        (And((Word("resnet"), Word("big"))), {"latin"}),
        (And((Word("resnet"), Not(Word("big")))), set()),
        (And((Word("模型"), Not(Word("训练")))), {"mixed"}),
        (Or((Word("🚀"), Word("한"))), {"emoji", "korean"}),
        (Not(Or((Word("a"), Word("0000"), Word("é")))), set()),
        (And(tuple(Word(w) for w in ("ends", "begins", "gh", "ij"))), {"field ab"}),
    ],
)
def test_several_words_must_all_match(
    shelves: Library, node: Node, titles: set[str]
) -> None:
    assert matching(shelves, node) == titles


def test_a_too_long_word_is_refused(shelves: Library) -> None:
    assert matching(shelves, Word("x" * 2000)) == set()
    with pytest.raises(InvalidFilter, match="at most 2000 characters"):
        matching(shelves, Word("x" * 2001))


def test_many_words_are_looked_up_in_one_query(shelves: Library) -> None:
    words = [f"r{n}" for n in range(400)]
    assert not scanned_keys(words)
    assert len(scanned_keys(["000000"] * 3 + ["0000"] * 400)) == len(TEXTS)


def scanned_keys(words: list[str]) -> list[int]:
    return list(search_text_scan(words).rows.values_list("run_id", flat=True))


def test_grams_are_pairs_of_chinese_characters_and_word_prefixes() -> None:
    grams = set(grams_of(text_of(["ab 训练x", "c"])).strip("\x1e").split("\x1e"))
    assert grams == {"a", "ab", "训", " 训", "训练", "练x", "x", "c"}


def test_user_names_are_found_without_being_stored_in_the_text(shelf: Library) -> None:
    run = shelf.make("one")
    text = SearchText.objects.get(run=run).text
    assert "digits" not in text
    assert "ann" not in text
    for word in ("digits", "ann", "running", "an", "di", "ru"):
        assert shelf.find(word) == ["one"]
        assert shelf.find(f"-{word}") == []


def test_an_experiment_name_of_another_workspace_does_not_match(shelf: Library) -> None:
    other = empty_library("elsewhere", "cleo", "dan")
    other.digits.name = "unheard"
    other.digits.save()
    shelf.make("here")
    assert shelf.find("unheard") == []
