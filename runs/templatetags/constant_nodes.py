"""Parts of a template whose output is the same on every page, rendered once.

A page has more than a hundred texts to translate and dozens of icons. Django would look
up and escape each of them for each request.
"""

from __future__ import annotations

from collections.abc import Callable

from django.template import Context, Node
from django.template.base import FilterExpression, Parser, TextNode, Token
from django.template.library import SimpleNode
from django.templatetags.i18n import TranslateNode

from runs.render.formats import TextByLanguage

CompileTag = Callable[[Parser, Token], Node]


class ConstantNode(Node):
    """A node that renders another one once for each language."""

    def __init__(self, node: Node) -> None:
        self._text = TextByLanguage(node.render)
        # Lists of nodes call this one. A page has more than a hundred of them.
        self.render_annotated = self._text.find  # type: ignore[assignment,method-assign]

    def render(self, context: Context) -> str:
        return self._text.find(context)


def translate_once(compile_tag: CompileTag) -> CompileTag:
    """Return Django's `translate`, which translates a constant text once."""

    def compile_node(parser: Parser, token: Token) -> Node:
        node = compile_tag(parser, token)
        assert isinstance(node, TranslateNode)
        given = [node.filter_expression]
        if node.message_context is not None:
            given.append(node.message_context)
        is_constant = not node.noop and not node.asvar
        if is_constant and all(map(_is_constant, given)):
            return ConstantNode(node)
        return node

    return compile_node


def render_once(compile_tag: CompileTag) -> CompileTag:
    """Return a simple tag that is rendered once if its arguments are constants.

    Its function must depend on nothing else, also not on the language.
    """

    def compile_node(parser: Parser, token: Token) -> Node:
        node = compile_tag(parser, token)
        assert isinstance(node, SimpleNode)
        given = [*node.args, *node.kwargs.values()]
        if node.target_var is None and all(map(_is_constant, given)):
            return TextNode(node.render(Context()))
        return node

    return compile_node


def _is_constant(expression: FilterExpression) -> bool:
    # `translate` wraps a literal in a variable without a name to look up.
    name: object = getattr(expression.var, "lookups", None)
    return name is None and not expression.filters
