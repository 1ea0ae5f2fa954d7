"""Mails in the language and time zone of their reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from runs.actions.account import SIGN_IN_MINUTES, create_sign_in_link
from runs.actions.actor import SERVER
from runs.actions.notify.addresses import sign_confirmation
from runs.actions.notify.pacing import zone_of
from runs.actions.notify.subscriptions import sign_subscription
from runs.actions.usage import WARNING_SHARE, read_fill
from runs.models import Delivery, FollowReason, Notification, Run, User
from runs.notify import Mail, message_id
from runs.render.formats import (
    MISSING,
    duration,
    experiment_path,
    filesize,
    full_moment,
    grouped,
    local_time,
    number,
    run_path,
    status_label,
)
from runs.render.notify import (
    ConfirmationMail,
    MailFact,
    MailLink,
    QuotaMail,
    RunMail,
    SignInMail,
    confirmation_mail_bodies,
    quota_mail_bodies,
    run_mail_bodies,
    sign_in_mail_bodies,
)
from runs.render.run import headline_of_error
from runs.search.notify import (
    MetricFact,
    RunFacts,
    read_event_facts,
    read_run_facts,
)
from studio.core.statuses import RunStatus


@contextmanager
def reading_as(user: User) -> Iterator[None]:
    """Use the reader's language and time zone."""
    known = dict(settings.LANGUAGES)
    language = user.language if user.language in known else settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(user)):
        yield


def compose_confirmation(delivery: Delivery, base: str) -> Mail:
    assert delivery.user is not None
    with reading_as(delivery.user):
        path = reverse("email-confirm", args=[sign_confirmation(delivery)])
        content = ConfirmationMail(str(delivery.user), f"{base}{path}")
        text, html = confirmation_mail_bodies(content)
        subject = _("Confirm your email address for Run Studio")
    return Mail(delivery.address, subject, text, html, message_id(delivery.key))


def compose_sign_in_mail(delivery: Delivery, base: str, now: int) -> Mail:
    """Compose the mail with a new sign-in link, whose secret is stored nowhere."""
    user = delivery.user
    assert user is not None
    _link, secret = create_sign_in_link(user, actor=SERVER, now=now)
    with reading_as(user):
        path = reverse("sign-in-link", args=[secret])
        query = urlencode({"next": reverse("account") + "#account_password"})
        content = SignInMail(str(user), f"{base}{path}?{query}", SIGN_IN_MINUTES)
        text, html = sign_in_mail_bodies(content)
        subject = _("Sign in to Run Studio")
    return Mail(delivery.address, subject, text, html, message_id(delivery.key))


def compose_quota_mail(delivery: Delivery, base: str) -> Mail | str:
    """Compose the mail to an owner, or say why it is not sent any more."""
    workspace, user = delivery.workspace, delivery.user
    assert workspace is not None
    assert user is not None
    fill = read_fill(workspace.pk)
    if fill is None or fill.used < WARNING_SHARE * fill.quota:
        return "the workspace stores less again"
    with reading_as(user):
        percent = int(100 * fill.used / fill.quota)
        path = reverse("storage", args=[workspace.name])
        content = QuotaMail(
            str(user),
            workspace.name,
            percent,
            filesize(fill.used),
            filesize(fill.quota),
            f"{base}{path}",
        )
        text, html = quota_mail_bodies(content)
        subject = _("%(percent)s%% of the storage quota is used") % {"percent": percent}
    subject = f"[{workspace.name}] {subject}"
    return Mail(user.email, subject, text, html, message_id(delivery.key))


def compose_notification(
    delivery: Delivery, notification: Notification, base: str
) -> Mail:
    """Compose the mail of a status change, or of an alert rule."""
    assert delivery.user is not None
    with reading_as(delivery.user):
        links = _EndingLinks.of(notification, base)
        content = _mail_content(notification, base, links)
        text, html = run_mail_bodies(content)
        subject = f"[{content.workspace}] {content.status_label}: {content.title}"
    return Mail(
        delivery.user.email,
        subject,
        text,
        html,
        message_id(delivery.key),
        thread=message_id(_thread_key(notification)),
        unsubscribe=links.unsubscribe,
    )


