"""Filter text -> tree: the grammar.

filter  := or
or      := and ("or" and)*
and     := not (["and"] not)*            adjacent terms are ANDed
not     := ("not" | "-") not | "(" or ")" | term
term    := word | "phrase" | flag
         | field operator value | field ["not"] "in" "(" value, … ")"
         | field ["not"] ("like" | "ilike" | "contains" | "matches") text
         | field "is" ["not"] "null"
         | field ":" alternative ("|" alternative)*
         | kind ":" key [operator value] ("|" …)*        tag:k, tag:k=v
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Callable

from studio.core.errors import InvalidFilter
from studio.core.filters import operands, tree
from studio.core.filters.alternatives import (
    join_alternatives,
    parse_range,
    value_list_comparison,
)
from studio.core.filters.fields import RUN_FIELDS, FieldCatalog, field_text, quoted
from studio.core.filters.filter_errors import filter_error, with_suggestions
from studio.core.filters.operands import Operand
from studio.core.filters.tokens import (
    END,
    MAX_DEPTH,
    OPERATOR,
    SIGN,
    STRING,
    WORD,
    Cursor,
    NodePosition,
    Token,
    WordPart,
    tokenize,
)
from studio.core.filters.tree import (
    Comparison,
    Field,
    Flag,
    Node,
    Word,
    all_of,
    any_of,
    negate,
)
from studio.core.messages import message, message_with_context


class TermParser(Cursor):
    def __init__(self, text: str, catalog: FieldCatalog) -> None:
        super().__init__(text)
        self.catalog = catalog

    def read_field(self, token: Token) -> Field:
        return operands.read_field(token, self.text, self.catalog)

    def operand(self, field: Field, op: str, name: Token) -> Operand:
        return Operand(field, op, self.text, name.start, self.catalog)

    def parse_term(self) -> Node:
        self.count_term(self.token)
        token = self.token
        if token.kind == STRING:
            return self.parse_phrase()
        if token.kind != WORD or token.is_word("and", "or"):
            raise self.unexpected_token_error(token)
        if self.peek().kind == SIGN and self.peek().text == ":":
            return self.parse_shorthand()
        if self.is_compared():
            return self.parse_comparison()
        return self.parse_free_word()

    def parse_phrase(self) -> Node:
        token = self.take()
        if self.token.kind == OPERATOR or self.is_at_sign(":"):
            raise self.error_at(
                message("Expected a field before the operator, not quoted text"),
                token,
                message_with_context("expected in a filter", "a field"),
                options=[
                    f"{kind}.{quoted(token.text)}" for kind in ("metrics", "tags")
                ],
            )
        if not token.text.strip():
            raise self.error_at(
                message("Expected text between the quotes"),
                token,
                message_with_context("expected in a filter", "text"),
            )
        self.count_word(token)
        return Word(token.text, self.span_from(token))

    def is_compared(self) -> bool:
        """Whether the word at hand is a field with an operator behind it."""
        following, after = self.peek(), self.peek(2)
        if following.kind == OPERATOR:
            return True
        if following.is_word("not"):
            following, after = after, self.peek(3)
            if not following.is_word("in", *operands.TEXT_OPERATORS):
                return False
        if following.is_word("in"):
            return after.kind == SIGN and after.text == "("
        if following.is_word("is"):
            return after.is_word("null") or (
                after.is_word("not") and self.peek(3).is_word("null")
            )
        # People also search for these words: they are operators only behind a field or
        # before quotes.
        if following.is_word(*operands.TEXT_OPERATORS):
            return operands.is_field(self.token, self.catalog) or after.kind == STRING
        return False

    def parse_free_word(self) -> Node:
        token = self.take()
        name = self.catalog.attribute_named(token.text)
        if self.catalog.is_flag(token.text):
            field = tree.attribute(name)
            return Comparison(field, "=", (Flag(True),), self.span_from(token))
        # People search for the word `name`, but never for the text `metrics.acc`.
        if operands.is_field(token, self.catalog) and not name:
            return self.parse_bare_field(token)
        self.count_word(token)
        return Word(token.text, self.span_from(token))

    def parse_bare_field(self, token: Token) -> Node:
        field = field_text(self.read_field(token))
        raise self.error_at(
            message("Expected an operator after %(field)s", field=field),
            token,
            message_with_context("expected in a filter", "an operator"),
            hint=operands.text_hint(token.text),
            options=[f"{field} is not null"],
        )

    # field operator value

    def parse_comparison(self) -> Node:
        token = self.take()
        field = self.read_field(token)
        op = self.parse_operator(field)
        if op in tree.NO_VALUE:
            return Comparison(field, op, (), self.span_from(token))
        operand = self.operand(field, op, token)
        if op in tree.MANY_VALUES:
            values = self.parse_value_list(operand)
            return value_list_comparison(field, op, values, self.span_from(token))
        return self.parse_values(operand, token)

    def parse_operator(self, field: Field) -> str:
        first = self.take()
        op = first.text.lower()
        if op == "not" and first.kind != OPERATOR:
            op = f"not {self.take().text.lower()}"
        elif op == "is":
            negative = self.take().is_word("not")
            if negative:
                self.take()
            op = "is not null" if negative else "is null"
        allowed = self.catalog.operators_of(field)
        if op not in allowed:
            # `between` has no word in the language: it is written as `a..b`.
            written = [o for o in allowed if o != "between"]
            raise self.error_at(
                message(
                    "%(field)s does not support '%(operator)s'",
                    operator=op,
                    field=field_text(field),
                ),
                first,
                message_with_context("expected in a filter", "an operator"),
                hint=message("Use one of: %(words)s.", words=", ".join(written)),
            )
        return op

    def parse_values(self, operand: Operand, name: Token) -> Node:
        """One value, or several values divided by `|`."""
        if self.token.is_word("null") and operand.op in ("=", "!="):
            return self.parse_null(operand, name)
        values = [self.parse_one_value(operand)]
        while self.is_at_sign("|") and operand.op in ("=", "!="):
            self.take()
            values.append(self.parse_one_value(operand))
        span = self.span_from(name)
        if len(values) == 1:
            self.check_equal_time(operand, values[0])
            return Comparison(operand.field, operand.op, (values[0],), span)
        op = "in" if operand.op == "=" else "not in"
        return value_list_comparison(operand.field, op, values, span)

    def check_equal_time(self, operand: Operand, value: tree.Value) -> None:
        # A relative time is one instant, which hardly any run hits exactly.
        if isinstance(value, tree.Ago) and operand.op in ("=", "!=", "in", "not in"):
            name = field_text(operand.field)
            token = self.tokens[self.at - 1]
            before = operand.written_before(token)
            raise self.error_at(
                message("Expected a date after '%(operator)s'", operator=before),
                token,
                message_with_context("expected in a filter", "a date"),
                replace=(operand.start, token.end),
                options=[f"{name} >= {token.text}", f"{name} < {token.text}"],
            )

    def parse_null(self, operand: Operand, name: Token) -> Node:
        token = self.take()
        op = "is null" if operand.op == "=" else "is not null"
        if op not in self.catalog.operators_of(operand.field):
            raise operand.value_error(token)
        return Comparison(operand.field, op, (), self.span_from(name))

    def parse_one_value(self, operand: Operand) -> tree.Value:
        token = self.token
        self.count_term(token)
        if token.kind not in (WORD, STRING):
            raise operand.value_error(token)
        self.take()
        return operand.read_token(token)

    def parse_value_list(self, operand: Operand) -> list[tree.Value]:
        opening = self.take()
        values = []
        while True:
            values.append(self.parse_one_value(operand))
            self.check_equal_time(operand, values[-1])
            if self.is_at_sign(")"):
                self.take()
                return values
            if not self.is_at_sign(","):
                raise self.error_at(
                    message("Expected , or ) in the list"),
                    self.token,
                    message_with_context("expected in a filter", ", or )"),
                )
            self.take()
            if self.token.kind == END:
                raise self.error_at(
                    message("Expected ) to close the list"), opening, ")"
                )

    # field:value|value and tag:key=value

    def parse_shorthand(self) -> Node:
        name = self.take()
        self.take()
        kind = self.catalog.kind_named(name.text)
        if kind:
            return any_of(
                *self.parse_alternatives(lambda: self.parse_keyed(kind, name))
            )
        if name.is_word("is") and self.catalog.flags():
            return any_of(*self.parse_alternatives(lambda: self.parse_flag(name)))
        field = self.read_field(name)
        return join_alternatives(
            self.parse_alternatives(lambda: self.parse_alternative(field, name))
        )

    def parse_alternatives(self, read: Callable[[], Node]) -> list[Node]:
        nodes = [read()]
        while self.is_at_sign("|"):
            self.take()
            self.count_term(self.token)
            nodes.append(read())
        return nodes

    def parse_flag(self, name: Token) -> Node:
        token = self.take()
        if self.catalog.is_flag(token.text):
            word = self.catalog.attribute_named(token.text)
            span = self.span_from(name)
            return Comparison(tree.attribute(word), "=", (Flag(True),), span)
        flags = self.catalog.flags()
        raise self.error_at(
            operands.expected_word(flags, "is:"),
            token,
            message_with_context(
                "expected in a filter", "a true/false field, such as starred"
            ),
            options=flags[:1],
        )

    def parse_keyed(self, kind: str, name: Token) -> Node:
        token = self.token
        if token.kind not in (WORD, STRING):
            raise self.error_at(
                operands.expected_key(f"{name.text}:"),
                token,
                message_with_context("expected in a filter", "a key"),
            )
        field = operands.key_of_token(kind, self.take(), self.text)
        if self.token.kind == OPERATOR:
            op = self.parse_operator(field)
            return self.parse_values(self.operand(field, op, name), name)
        if "is not null" not in self.catalog.operators_of(field):
            raise self.unexpected_token_error(self.token)
        return Comparison(field, "is not null", (), self.span_from(name))

    def parse_alternative(self, field: Field, name: Token) -> Node:
        if self.token.kind == OPERATOR:
            op = self.parse_operator(field)
            operand = self.operand(field, op, name)
            value = self.parse_one_value(operand)
            self.check_equal_time(operand, value)
            return Comparison(field, op, (value,), self.span_from(name))
        if self.token.is_word("null"):
            return self.parse_null(self.operand(field, "=", name), name)
        token = self.token
        found = parse_range(field, token, self.text, name.start, self.catalog)
        if found:
            self.take()
            self.count_term(token)
            return Comparison(found.field, found.op, found.values, self.span_from(name))
        op = self.catalog.spec_of(field).colon
        value = self.parse_one_value(self.operand(field, op, name))
        # `created:-7d` means the last seven days.
        if isinstance(value, tree.Ago):
            op = ">="
        return Comparison(field, op, (value,), self.span_from(name))


MAX_LENGTH = 16 * 1024


def parse(text: str, catalog: FieldCatalog = RUN_FIELDS) -> Node | None:
    """The tree of a filter, None for the empty one. Raises InvalidFilter."""
    try:
        return _parse_tree(text, catalog)
    except InvalidFilter as error:
        position = partial(_first_error_position, catalog=catalog)
        raise with_suggestions(error, position) from None


def parse_field(text: str) -> Field:
    """A field's name as in `sort` and `columns`; raises InvalidFilter."""
    _check_characters(text)
    tokens = tokenize(text)
    if len(tokens) == 2 and tokens[0].kind == WORD:
        # All tags together are a column; no filter can use it, so `read_field` refuses
        # it.
        if tokens[0].text == "tags":
            return tree.attribute("tags")
        return operands.read_field(tokens[0], text)
    raise filter_error(
        message("Expected a field name, not %(text)r", text=text),
        0,
        max(len(text), 1),
        expected=message_with_context("expected in a filter", "a field"),
        text=text,
    )


