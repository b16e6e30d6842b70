"""Messages through real services: an SMTP server and an HTTP webhook on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse_fixture import AS_OF, CoreTables, rows

from flows.alerts import settle_alerts
from flows.alerts.registry import Alert, write_alerts
from flows.doctor import _channels
from flows.errors import AuditRefused, MarktechoError
from flows.home import Home
from flows.night import Night
from flows.notifications import notify, telling_failures
from flows.notifications.due import Told, due
from flows.notifications.leaks import announce_leaks
from flows.quoting import shortened, web_address
from flows.settings import Alerts, parse_settings
from flows.settings.alerts import Channel
from flows.warehouse import connect
from tests.mail_server import Inbox, running_inbox
from tests.night_process import marktecho

MAIL, HOOK, SLACK = "MARKTECHO_TEST_MAIL", "MARKTECHO_TEST_HOOK", "MARKTECHO_TEST_SLACK"
SETTINGS = """
language: en
company: {id: acme, name: "Acme & Söhne", query: acme}
alerts:
  channels:
    - {name: team, url_variable: MARKTECHO_TEST_MAIL}
    - {name: hook, url_variable: MARKTECHO_TEST_HOOK, kinds: [crisis, leak], min_severity: critical}
"""
HOSTILE = (
    "Acme <script>alert(1)</script> [click](javascript:alert(2)) **never** delivers @channel <!here> \u202etxt.exe "
    "<img src=x onerror=alert(3)> & more"
)


class Hook:
    """A web server that keeps what is posted to it and answers with `status`."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if hook.status == 200:
                    hook.posted.append(json.loads(body))
                self.send_response(hook.status)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self.server.server_address[1]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with running_inbox() as server:
        monkeypatch.setenv(MAIL, server.address)
        yield server


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    server = Hook()
    monkeypatch.setenv(HOOK, f"json://boss:hunter2hunter2@127.0.0.1:{server.port}/secretpath")
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.locate(tmp_path_factory.mktemp("notifications"))


@pytest.fixture
def core(used_home: Home) -> CoreTables:
    core = CoreTables(used_home)
    with core.batch():
        core.mention("m1", text=HOSTILE)
        core.mention("m2", text="Deleted since.")
        core.execute("insert into core.tombstones values ('forum', 'native-m2', 'm2', 'deleted', now())")
        core.insert("trend_evidence", [("t1", 1, "m2"), ("t1", 2, "m1")])
    return core


def night_of(home: Home, text: str = SETTINGS) -> Night:
    return Night("20261123T013000Z-000001", AS_OF, parse_settings(text), home)


def alert_of(number: int, **values: Any) -> Alert:
    known: dict[str, Any] = {
        "cause": f"trend:t{number}",
        "kind": "crisis",
        "severity": "critical",
        "summary": f"Acme: {number}0 posts, <b>5.1</b> times the 8 expected.",
        "started_at": AS_OF - timedelta(hours=9),
        "trend_id": f"t{number}",
        "alert_id": f"{number:016x}",
        "opened_at": AS_OF,
        "seen_at": AS_OF,
        "closed_at": None,
    }
    return Alert(**known | values)


def raise_alerts(core: CoreTables, *alerts: Alert) -> None:
    with connect(core.home) as warehouse:
        write_alerts(warehouse, alerts)


def test_an_alert_is_told_once_per_state_in_words_that_run_nothing(core: CoreTables, inbox: Inbox, hook: Hook) -> None:
    night = night_of(core.home)
    raise_alerts(core, alert_of(1), alert_of(2, kind="surge", severity="warning", trend_id=None))
    sent = notify(night, now=AS_OF)
    assert (sent.message_count, sent.failures) == (2, {})
    (mail,) = inbox.mails
    assert mail["subject"] == "Acme & Söhne: 2 messages (Crisis, Surge)"
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "Acme: 10 posts, &lt;b&gt;5.1&lt;/b&gt; times" in html
    assert html.index("Crisis") < html.index("Surge")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    for danger in ("<script", "<img", "<b>", "\u202e", "@channel", "Deleted since"):
        assert danger not in html
    assert 'href="https://example.org/m1"' in html
    (posted,) = hook.posted
    assert (posted["title"], posted["type"]) == ("Acme & Söhne: Crisis", "failure")
    assert "20 posts" not in posted["message"]
    assert notify(night, now=AS_OF + timedelta(hours=1)).message_count == 0
    raise_alerts(core, alert_of(1, closed_at=AS_OF + timedelta(days=1)), alert_of(2, kind="crisis", trend_id=None))
    assert notify(night, now=AS_OF + timedelta(days=1)).message_count == 2
    assert inbox.mails[1]["subject"] == "Acme & Söhne: 2 messages (Crisis)"
    body = inbox.mails[1].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "now critical" in body
    assert "over since 2026-11-24 02:30" in body
    assert notify(night, now=AS_OF + timedelta(days=1)).message_count == 0