@dataclass(frozen=True)
class _EndingLinks:
    unsubscribe: str
    mute: str

    @classmethod
    def of(cls, notification: Notification, base: str) -> _EndingLinks:
        signed = sign_subscription(notification)
        return cls(
            f"{base}{reverse('notify-unsubscribe', args=[signed])}",
            f"{base}{reverse('notify-mute', args=[signed])}",
        )


def _thread_key(notification: Notification) -> str:
    """Mails of a run are one thread; those of several runs are one of their rule."""
    if notification.event is not None:
        return f"run{notification.event.run_id}"
    if notification.run_id is not None and notification.count == 1:
        return f"run{notification.run_id}"
    if notification.view_id is not None:
        return f"view{notification.view_id}"
    return f"rule{notification.rule_id}"


def _mail_content(
    notification: Notification, base: str, links: _EndingLinks
) -> RunMail:
    if notification.event is not None:
        facts = read_event_facts(notification.event)
        return _run_mail(facts, notification, base, links)
    rule, run = notification.rule, notification.run
    found = None
    if run is not None:
        found = _run_mail(read_run_facts(run, run.state), notification, base, links)
    name = rule.name if rule is not None else ""
    if found is not None and notification.count == 1:
        return replace(found, rule=name)
    return _group_mail(found, notification, base, links)


def _group_mail(
    latest: RunMail | None, notification: Notification, base: str, links: _EndingLinks
) -> RunMail:
    """The mail of a test, or of several runs: with the latest run as an example."""
    space, count = notification.workspace.name, notification.count
    rule, view = notification.rule, notification.view
    if view is not None:
        title, runs = view.name, f"{base}{reverse('view', args=[view.slug])}"
        label = ngettext("%(n)s new run", "%(n)s new runs", count)
        counted = _("New runs")
    else:
        assert rule is not None
        query = urlencode({"q": rule.q}, quote_via=quote)
        title, runs = rule.name, f"{base}{reverse('run-list', args=[space])}?{query}"
        label = ngettext("%(n)s match", "%(n)s matches", count)
        counted = _("Matches")
    mail = latest or RunMail(space, RunStatus.NOT_STARTED, "", "", (), *_NO_RUN)
    facts: tuple[MailFact, ...] = ()
    if count:
        facts = (MailFact(counted, grouped(count)),)
    if latest is not None:
        facts += (MailFact(_("Latest run"), latest.title), *latest.facts)
    return replace(
        mail,
        status_label=label % {"n": grouped(count)} if count else _("Test"),
        title=title,
        facts=facts,
        links=(MailLink(_("Show runs"), runs), *mail.links),
        reason=_reason_text(notification, space),
        foot_links=_foot_links(links, notification, base),
        rule=rule.name if rule is not None else "",
    )


#: Error and its note, title and lines of the log, links, reason, links of the foot.
_NO_RUN: tuple[Any, ...] = ("", "", "", (), (), "", ())


def _run_mail(
    facts: RunFacts, notification: Notification, base: str, links: _EndingLinks
) -> RunMail:
    run = facts.run
    path = f"{base}{run_path(run.workspace.name, run.run_id)}"
    error = headline_of_error(run.error) if facts.new is RunStatus.FAILED else ""
    return RunMail(
        workspace=run.workspace.name,
        status=facts.new,
        status_label=status_label(facts.new),
        title=run.name,
        facts=tuple(_facts(facts, base)),
        error=error or headline_of_error(facts.message),
        error_note=_same_error_text(facts.same_error) if error else "",
        log_title=_("Last lines of %(name)s") % {"name": facts.log_path},
        log_lines=facts.log_lines,
        links=tuple(_run_links(facts, path, base)),
        reason=_reason_text(notification, run.experiment.name),
        foot_links=_foot_links(links, notification, base),
    )