def _parse_tree(text: str, catalog: FieldCatalog) -> Node | None:
    _check_characters(text)
    return _FilterParser(text, catalog).parse_filter()


def _first_error_position(text: str, catalog: FieldCatalog) -> int | None:
    try:
        _parse_tree(text, catalog)
    except InvalidFilter as error:
        return int(error.details["position"])
    return None


def _check_characters(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise filter_error(
            message("The filter exceeds %(limit)s characters", limit=MAX_LENGTH),
            MAX_LENGTH,
            1,
            text="",
        )
    for position, char in enumerate(text):
        # PostgreSQL stores no NUL, and half a surrogate pair has no UTF-8.
        if char == "\x00" or "\ud800" <= char <= "\udfff":
            raise filter_error(
                message("A character that is not valid text"), position, 1, text=""
            )


def parse_with_positions(
    text: str, catalog: FieldCatalog = RUN_FIELDS
) -> tuple[Node | None, list[NodePosition]]:
    """The tree and where each operand of a conjunction stands; raises InvalidFilter."""
    _check_characters(text)
    parser = _FilterParser(text, catalog)
    return parser.parse_filter(), parser.places


class _FilterParser(TermParser):
    def parse_filter(self) -> Node | None:
        if self.token.kind == END:
            return None
        node = self.parse_or()
        if self.token.kind != END:
            raise self.unexpected_token_error(self.token)
        return node

    def parse_or(self) -> Node:
        nodes = [self.parse_and()]
        while self.token.is_word("or"):
            self.take()
            nodes.append(self.parse_and())
        return any_of(*nodes)

    def parse_and(self) -> Node:
        nodes = [self.parse_not()]
        while not self.ends_conjunction():
            if self.token.is_word("and"):
                self.take()
            nodes.append(self.parse_not())
        return all_of(*nodes)

    def ends_conjunction(self) -> bool:
        token = self.token
        return token.kind == END or self.is_at_sign(")") or token.is_word("or")

    def parse_not(self) -> Node:
        self.depth += 1
        # The parser recurses, so nesting without a limit would exhaust the stack.
        if self.depth > MAX_DEPTH:
            raise self.error_at(
                message_with_context(
                    "error in a filter",
                    "Nested deeper than %(limit)s levels",
                    limit=MAX_DEPTH,
                ),
                self.token,
            )
        start = self.token.start
        node = self.parse_single_not()
        end = self.tokens[self.at - 1].end
        self.places.append(NodePosition(start, end, self.depth, node))
        self.depth -= 1
        return node

    def parse_single_not(self) -> Node:
        token = self.token
        if token.is_word("not") or self.is_at_sign("-"):
            self.take()
            return negate(self.parse_not())
        # The tokenizer cannot split this: a word can contain `-` itself.
        if token.kind == WORD and token.text.startswith("-") and len(token.text) > 1:
            self.tokens[self.at] = _without_minus(token)
            return negate(self.parse_not())
        if self.is_at_sign("("):
            return self.parse_parenthesis()
        return self.parse_term()

    def parse_parenthesis(self) -> Node:
        opening = self.take()
        if self.is_at_sign(")"):
            raise self.error_at(
                message("Expected a term inside the parentheses"), self.token
            )
        node = self.parse_or()
        if not self.is_at_sign(")"):
            raise self.error_at(
                message("Expected ) to close the parenthesis"), opening, ")"
            )
        self.take()
        return node


def _without_minus(token: Token) -> Token:
    first = WordPart(token.parts[0].text[1:], quoted=False)
    return replace(
        token,
        text=token.text[1:],
        start=token.start + 1,
        parts=(first, *token.parts[1:]),
    )
