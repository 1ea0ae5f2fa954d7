"""The two bodies of a mail: plain text, and HTML with the styles in each element.

Mail programs ignore style sheets of their own accord, and load no pictures: so there
are none.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from studio.core.statuses import RunStatus

TEXT_WIDTH = 78
_SANS = "font-family:'Segoe UI',system-ui,-apple-system,sans-serif;"
_MONO = "font-family:'Cascadia Mono',Consolas,ui-monospace,monospace;"
_TEXT, _SOFT, _LINK, _RULE = "#1b1f24", "#5f6873", "#0064b4", "#e2e5e9"
#: The color of a status, its background, and its sign.
_TONES = {
    RunStatus.FAILED: ("#b3141f", "#fdeeee", "✕"),
    RunStatus.COMPLETED: ("#0e700e", "#e7f4e7", "✓"),
    RunStatus.NOT_RESPONDING: ("#8a5300", "#fff5e0", "!"),
}
_OTHER_TONE = ("#5c646e", "#eff1f4", "·")


@dataclass(frozen=True)
class MailFact:
    label: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class MailLink:
    text: str
    href: str


@dataclass(frozen=True)
class RunMail:
    """What a mail tells of a run, all in the reader's words."""

    workspace: str
    status: RunStatus
    status_label: str
    title: str
    facts: tuple[MailFact, ...]
    error: str
    error_note: str
    log_title: str
    log_lines: tuple[tuple[int, str], ...]
    #: The first is the button.
    links: tuple[MailLink, ...]
    reason: str
    foot_links: tuple[MailLink, ...]
    #: The alert rule that sends it.
    rule: str = ""
    #: What a mail of several messages lists.
    items_title: str = ""
    items: tuple[MailFact, ...] = ()


@dataclass(frozen=True)
class ConfirmationMail:
    name: str
    href: str


@dataclass(frozen=True)
class SignInMail:
    name: str
    href: str
    minutes: int


@dataclass(frozen=True)
class QuotaMail:
    """`used` and `quota` are sizes in words."""

    name: str
    workspace: str
    percent: int
    used: str
    quota: str
    href: str


def run_mail_bodies(mail: RunMail) -> tuple[str, str]:
    """Return the text and the HTML of a mail about a run."""
    return _run_text(mail), _page(mail.workspace, _run_html(mail))


def confirmation_mail_bodies(mail: ConfirmationMail) -> tuple[str, str]:
    wish = _(
        "Confirm this address to get notifications of Run Studio here. The link works "
        "for 7 days."
    )
    button = MailLink(_("Confirm address"), mail.href)
    return _letter(mail.name, wish, button)


def sign_in_mail_bodies(mail: SignInMail) -> tuple[str, str]:
    wish = _(
        "You can sign in to Run Studio with this link, and then set a new password. "
        "The link works once, for %(minutes)s minutes."
    ) % {"minutes": mail.minutes}
    return _letter(mail.name, wish, MailLink(_("Sign in"), mail.href))


def quota_mail_bodies(mail: QuotaMail) -> tuple[str, str]:
    wish = _(
        "The workspace %(workspace)s stores %(used)s, %(percent)s%% of its quota of "
        "%(quota)s. When it is used up, files are refused. Metrics, statuses and logs "
        "are still taken."
    ) % {
        "workspace": mail.workspace,
        "used": mail.used,
        "percent": mail.percent,
        "quota": mail.quota,
    }
    foot = _("You get this mail as an owner of the workspace.")
    return _letter(mail.name, wish, MailLink(_("Open Storage"), mail.href), foot)


def _letter(name: str, wish: str, button: MailLink, foot: str = "") -> tuple[str, str]:
    """Return the bodies of a mail with one button."""
    greeting = _("Hello %(name)s,") % {"name": name}
    otherwise = foot or _("If you didn't request this, ignore this mail.")
    text = "\n\n".join(
        [greeting, _wrap(wish), f"{button.text}\n{button.href}", _wrap(otherwise), ""]
    )
    html = format_html(
        '<p>{}</p><p>{}</p>{}<p style="color:{}">{}</p>',
        greeting,
        wish,
        _links_html((button,)),
        _SOFT,
        otherwise,
    )
    return text, _page("", html)


def _run_text(mail: RunMail) -> str:
    parts = [_wrap(f"{mail.status_label}: {mail.title}"), _facts_text(mail.facts)]
    if mail.items:
        parts.append(f"{mail.items_title}\n{_facts_text(mail.items)}")
    if mail.error:
        parts.append("\n".join(filter(None, [mail.error, _wrap(mail.error_note)])))
    if mail.log_lines:
        lines = [f"{number:>6} {text}" for number, text in mail.log_lines]
        parts.append("\n".join([mail.log_title, *lines]))
    parts += [f"{link.text}\n{link.href}" for link in mail.links]
    parts.append("-- \n" + _wrap(mail.reason))
    parts += [f"{link.text}\n{link.href}" for link in mail.foot_links]
    parts.append(_no_reply())
    return "\n\n".join(parts) + "\n"


def _facts_text(facts: tuple[MailFact, ...]) -> str:
    width = max((len(fact.label) for fact in facts), default=0) + 2
    return "\n".join(
        _wrap(f"{fact.label:<{width}}{fact.value}", indent=width) for fact in facts
    )