def test_chat_services_get_their_own_markup_and_call_nobody(
    core: CoreTables, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SLACK, f"mmost://127.0.0.1:{hook.port}/{'a' * 26}")
    text = SETTINGS.split("alerts:", maxsplit=1)[0] + f"alerts: {{channels: [{SLACK}]}}"
    raise_alerts(core, alert_of(1))
    assert notify(night_of(core.home, text), now=AS_OF).failures == {}
    said = json.dumps(hook.posted, ensure_ascii=False)
    assert "never" in said
    for danger in ("@channel", "<!here>", "](javascript:"):
        assert danger not in said.replace("\\\\", "")


def test_a_channel_that_fails_is_tried_again_and_stops_nobody(
    core: CoreTables, inbox: Inbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    night = night_of(core.home)
    raise_alerts(core, alert_of(1))
    hook.status, inbox.is_full = 500, True
    sent = notify(night, now=AS_OF)
    examined = {one.checked: one for one in _channels(core.home, night.settings)}
    assert not examined["channel hook"].is_ok
    assert "did not take its message of 2026-11-23 01:30 UTC" in examined["channel hook"].found
    assert sent.failures.keys() == {"team", "hook"}
    assert "500" in sent.failures["hook"]
    told = " ".join(sent.failures.values()) + repr(rows(core.home, "from core.channel_failures"))
    for secret in ("hunter2", "secretpath"):
        assert secret not in told
    inbox.is_full = False
    assert notify(night, now=AS_OF + timedelta(hours=1)).message_count == 1
    hook.status = 200
    assert notify(night, now=AS_OF + timedelta(hours=2)) == replace(sent, message_count=1, failures={})
    assert (len(inbox.mails), len(hook.posted)) == (1, 1)
    assert rows(core.home, "from core.channel_failures") == []
    assert [one.found for one in _channels(core.home, night.settings)] == ["E-Mail", "JSON"]
    monkeypatch.delenv(MAIL)
    raise_alerts(core, alert_of(3))
    assert MAIL in notify(night, now=AS_OF + timedelta(hours=3)).failures["team"]


def test_leaks_are_told_by_their_number_to_whom_it_concerns(core: CoreTables, inbox: Inbox, hook: Hook) -> None:
    night = night_of(core.home)
    with connect(core.home) as warehouse:
        announce_leaks(warehouse, ["f1", "f2"], AS_OF)
        announce_leaks(warehouse, ["f1", "f2"], AS_OF)
    assert notify(night, now=AS_OF).message_count == 1
    assert (inbox.mails, len(hook.posted)) == ([], 1)
    assert "New findings: 2." in hook.posted[0]["message"]
    with connect(core.home) as warehouse:
        announce_leaks(warehouse, ["f1", "f2", "f3"], AS_OF)
    assert notify(night, now=AS_OF).message_count == 1
    assert "New findings: 1." in hook.posted[1]["message"]
    assert notify(night, now=AS_OF).message_count == 0


@pytest.mark.parametrize(
    ("error", "subject", "said"),
    [
        (AuditRefused("3 critical expectation(s) failed.\n- words of a post"), "Audit refused", "3 critical"),
        (MarktechoError("dbt run failed: mentions"), "Night failed", "dbt run failed"),
    ],
)
def test_a_night_that_is_not_published_is_told_and_its_end_too(
    core: CoreTables, inbox: Inbox, hook: Hook, error: MarktechoError, subject: str, said: str
) -> None:
    night = replace(night_of(core.home), as_of=datetime.now(UTC))
    with pytest.raises(type(error)), telling_failures(night):
        raise error
    assert inbox.mails[0]["subject"] == f"Acme & Söhne: {subject}"
    body = inbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert said in body
    assert "words of a post" not in body
    settle_alerts(night)
    notify(night)
    assert inbox.mails[1]["subject"] == f"Acme & Söhne: {subject} is over"


def test_the_past_played_again_tells_nobody(core: CoreTables, inbox: Inbox, hook: Hook) -> None:
    raise_alerts(core, alert_of(1))
    assert notify(night_of(core.home), now=AS_OF + timedelta(days=3)).message_count == 0


def test_the_command_line_tests_the_channels_and_doctor_reads_them(
    tmp_path: Path, inbox: Inbox, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text(SETTINGS, encoding="utf-8")
    done = marktecho("alerts", "test", "--config", config)
    assert done.code == 0, done.errors
    assert [mail["subject"] for mail in inbox.mails] == ["Marktecho: a test"]
    assert "Acme &amp; Söhne arrive here" in inbox.mails[0].get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert hook.posted[0]["title"] == "Marktecho: a test"
    monkeypatch.setenv(HOOK, "no address at all")
    done = marktecho("alerts", "test", "--config", config, "--channel", "hook")
    assert done.code == 1
    assert "channel hook: The environment variable MARKTECHO_TEST_HOOK holds no address" in done.errors


@pytest.mark.parametrize(
    ("hours", "quiet"),
    [("20:00-07:00", [(20, 0), (23, 59), (0, 0), (6, 59)]), ("8:00 - 9:30", [(8, 0), (9, 29)]), ("00:00-00:00", [])],
)
def test_quiet_hours_may_span_midnight(hours: str, quiet: list[tuple[int, int]]) -> None:
    alerts = Alerts(quiet_hours=hours)
    tried = [(20, 0), (23, 59), (0, 0), (6, 59), (7, 0), (8, 0), (9, 29), (9, 30), (19, 59)]
    assert [clock for clock in tried if alerts.is_quiet(time(*clock))] == quiet


CHANNEL = Channel(url_variable=MAIL, min_severity="warning")  # type: ignore[arg-type]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["closed", "info", "warning", "critical"]), st.booleans(), st.integers(0, 20), st.booleans()
    ),
    max_size=12,
)


