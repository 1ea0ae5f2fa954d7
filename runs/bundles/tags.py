"""The elements that load a bundle, or its members if the files are not collected."""

from __future__ import annotations

from functools import cache

from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from runs.bundles.contents import HTMX, SCRIPTS, STYLES


def has_bundles() -> bool:
    return getattr(staticfiles_storage, "has_bundles", False)


@cache
def styles(name: str) -> SafeString:
    """The style sheets of a bundle."""
    members = [f"bundles/{name}.css"] if has_bundles() else STYLES[name]
    addresses = ((static(member),) for member in members)
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', addresses)


@cache
def scripts(name: str) -> SafeString:
    """The scripts of a bundle. They run when the page is parsed, in this order."""
    if has_bundles():
        return _deferred_script(f"bundles/{name}.js")
    modules = format_html_join(
        "\n",
        '<script src="{}" type="module"></script>',
        ((static(member),) for member in SCRIPTS[name]),
    )
    return _deferred_script(HTMX) + modules if name == "site" else modules


def _deferred_script(name: str) -> SafeString:
    return format_html('<script src="{}" defer></script>', static(name))
