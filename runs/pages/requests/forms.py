"""The base of the forms of all pages.

A form parses and checks what a browser sends; templates render it. A form refuses with
the errors of `studio.core.errors`, as actions and the REST API do, because the rules of
all three are those of `studio.core.names`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from studio.core.errors import InvalidValue, StudioError

#: The status of a response with an invalid form or filter: htmx swaps it in
#: (templates/site/base.html).
FORM_ERROR_STATUS = 422


class PageForm(forms.Form):
    """A form with one message at its top: the first problem."""

    def check(self) -> dict[str, Any]:
        """Return the values of the fields; raise InvalidValue for the first problem."""
        if self.is_valid():
            return self.cleaned_data
        field = next(iter(self.errors))
        raise InvalidValue(str(self.errors[field][0]), field=field)

    def show_error(self, error: StudioError) -> None:
        """Show the error of an action with the form."""
        # The form shows one message, and the first problem is the cause.
        if not self.errors:
            self.add_error(None, error.message)

    @property
    def problem(self) -> str:
        """The first problem; empty if there is none."""
        return next((str(problems[0]) for problems in self.errors.values()), "")


class TextField(forms.CharField):
    """Text, `default` where the browser sends none.

    `check` is the rule of the text: it returns the value, or raises InvalidValue.
    """

    def __init__(
        self,
        check: Callable[[str], Any] | None = None,
        *,
        strip: bool = True,
        default: str = "",
    ) -> None:
        # Not required, because the rule itself says what an empty text means.
        super().__init__(required=False, strip=strip, empty_value=default)
        self.rule = check
        # Django's own validator refuses a NUL character in other words than the rule.
        self.validators = []

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if self.rule is None:
            return text
        try:
            return self.rule(text)
        except InvalidValue as error:
            raise ValidationError(error.message, code=error.code) from error


def plain_line_breaks(text: str) -> str:
    """Undo what browsers do to line breaks in what is not only read by people."""
    return text.replace("\r\n", "\n")


def split_tag_text(text: str) -> tuple[str, str | None]:
    """Split `key: value`; a key alone has the value None."""
    text = text.strip()
    # Keys can contain colons themselves, so a colon with a space decides first.
    key, colon, value = text.partition(": " if ": " in text else ":")
    return key.strip(), value.strip() or None if colon else None


class TextListField(forms.Field):
    """The texts of all inputs with one name, without the empty ones."""

    # Any other widget would read only the last of several inputs with one name.
    widget = forms.MultipleHiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> list[str]:
        return [text.strip() for text in value or () if text.strip()]


class MarkdownField(TextField):
    """Text of many lines, with the line ends that are stored."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n")


class FlagField(forms.Field):
    """Sent as 0 or 1; anything else, and nothing at all, means `default`."""

    widget = forms.HiddenInput

    def __init__(self, *, default: bool = False) -> None:
        super().__init__(required=False)
        self.default = default

    def to_python(self, value: Any) -> bool:
        return bool(value != "0" if self.default else value == "1")


class PresenceField(forms.Field):
    """True if the browser sends the field at all, for example a pressed button."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def to_python(self, value: Any) -> bool:
        return value is not None


class CountField(forms.Field):
    """A whole number from 0; None where the text is not one, or is too long."""

    def __init__(self, *, max_digits: int) -> None:
        super().__init__(required=False)
        self.max_digits = max_digits

    def to_python(self, value: Any) -> int | None:
        text = value or ""
        is_number = text.isdecimal() and len(text) <= self.max_digits
        return int(text) if is_number else None


class OptionalTextField(forms.Field):
    """Text as the browser sends it; None if it does not send the field."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)


class StarForm(PageForm):
    """Adds or removes the user's star."""

    starred = FlagField()
