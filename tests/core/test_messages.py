"""Texts of errors: in English on their own, on a server in the reader's language."""

from __future__ import annotations

import pickle

from django.utils.translation import override

from studio.core.messages import message, message_with_context, translated


def test_a_context_chooses_between_translations_of_one_text() -> None:
    expected = message_with_context("expected in a filter", "a date")
    with override("zh-hans"):
        assert translated(expected) == "日期"
        assert translated(message("a date")) == "a date"
    assert expected == "a date"


def test_a_copied_text_keeps_its_context_and_values() -> None:
    text = message_with_context(
        "expected in a filter", "a closing %(quote)s", quote="'"
    )
    with override("zh-hans"):
        assert translated(pickle.loads(pickle.dumps(text))) == "结束的 '"