def _foot_links(
    links: _EndingLinks, notification: Notification, base: str
) -> tuple[MailLink, ...]:
    found = (
        MailLink(_("Mute for 24 hours"), links.mute),
        MailLink(_("Unsubscribe"), links.unsubscribe),
        mail_settings_link(base),
    )
    if notification.rule_id is None:
        return found
    address = [notification.workspace.name, notification.rule_id]
    path = f"{base}{reverse('alert-rule', args=address)}"
    return (MailLink(_("Open rule"), path), *found)


def mail_settings_link(base: str) -> MailLink:
    return MailLink(_("Notification settings"), f"{base}{reverse('notify-settings')}")


def _facts(facts: RunFacts, base: str) -> Iterator[MailFact]:
    run, experiment = facts.run, facts.run.experiment
    space = run.workspace.name
    changed = status_label(facts.new)
    if facts.old is not None:
        changed = f"{status_label(facts.old)} → {changed}"
    yield MailFact(_("Status"), changed)
    place = experiment_path(space, experiment.number, experiment.name)
    yield MailFact(_("Experiment"), experiment.name, f"{base}{place}")
    yield MailFact(_("Number"), str(run.number))
    yield MailFact(_("Run ID"), run.run_id)
    if run.submitter is not None:
        yield MailFact(_("Submitted by"), str(run.submitter))
    if run.target:
        yield MailFact(_("Compute target"), run.target)
    for label, time in (
        (_("Submitted"), run.created),
        (_("Started"), run.started),
        (_("Ended"), run.ended),
    ):
        if time is not None:
            yield MailFact(label, _moment(time))
    if run.started is not None and run.ended is not None:
        yield MailFact(_("Duration"), duration(run.ended - run.started))
    for metric in facts.metrics:
        yield MailFact(metric.name, _metric_text(metric))


def _moment(time: int) -> str:
    """The time on the reader's clock, with the name of their zone."""
    zone = timezone.get_current_timezone()
    name = str(zone).rpartition("/")[2].replace("_", " ")
    return f"{full_moment(local_time(time, zone))} ({name})"


def _metric_text(metric: MetricFact) -> str:
    last = metric.last
    text = MISSING if last is None else last if isinstance(last, str) else number(last)
    text = _("%(value)s at step %(step)s") % {"value": text, "step": metric.step}
    if metric.best is None:
        return text
    return _("%(last)s, best %(best)s") % {"last": text, "best": number(metric.best)}


def _same_error_text(others: int) -> str:
    if not others:
        return ""
    return ngettext(
        "%(n)s other run failed with this error.",
        "%(n)s other runs failed with this error.",
        others,
    ) % {"n": grouped(others)}


def _run_links(facts: RunFacts, path: str, base: str) -> Iterator[MailLink]:
    run = facts.run
    yield MailLink(_("Open run"), path)
    if facts.log_lines:
        line = facts.log_lines[-1][0]
        query = urlencode({"path": facts.log_path, "line": line}, quote_via=quote)
        text = _("Open log at line %(line)s") % {"line": line}
        yield MailLink(text, f"{path}files/?{query}")
    if facts.last_good is not None:
        yield MailLink(
            _("Compare with last good run"), _compare_path(base, facts.last_good, run)
        )


def _compare_path(base: str, *runs: Run) -> str:
    query = urlencode([("run", run.run_id) for run in runs], quote_via=quote)
    return f"{base}{reverse('compare', args=[runs[0].workspace.name])}?{query}"


def _reason_text(notification: Notification, experiment: str) -> str:
    space = {"workspace": notification.workspace.name, "name": experiment}
    if notification.rule is not None:
        text = _("You receive this mail because of the rule %(name)s.")
        space["name"] = notification.rule.name
    elif notification.view is not None:
        text = _("You receive this mail because you follow the view %(name)s.")
        space["name"] = notification.view.name
    elif notification.reason == FollowReason.OWN:
        text = _(
            "You receive this mail because you follow your own runs in %(workspace)s."
        )
    elif notification.reason == FollowReason.EXPERIMENT:
        text = _("You receive this mail because you follow the experiment %(name)s.")
    else:
        text = _("You receive this mail because you follow this run.")
    return text % space
