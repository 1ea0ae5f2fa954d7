"""Constant texts and icons of templates are rendered once, as Django renders them."""

from __future__ import annotations

import pytest
from django.template import engines
from django.template.backends.django import Template
from django.template.base import NodeList, TextNode
from django.utils.translation import override

from runs.render.icons import icon
from runs.templatetags.constant_nodes import ConstantNode


def _template(source: str) -> Template:
    template = engines["django"].from_string(source)
    assert isinstance(template, Template)
    return template


def _nodes(source: str) -> NodeList:
    nodes: NodeList = _template(source).template.nodelist
    return nodes


def test_a_constant_text_is_shown_in_the_language_of_each_request() -> None:
    template = _template("{% translate 'Rename' %}")
    with override("zh-hans"):
        chinese = template.render()
    with override("en"):
        assert template.render() == "Rename"
    with override("zh-hans"):
        assert template.render() == chinese != "Rename"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{% translate word %}", "&lt;b&gt;"),
        ("{% translate 'Rename'|upper %}", "RENAME"),
        ("{% translate 'Rename' as name %}[{{ name }}]", "[Rename]"),
        ("{% translate 'Rename' context word %}", "Rename"),
        ("{% translate 'Rename' noop %}", "Rename"),
    ],
)
def test_other_texts_are_rendered_each_time(source: str, shown: str) -> None:
    assert not _nodes(source).get_nodes_by_type(ConstantNode)
    assert _template(source).render({"word": "<b>"}) == shown


def test_percent_signs_are_those_of_django() -> None:
    assert _template("{% translate '10 % <b>' %}").render() == "10 % <b>"


def test_a_constant_icon_is_text_of_the_template() -> None:
    [constant] = _nodes("{% icon 'close' 'small' %}")
    assert isinstance(constant, TextNode)
    assert constant.s == icon("close", "small")
    assert _template("{% icon name %}").render({"name": "close"}) == icon("close")
