"""Follow a run and make a rule in a browser; a script fails; read the mails."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.actions.notify.receiver import Receiver, hook_receiver
from tests.actions.notify.smtp import Postbox, body, smtp_server
from tests.parts.browser import Profiles, Watch
from tests.parts.manage import run_script
from tests.parts.server import Server, client_environment, running
from tests.parts.waiting import becomes

PASSWORD = "a pass phrase on paper"
PEOPLE = f"""
import django; django.setup()
from runs.actions.account import add_member, create_user_with_password
from runs.actions.actor import SERVER
from runs.models import Role, User, Workspace, now_ms
workspace = Workspace.objects.get(name="default")
user = create_user_with_password("mira", {PASSWORD!r}, actor=SERVER, now=now_ms())
address = "mira@tern.example"
User.objects.filter(pk=user.pk).update(email=address, confirmed_email=address)
add_member(workspace, user, Role.OWNER, actor=SERVER, now=now_ms())
"""
SCRIPT = """
import sys
from azureml.core import Run
run = Run.get_context()
print(run.id, flush=True)
for step, loss in enumerate((2.5, 0.75, 1.25)):
    run.log("loss", loss)
    print("epoch", step, flush=True)
sys.stdin.readline()
raise RuntimeError("CUDA out of memory")
"""
#: What a mail names otherwise than the page of the run.
NAMES = {"Number": "Run number"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with hook_receiver() as found:
        yield found


@pytest.fixture(scope="module")
def mailing(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, Postbox]]:
    with smtp_server() as postbox:
        env = {
            "EMAIL_URL": f"smtp://127.0.0.1:{postbox.server.port}",
            "EMAIL_FROM": "studio@mail.example",
            "STUDIO_HOOK_PRIVATE_ADDRESSES": "1",
        }
        home: Path = tmp_path_factory.mktemp("mailing") / "home"
        with running(home, env=env) as server:
            done = run_script(home, PEOPLE, env=env)
            assert done.returncode == 0, done.stderr
            yield server, postbox


@contextmanager
def failing_script(server: Server, folder: Path) -> Iterator[str]:
    """The run of a script that has logged and waits; it fails after the block."""
    script = folder / "train.py"
    script.write_text(SCRIPT)
    env = {**client_environment(server.home), "STUDIO_CAPTURE": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        run_id = process.stdout.readline().strip()
        yield run_id
        _output, errors = process.communicate("\n", timeout=120)
    finally:
        process.kill()
    assert "CUDA out of memory" in errors


def sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/sign-in/")
    page.get_by_label("Email or user name").fill("mira")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{server.url}/w/default/**")


def next_mail(postbox: Postbox) -> EmailMessage:
    assert becomes(lambda: len(postbox.mails) == 1)
    return postbox.mails.pop()


def facts_of(mail: EmailMessage) -> dict[str, str]:
    rows = re.findall(
        r"<tr><td[^>]*>(.*?)</td><td[^>]*>(.*?)</td></tr>", body(mail, "html")
    )
    return {html.unescape(name): html.unescape(_text(value)) for name, value in rows}


def _text(value: str) -> str:
    return re.sub(r"<[^>]*>", "", value)


def links_of(mail: EmailMessage) -> dict[str, str]:
    found = re.findall(r'<a href="([^"]*)"[^>]*>(.*?)</a>', body(mail, "html"))
    return {html.unescape(_text(text)): html.unescape(href) for href, text in found}


def facts_of_page(page: Page) -> dict[str, str]:
    return dict(
        page.locator("dl.attributes").evaluate_all(
            "lists => lists.flatMap(list => [...list.querySelectorAll('dt')].map("
            "dt => [dt.innerText.trim(), dt.nextElementSibling.innerText.trim()]))"
        )
    )


def open_links(page: Page, mail: EmailMessage) -> dict[str, str]:
    """Open each link of the mail as a member; return them by their texts."""
    links = links_of(mail)
    assert {"Open run", "Unsubscribe", "Mute for 24 hours"} <= links.keys()
    for label, href in links.items():
        answer = page.goto(href)
        assert answer is not None
        assert answer.status == 200, label
    # The log opens at the last line of the mail.
    [last_lines] = re.findall(r"<pre[^>]*>(.*?)</pre>", body(mail, "html"), re.DOTALL)
    number, _space, line = (
        html.unescape(_text(last_lines)).splitlines()[-1].partition(" ")
    )
    page.goto(links[f"Open log at line {number}"])
    expect(page.get_by_text(line).first).to_be_visible()
    return links


def test_a_followed_run_fails_and_its_mail_says_what_the_page_does(
    page: Page,
    profiles: Profiles,
    watch: Watch,
    mailing: tuple[Server, Postbox],
    tmp_path: Path,
) -> None:
    server, postbox = mailing
    sign_in(page, server)
    with failing_script(server, tmp_path) as run_id:
        run_page = f"{server.url}/w/default/runs/{run_id}/"
        page.goto(run_page)
        page.get_by_role("button", name="Notify me").click()
        expect(page.get_by_text("in your inbox and by mail")).to_be_visible()
    mail = next_mail(postbox)
    page.goto(run_page)
    name = page.locator("h1").inner_text().strip()
    assert mail["Subject"].strip() == f"[default] Failed: {name}"
    shown, said = facts_of_page(page), facts_of(mail)
    assert said.pop("Status") == f"Running → {shown['Status']}"
    loss = said.pop("loss")
    for label, value in said.items():
        on_page = shown[NAMES.get(label, label)]
        # A mail names the time zone, which a page does not.
        assert value.replace(" (UTC)", "") == on_page, label
    assert {"Run ID", "Experiment", "Number", "Submitted by"} <= said.keys()
    assert {"Submitted", "Started", "Ended", "Duration"} <= said.keys()
    assert "RuntimeError: CUDA out of memory" in body(mail, "plain")
    error = page.get_by_text("RuntimeError: CUDA out of memory").first
    expect(error).to_be_visible()
    page.goto(f"{run_page}metrics/?show=table")
    last = loss.partition(" ")[0]
    expect(page.get_by_role("cell", name=last, exact=True).first).to_be_visible()
    links = open_links(page, mail)
    assert links["Open run"] == run_page
    # Another width: a profile of its own, which is signed out.
    with profiles.page(watch, width=1000) as stranger:
        stranger.goto(links["Open run"])
        expect(stranger.get_by_label("Password", exact=True)).to_be_visible()
        expect(stranger.get_by_text(name)).to_have_count(0)
        stranger.goto(links["Mute for 24 hours"])
        expect(stranger.get_by_text("no mails about")).to_be_visible()
        # What a mail program does with its button.
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        form: dict[str, str | float | bool] = {"List-Unsubscribe": "One-Click"}
        address = mail["List-Unsubscribe"].strip(" <>")
        assert stranger.request.post(address, form=form).ok
    page.goto(f"{server.url}/account/notifications/")
    expect(page.get_by_text("You follow no runs")).to_be_visible()


def test_events_a_channel_a_rule_and_its_alert(
    page: Page,
    mailing: tuple[Server, Postbox],
    receiver: Receiver,
    tmp_path: Path,
) -> None:
    server, postbox = mailing
    sign_in(page, server)
    page.get_by_role("link", name="Alerts").first.click()
    tabs = page.get_by_role("navigation", name="Alerts")
    tabs.get_by_role("link", name="Channels").click()
    page.get_by_role("link", name="New channel").first.click()
    page.get_by_label("Name").fill("Chat")
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_label("Secret").fill("a secret of 16 or more")
    page.get_by_role("button", name="Save channel").click()
    tabs.get_by_role("link", name="Events").click()
    page.get_by_label("Filter by run").fill("status:failed")
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("link", name="New alert rule").click()
    expect(page.get_by_label("Filter", exact=True)).to_have_value("status:failed")
    page.get_by_label("Name", exact=True).fill("A script fails")
    page.get_by_role("group", name="Channels").get_by_label("Chat").check()
    page.get_by_role("button", name="Save rule").click()
    expect(page.get_by_text("created")).to_be_visible()
    with failing_script(server, tmp_path) as run_id:
        pass
    mail = next_mail(postbox)
    page.goto(f"{server.url}/w/default/runs/{run_id}/")
    name = page.locator("h1").inner_text().strip()
    assert mail["Subject"].strip() == f"[default] Failed: {name}"
    assert links_of(mail)["Open rule"].startswith(f"{server.url}/w/default/alerts/")
    assert becomes(lambda: len(receiver.got) == 1)
    assert run_id in receiver.got[0][2].decode()
    page.goto(f"{server.url}/w/default/alerts/")
    tabs.get_by_role("link", name="Fired").click()
    row = page.get_by_role("row").filter(has_text="A script fails")
    expect(row).to_contain_text(name)
    expect(row).to_contain_text("Firing")
    deliveries = f"{server.url}/w/default/alerts/deliveries/"

    def are_sent() -> bool:
        page.goto(deliveries)
        rows = page.get_by_role("row").filter(has_text="rule A script fails")
        return rows.filter(has_text="Sent").count() == 2

    assert becomes(are_sent)
    tabs.get_by_role("link", name="Events").click()
    expect(page.get_by_role("row").filter(has_text=name).first).to_be_visible()
