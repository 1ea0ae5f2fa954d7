"""Names and modules that can be imported, and that no script can use here.

A use raises NotSupportedError: a call, an attribute, an instance. The sentence is that
of `studio.compat.alternatives`.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from studio.compat.alternatives import (
    Alternative,
    alternative_of_module,
    alternative_of_name,
)
from studio.compat.import_statements import is_import_from
from studio.sdk.errors import NotSupportedError
from studio.sdk.not_offered import UnavailableAttribute, help_address

#: A script can catch these, so that their stand-ins must be exceptions, too.
_EXCEPTION_ENDINGS = ("Exception", "Error")


def sentence_for(name: str, alternative: Alternative) -> str:
    """What a use of the name reports."""
    return (
        f"Run Studio does not have {name}: {alternative.instead}. See {help_address()}"
    )


class _UnavailableType(type):
    """The type of classes that stand for what Run Studio does not have."""

    _alternative: Alternative

    def __call__(cls, *_words: Any, **_more: Any) -> Any:
        raise NotSupportedError(_sentence_of(cls))

    def __getattr__(cls, name: str) -> Any:
        # Libraries look for optional names such as `__wrapped__`.
        if name.startswith("_"):
            raise AttributeError(name)
        raise UnavailableAttribute(_sentence_of(cls))

    def __iter__(cls) -> Any:
        raise NotSupportedError(_sentence_of(cls))

    def __getitem__(cls, _key: Any) -> Any:
        raise NotSupportedError(_sentence_of(cls))

    def __repr__(cls) -> str:
        return f"<{cls.__module__}.{cls.__name__}, not in Run Studio>"


def _sentence_of(cls: _UnavailableType) -> str:
    # A script's own class can be based on it.
    [base] = [one for one in cls.__mro__ if "_alternative" in one.__dict__][-1:]
    return sentence_for(f"{base.__module__}.{base.__name__}", cls._alternative)


def create_name(module: str, name: str, alternative: Alternative) -> type:
    """A class of that name. Its use raises NotSupportedError."""
    is_exception = name.endswith(_EXCEPTION_ENDINGS)
    return _UnavailableType(
        name,
        (Exception,) if is_exception else (),
        {
            "__module__": module,
            "__doc__": f"Not in Run Studio: {alternative.instead}.",
            "_alternative": alternative,
        },
    )


def find_name(module: str, name: str) -> type | None:
    """The class for a listed name of a module that has other names; None for others."""
    alternative = alternative_of_name(f"{module}.{name}")
    return create_name(module, name, alternative) if alternative else None


class UnavailableModule(ModuleType):
    """A module with all names.

    A function can be imported as a module, so a call raises the error, too.
    """

    def __call__(self, *_words: Any, **_more: Any) -> Any:
        raise NotSupportedError(self._sentence(self.__name__))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if not is_import_from(sys._getframe(1)):
            raise UnavailableAttribute(self._sentence(f"{self.__name__}.{name}"))
        found = create_name(self.__name__, name, self._alternative())
        setattr(self, name, found)
        return found

    def _alternative(self) -> Alternative:
        found = alternative_of_module(self.__name__)
        assert found is not None, self.__name__
        return found

    def _sentence(self, name: str) -> str:
        return sentence_for(name, self._alternative())


class UnavailableLoader:
    """Creates modules of packages that Run Studio does not have."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return UnavailableModule(spec.name)

    def exec_module(self, _module: ModuleType) -> None:
        pass


def find_module(name: str) -> ModuleSpec | None:
    """The specification of a module of an unavailable package; None for others."""
    last = name.rpartition(".")[2]
    # A class is an attribute of its module.
    if alternative_of_module(name) is None or last[:1].isupper():
        return None
    return ModuleSpec(name, UnavailableLoader(), is_package=True)  # type: ignore[arg-type]