@settings(max_examples=80)
@given(STEPS)
def test_nothing_is_told_twice_and_nothing_is_lost(steps: list[tuple[str, bool, int, bool]]) -> None:
    """An alert changes hour by hour; the channel works or does not, hours are quiet or not."""
    told: dict[str, Told] = {}
    now, messages, cool_down = AS_OF, [], timedelta(hours=12)
    for state, works, hours, is_quiet in [*steps, ("critical", True, 24, False), ("closed", True, 24, False)]:
        now += timedelta(hours=hours)
        alert = alert_of(
            1,
            severity="critical" if state == "closed" else state,
            closed_at=now if state == "closed" else None,
        )
        chosen = list(due([alert], CHANNEL, told, now=now, cool_down=cool_down, is_quiet=is_quiet))
        if is_quiet and state != "critical":
            assert chosen == []
        if works:
            messages += [(one.state, now) for one in chosen]
            told |= {one.alert.alert_id: Told(alert.cause, one.state, now) for one in chosen}
            again = list(due([alert], CHANNEL, told, now=now, cool_down=cool_down, is_quiet=is_quiet))
            assert again == []
    states = [state for state, _ in messages]
    assert all(one != other for one, other in pairwise(states))
    assert states[-1] == "resolved"
    assert "open info" not in states
    opened = [at for (state, at), before in zip(messages, [None, *states], strict=False) if before == "resolved"]
    ended = [at for state, at in messages if state == "resolved"]
    assert all(at - max(one for one in ended if one <= at) >= cool_down for at in opened)


@given(st.text(max_size=60), st.integers(5, 40))
@settings(max_examples=60)
def test_quotes_are_one_short_line(text: str, length: int) -> None:
    quote = shortened(text, length).replace("\u2060", "")
    assert len(quote) <= length
    assert quote.isprintable()


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/a?b=c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<b>", False),
        ("https://", False),
        ("https://[::1", False),
        ("ftp://example.org/x", False),
        (None, False),
    ],
)
def test_only_addresses_of_the_web_become_links(url: str | None, kept: bool) -> None:
    assert web_address(url) == (url if kept else None)
