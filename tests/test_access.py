"""Roles of the page: who sees which view, checked in the navigation and in the view itself; nothing when in doubt."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import words
from dashboard.access import FOR_DEPARTMENTS
from flows.home import Home
from flows.settings import SettingsError, load_access, parse_settings
from flows.sign_in import write_sign_in
from tests.night_process import marktecho

APP = Path(words.__file__).with_name("app.py")
VIEWS = sorted(path.stem for path in (APP.parent / "views").glob("[!_]*.py"))
COMPANY = "company: {id: acme, name: Acme, query: acme}\n"
SIGN_IN = """
  sign_in:
    metadata_url: https://login.example.com/.well-known/openid-configuration
    client_id: page
    client_secret_variable: PAGE_SECRET
    page_url: https://page.example.com
"""
ACCESS = f"""{COMPANY}access:{SIGN_IN}
  managers: [Anna@example.com]
  departments: {{support: [bert@example.com], pr: [bert@example.com]}}
"""
NOT_ALLOWED = words._WORDS["not_allowed"][0]
MANAGER = {"is_logged_in": True, "email": "anna@example.com"}
DEPARTMENT = {"is_logged_in": True, "email": "BERT@example.com", "email_verified": True}
STRANGERS = [
    {},
    {"is_logged_in": False},
    {"is_logged_in": False, "email": "anna@example.com"},
    {"email": "anna@example.com"},
    {"is_logged_in": True},
    {"is_logged_in": True, "email": "eve@example.com"},
    {"is_logged_in": True, "email": "anna@example.com", "email_verified": False},
    {"is_logged_in": True, "email": ["anna@example.com"]},
    {"is_logged_in": True, "name": "anna@example.com", "preferred_username": "anna@example.com"},
]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings with sign-in, and a home without a publication: what is forbidden is refused before it is read."""
    monkeypatch.setenv("MARKTECHO_HOME", str(tmp_path / "home"))
    file = tmp_path / "listening.yaml"
    file.write_text(ACCESS, encoding="utf-8")
    monkeypatch.setenv("MARKTECHO_PAGE_SETTINGS", str(file))
    return file


def view_script(view: str) -> None:
    from importlib import import_module

    import_module(f"dashboard.views.{view}").show()


def open_view(view: str, user: dict[str, Any]) -> AppTest:
    page = AppTest.from_function(view_script, default_timeout=60, args=(view,))
    page.user = user
    page.session_state["language"] = "en"
    return page.run()


def open_app(user: dict[str, Any]) -> AppTest:
    page = AppTest.from_file(str(APP), default_timeout=60)
    page.user = user
    page.session_state["language"] = "en"
    return page.run()


def is_refused(page: AppTest) -> bool:
    return [error.value for error in page.error] == [NOT_ALLOWED] and not page.exception and not page.title


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_checks_itself(view: str) -> None:
    assert is_refused(open_view(view, STRANGERS[0]))
    assert is_refused(open_view(view, DEPARTMENT)) == (view not in FOR_DEPARTMENTS)
    assert not is_refused(open_view(view, MANAGER))


@pytest.mark.parametrize("user", STRANGERS)
def test_whoever_is_not_known_sees_nothing(user: dict[str, Any]) -> None:
    assert is_refused(open_view("overview", user))
    page = open_app(user)
    assert not page.exception
    is_in = user.get("is_logged_in") is True
    assert [button.label for button in page.button] == (["Sign out"] if is_in else ["Sign in"])
    assert "marktecho nightly" not in str(page), "strangers are not even told that nothing is published"


def test_those_who_are_known_come_in() -> None:
    for user in (MANAGER, DEPARTMENT):
        page = open_app(user)
        assert [button.label for button in page.button] == ["Sign out"]
        assert "marktecho nightly" in page.info[0].value


