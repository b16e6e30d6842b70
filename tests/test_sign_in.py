"""The page behind a sign-in, as a browser meets it: a real OpenID Connect round trip, and every way around it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from flows.errors import MarktechoError, UsageError
from flows.settings import load_access
from flows.sign_in import check_provider
from tests.platforms.oidc import OidcProvider

SECRET = "a-secret-of-the-client"
SETTINGS = """
company: {{id: acme, name: Acme, query: acme}}
access:
  sign_in:
    metadata_url: {provider}/.well-known/openid-configuration
    client_id: page
    client_secret_variable: PAGE_SECRET
    page_url: {page}
  managers: [anna@example.com]
  departments: {{support: [bert@example.com]}}
"""
NOTHING_PUBLISHED, SIGN_IN, NOT_ALLOWED = b"marktecho nightly", b"Please sign in", b"not for you to see"


class Page:
    """The served page, and who reads it by their cookies."""

    def __init__(self, url: str, provider: OidcProvider) -> None:
        self.url = url
        self.provider = provider
        self.client = httpx.Client()

    def visit(
        self, path: str = "", query: str = "", press: str | None = None, host: str = "127.0.0.1", **headers: str
    ) -> list[ForwardMsg]:
        """Open an address as the browser's script does, perhaps press a button; returns what the page sent.

        `host` is the name that the browser has for this machine.
        """
        self.client.get(f"{self.url}/_stcore/health")
        cookies = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        port = urlsplit(self.url).port
        with connect(
            f"ws://{host}:{port}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", port)),
            subprotocols=[Subprotocol("streamlit"), Subprotocol(self.client.cookies["_streamlit_xsrf"])],
            additional_headers={"Cookie": cookies} | headers,
            origin=Origin(f"http://{host}:{port}"),
            max_size=None,
        ) as stream:
            rerun = BackMsg()
            rerun.rerun_script.page_name = path
            rerun.rerun_script.query_string = query
            rerun.rerun_script.context_info.locale = "en"
            stream.send(rerun.SerializeToString())
            messages = self._until_done(stream)
            if press is not None:
                again = BackMsg()
                again.CopyFrom(rerun)
                state = again.rerun_script.widget_states.widgets.add()
                state.id, state.trigger_value = _button(messages, press), True
                stream.send(again.SerializeToString())
                messages = self._until_done(stream)
        return messages

    def sign_in(self, email: str, **claims: Any) -> None:
        """Press Sign in, and go where the page and the provider send one."""
        self.provider.claims = {"email": email, **claims}
        (address,) = [
            message.auth_redirect.url for message in self.visit(press="Sign in") if message.HasField("auth_redirect")
        ]
        done = self.client.get(self.url + address, follow_redirects=True)
        assert done.status_code == 200, done.text
        assert "_streamlit_user" in self.client.cookies

    @staticmethod
    def _until_done(stream: Any) -> list[ForwardMsg]:
        messages = []
        while True:
            message = ForwardMsg()
            message.ParseFromString(stream.recv(timeout=60))
            messages.append(message)
            if message.HasField("script_finished"):
                return messages


def _button(messages: list[ForwardMsg], label: str) -> str:
    buttons = [message.delta.new_element.button for message in messages if message.HasField("delta")]
    return next(button.id for button in buttons if button.label == label)


def shown(messages: list[ForwardMsg]) -> bytes:
    return b"".join(message.SerializeToString() for message in messages)


def addresses(messages: list[ForwardMsg]) -> set[str]:
    """The addresses of the views in the navigation."""
    found = [message.navigation for message in messages if message.HasField("navigation")]
    return {page.url_pathname for page in found[-1].app_pages}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sign-in") / "listening.yaml"


@pytest.fixture(scope="module")
def served(config: Path) -> Iterator[tuple[str, OidcProvider]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with OidcProvider("page", SECRET) as provider:
        config.write_text(SETTINGS.format(provider=provider.url, page=url), encoding="utf-8")
        command = [sys.executable, "-c", "from flows.cli import main; main()", "dashboard", "--no-browser"]
        options = ["--config", str(config), "--home", str(config.parent / "home"), "--port", str(port)]
        environment = {"PAGE_SECRET": SECRET, "PATH": "", "HOME": str(config.parent)}
        with subprocess.Popen(
            [*command, *options], env=environment, cwd=Path(__file__).parent.parent, start_new_session=True
        ) as server:
            try:
                _wait_for(f"{url}/_stcore/health")
                yield url, provider
            finally:
                server.terminate()


@pytest.fixture
def page(served: tuple[str, OidcProvider]) -> Page:
    return Page(*served)


def test_a_manager_signs_in_and_sees_every_view(page: Page) -> None:
    before = page.visit()
    assert SIGN_IN in shown(before) and NOTHING_PUBLISHED not in shown(before)
    page.sign_in("anna@example.com", email_verified=True)
    after = page.visit("sources")
    assert NOTHING_PUBLISHED in shown(after) and b"anna@example.com" in shown(after)
    assert {"queues", "sources", "mentions"} <= addresses(after)


def test_a_department_reaches_its_views_and_no_others_by_any_address(page: Page) -> None:
    page.sign_in("bert@example.com")
    assert addresses(page.visit()) == {"", "queues"}
    for path in ("sources", "mentions", "leads", "leaks", "queues/sources", "sources/", "../sources"):
        for query in ("", "page=sources&view=sources&role=manager&department=hr", "embed=true"):
            found = page.visit(path, query)
            assert addresses(found) == {"", "queues"}, (path, query)


@pytest.mark.parametrize(
    ("email", "claims"),
    [("eve@example.com", {}), ("anna@example.com", {"email_verified": False}), ("anna@example.com.evil.example", {})],
)
def test_whoever_signs_in_as_somebody_else_sees_nothing(page: Page, email: str, claims: dict[str, Any]) -> None:
    page.sign_in(email, **claims)
    found = page.visit("sources")
    assert NOT_ALLOWED in shown(found) and NOTHING_PUBLISHED not in shown(found)
    assert addresses(found) == {""}


def test_neither_a_forged_cookie_nor_a_header_signs_in(page: Page) -> None:
    page.sign_in("bert@example.com")
    cookies = {cookie.name: cookie for cookie in page.client.cookies.jar}
    signed = cookies["_streamlit_user"]
    assert signed.value is not None
    middle = len(signed.value) // 2
    signed.value = signed.value[:middle] + ("A" if signed.value[middle] != "A" else "B") + signed.value[middle + 1 :]
    assert SIGN_IN in shown(page.visit())
    stranger = Page(page.url, page.provider)
    for headers in (
        {"X-Forwarded-Email": "anna@example.com"},
        {"X-Auth-Request-Email": "anna@example.com", "X-Streamlit-User": "anna@example.com"},
    ):
        assert SIGN_IN in shown(stranger.visit("sources", **headers))


def test_doctor_asks_the_provider(page: Page, monkeypatch: pytest.MonkeyPatch, config: Path) -> None:
    sign_in = load_access(config).sign_in
    assert sign_in is not None
    with pytest.raises(UsageError, match="PAGE_SECRET"):
        check_provider(sign_in)
    monkeypatch.setenv("PAGE_SECRET", SECRET)
    assert check_provider(sign_in) == f"{page.provider.url} answers"
    for wrong, said in (("/jwks", "token_endpoint"), ("/nothing", "404")):
        with pytest.raises(MarktechoError, match=said):
            check_provider(sign_in.model_copy(update={"metadata_url": page.provider.url + wrong}))


def test_signing_out_ends_it(page: Page) -> None:
    page.sign_in("anna@example.com")
    out = page.visit(press="Sign out")
    (address,) = [message.auth_redirect.url for message in out if message.HasField("auth_redirect")]
    page.client.get(page.url + address)
    assert SIGN_IN in shown(page.visit("sources"))


def test_files_of_the_page_are_not_for_guessing(page: Page) -> None:
    guesses = (
        "media/" + "0" * 56 + ".csv",
        "media/../published/marts.duckdb",
        "app/static/marts.duckdb",
        "secrets.toml",
    )
    for path in guesses:
        got = page.client.get(f"{page.url}/{path}")
        assert got.status_code in (400, 403, 404) or b"<title>Streamlit</title>" in got.content, path
        assert SECRET.encode() not in got.content


def test_without_sign_in_a_browser_elsewhere_sees_nothing(page: Page, config: Path) -> None:
    """A proxy in front, or a foreign site whose name leads to this machine (DNS rebinding)."""
    with_sign_in = config.read_text(encoding="utf-8")
    config.write_text("company: {id: acme, name: Acme, query: acme}\n", encoding="utf-8")
    try:
        assert NOTHING_PUBLISHED in shown(page.visit("sources"))
        assert NOTHING_PUBLISHED in shown(page.visit("sources", host="localhost"))
        for host in ("listening.example.com", "127.0.0.1.evil.example"):
            found = page.visit("sources", host=host)
            assert NOT_ALLOWED in shown(found) and NOTHING_PUBLISHED not in shown(found)
    finally:
        config.write_text(with_sign_in, encoding="utf-8")


def _wait_for(address: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            httpx.get(address, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