def _wrap(text: str, indent: int = 0) -> str:
    return textwrap.fill(
        text,
        TEXT_WIDTH,
        subsequent_indent=" " * indent,
        # An address or an id that is cut in two can't be copied.
        break_long_words=False,
        break_on_hyphens=False,
    )


def _no_reply() -> str:
    return _("Replies to this address are not read.")


def _run_html(mail: RunMail) -> SafeString:
    color, ground, sign = _TONES.get(mail.status, _OTHER_TONE)
    return format_html(
        "{}{}{}{}{}{}{}{}",
        format_html(
            '<p style="margin:16px 0 8px"><span style="display:inline-block;padding:2px'
            " 8px;border-radius:3px;font-weight:600;font-size:13px;color:{};"
            'background:{}">{} {}</span></p>',
            color,
            ground,
            sign,
            mail.status_label,
        ),
        format_html(
            '<h1 style="margin:0 0 12px;font-size:20px;line-height:28px">{}</h1>',
            mail.title,
        ),
        _facts_html(mail.facts),
        _items_html(mail) if mail.items else "",
        _error_html(mail, color, ground) if mail.error else "",
        _log_html(mail) if mail.log_lines else "",
        _links_html(mail.links),
        _foot_html(mail),
    )


def _facts_html(facts: tuple[MailFact, ...]) -> SafeString:
    rows = format_html_join(
        "",
        '<tr><td style="padding:2px 16px 2px 0;color:{};vertical-align:top;'
        'white-space:nowrap">{}</td><td style="padding:2px 0;'
        'overflow-wrap:anywhere">{}</td></tr>',
        ((_SOFT, fact.label, _linked(fact.value, fact.href)) for fact in facts),
    )
    return format_html(
        '<table role="presentation" cellspacing="0" cellpadding="0" style="{}'
        'font-size:14px;line-height:20px;color:{}">{}</table>',
        _SANS,
        _TEXT,
        rows,
    )


def _items_html(mail: RunMail) -> SafeString:
    return format_html(
        '<h2 style="margin:16px 0 4px;font-size:14px;line-height:20px">{}</h2>{}',
        mail.items_title,
        _facts_html(mail.items),
    )


def _linked(text: str, href: str) -> SafeString | str:
    if not href:
        return text
    return format_html('<a href="{}" style="color:{}">{}</a>', href, _LINK, text)


def _error_html(mail: RunMail, color: str, ground: str) -> SafeString:
    return format_html(
        '<div style="margin:16px 0 0;padding:12px;border-left:4px solid {};'
        'background:{};overflow-wrap:anywhere"><strong>{}</strong>{}</div>',
        color,
        ground,
        mail.error,
        format_html("<br>{}", mail.error_note) if mail.error_note else "",
    )


def _log_html(mail: RunMail) -> SafeString:
    lines = format_html_join(
        "\n",
        '<span style="color:{}">{}</span> {}',
        ((_SOFT, number, text) for number, text in mail.log_lines),
    )
    return format_html(
        '<p style="margin:16px 0 4px;color:{};font-weight:600;font-size:13px">{}</p>'
        '<pre style="margin:0;padding:8px 12px;border:1px solid {};'
        "background:#f6f7f9;font-size:12px;line-height:18px;white-space:pre-wrap;"
        'overflow-wrap:anywhere;{}">{}</pre>',
        _SOFT,
        mail.log_title,
        _RULE,
        _MONO,
        lines,
    )


def _links_html(links: tuple[MailLink, ...]) -> SafeString:
    button, *others = links
    return format_html(
        '<p style="margin:20px 0"><a href="{}" style="display:inline-block;padding:8px '
        "20px;border-radius:3px;background:#0078d4;color:#ffffff;font-weight:600;"
        'text-decoration:none">{}</a>{}</p>',
        button.href,
        button.text,
        format_html_join(
            "",
            '<a href="{}" style="color:{};margin-left:20px">{}</a>',
            ((link.href, _LINK, link.text) for link in others),
        ),
    )


def _foot_html(mail: RunMail) -> SafeString:
    links = format_html_join(
        " · ",
        '<a href="{}" style="color:{}">{}</a>',
        ((link.href, _LINK, link.text) for link in mail.foot_links),
    )
    return format_html(
        '<p style="margin:20px 0 0;padding-top:12px;border-top:1px solid {};color:{};'
        'font-size:12px;line-height:18px">{}<br>{}<br>{}</p>',
        _RULE,
        _SOFT,
        mail.reason,
        links,
        _no_reply(),
    )


def _page(workspace: str, content: SafeString) -> str:
    return format_html(
        '<!doctype html><html lang="{}"><head><meta charset="utf-8"><meta '
        'name="viewport" content="width=device-width, initial-scale=1"></head>'
        '<body style="margin:0;padding:16px;background:#ffffff;color:{};font-size:14px;'
        'line-height:20px;{}"><div style="max-width:560px;margin:0 auto">'
        '<p style="margin:0;padding-bottom:10px;border-bottom:1px solid {}">'
        '<strong>Run Studio</strong><span style="float:right;color:{}">{}</span></p>'
        "{}</div></body></html>",
        get_language() or "en",
        _TEXT,
        _SANS,
        _RULE,
        _SOFT,
        workspace,
        content,
    )