def test_the_navigation_holds_only_what_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[list[str]] = []
    import streamlit

    navigation = streamlit.navigation

    def spied(pages: Any, **named: Any) -> Any:
        registered.append([page.url_path for page in pages])
        return navigation(pages, **named)

    monkeypatch.setattr(streamlit, "navigation", spied)
    open_app(DEPARTMENT)
    open_app(MANAGER)
    open_app({})
    department, manager, stranger = registered
    assert set(department) == {"", "queues"}, "the overview is the default page"
    assert {*manager, "overview"} - {""} == {*VIEWS}
    assert stranger == ["_sign_in"]


def test_a_change_of_the_settings_counts_at_the_next_click(config: Path) -> None:
    page = open_app(DEPARTMENT)
    config.write_text(ACCESS.replace("bert@", "berta@"), encoding="utf-8")
    page.run()
    assert [error.value for error in page.error] == [NOT_ALLOWED]
    config.write_text(ACCESS, encoding="utf-8")
    page.run()
    assert not page.error


@pytest.mark.parametrize(
    "broken", [None, "access: [", f"{COMPANY}access: {{managers: 5}}\n", "company: a\ncompany: b\n"]
)
def test_settings_that_cannot_be_read_let_nobody_in(config: Path, broken: str | None) -> None:
    config.unlink()
    if broken is not None:
        config.write_text(broken, encoding="utf-8")
    assert is_refused(open_view("overview", MANAGER))


def test_without_sign_in_it_is_whoever_sits_at_this_machine(config: Path) -> None:
    config.write_text(COMPANY, encoding="utf-8")
    assert not is_refused(open_view("sources", {}))


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("access: {managers: [anna@example.com]}", "access", "nobody can sign in"),
        (f"access:{SIGN_IN}", "access", "lets nobody in"),
        (f"access:{SIGN_IN}  managers: [anna]", "access.managers", "does not have the form"),
        (
            f"access:{SIGN_IN}  managers: [a@b.de]\n  departments: {{suport: []}}",
            "access.departments.suport",
            "support?",
        ),
        (f"access:{SIGN_IN.replace('https', 'http')}  managers: [a@b.de]", "access.sign_in.metadata_url", "https://"),
        (
            f"access:{SIGN_IN.replace('PAGE_SECRET', 's3cr3t')}  managers: [a@b.de]",
            "client_secret_variable",
            "variable",
        ),
        (f"access:{SIGN_IN}  manager: [a@b.de]", "access.manager", "Did you mean managers?"),
    ],
)
def test_wrong_access_is_told(text: str, place: str, said: str, config: Path) -> None:
    with pytest.raises(SettingsError) as error:
        parse_settings(f"{COMPANY}{text}\n")
    assert place in str(error.value) and said in str(error.value)
    assert "s3cr3t" not in str(error.value)
    if "suport" not in text:
        config.write_text(f"{COMPANY}{text}\n", encoding="utf-8")
        with pytest.raises(SettingsError, match="access"):
            load_access(config)


def test_the_command_needs_the_client_secret(config: Path, tmp_path: Path) -> None:
    arguments = ("dashboard", "--no-browser", "--config", config, "--home", tmp_path / "home")
    done = marktecho(*arguments, "--address", "::", environment={"PAGE_SECRET": ""})
    assert done.code == 2 and "PAGE_SECRET" in done.errors


def test_secrets_are_for_the_owner_only_and_the_cookie_key_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGE_SECRET", 'quo"te\\')
    home = Home.locate(tmp_path)
    sign_in = parse_settings(ACCESS).access.sign_in
    assert sign_in is not None
    first = write_sign_in(home, sign_in).read_text(encoding="utf-8")
    assert write_sign_in(home, sign_in).read_text(encoding="utf-8") == first
    auth = tomllib.loads(first)["auth"]
    assert auth["client_secret"] == 'quo"te\\'
    assert auth["redirect_uri"] == "https://page.example.com/oauth2callback"
    assert len(auth["cookie_secret"]) == 64
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.secrets.iterdir()} == {0o600}
