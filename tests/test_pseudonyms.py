"""Authors become stable keyed hashes; the key is made once and guarded."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.erasure import erase_due
from flows.home import Home
from flows.key_files import KEY_BYTES, KeyFileError
from flows.landing.clean import Cleaning
from flows.privacy.pseudonyms import Pseudonyms
from flows.rotation import rotate
from tests.landing_fixture import HandmadeSettings, broken, land_pages, make_night, post, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


def test_key_is_made_once_and_only_its_owner_reads_it(home: Home) -> None:
    first = Pseudonyms.open(home)
    path = home.secrets / "pseudonym.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes()) == KEY_BYTES
    assert Pseudonyms.open(home) == first
    assert [file.name for file in home.secrets.iterdir()] == ["pseudonym.key"]


def test_two_processes_starting_at_once_agree(home: Home) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {opened.key for opened in pool.map(lambda _: Pseudonyms.open(home), range(24))}
    assert len(keys) == 1


def test_wide_permissions_are_narrowed(home: Home) -> None:
    Pseudonyms.open(home)
    path = home.secrets / "pseudonym.key"
    path.chmod(0o644)
    Pseudonyms.open(home)
    assert path.stat().st_mode & 0o777 == 0o600


def test_damaged_key_is_refused_and_kept(home: Home) -> None:
    path = home.secrets / "pseudonym.key"
    path.write_bytes(b"short")
    with pytest.raises(KeyFileError, match=r"pseudonym\.key.*32 bytes.*has 5.*backup"):
        Pseudonyms.open(home)
    assert path.read_bytes() == b"short"


def test_the_secret_does_not_show_in_the_representation(home: Home) -> None:
    pseudonyms = Pseudonyms.open(home)
    assert str(pseudonyms.key) not in repr(pseudonyms)


def test_another_installation_gives_other_pseudonyms(tmp_path: Path) -> None:
    one, other = (Pseudonyms.open(Home.locate(tmp_path / name)) for name in ("one", "other"))
    assert one.author_key("mastodon", "anna") != other.author_key("mastodon", "anna")


@given(platform=st.sampled_from(["mastodon", "rss", "files"]), author=st.text(max_size=60))
def test_any_author_gets_a_stable_key_that_depends_on_the_platform(platform: str, author: str) -> None:
    pseudonyms = Pseudonyms(b"k" * KEY_BYTES)
    key = pseudonyms.author_key(platform, author)
    assert re.fullmatch(r"[0-9a-f]{32}", key)
    assert key == pseudonyms.author_key(platform, author)
    assert key != pseudonyms.author_key("another", author)


def test_notation_of_a_handle_makes_no_difference() -> None:
    pseudonyms = Pseudonyms(b"k" * KEY_BYTES)
    assert pseudonyms.author_key("mastodon", " @Anna@Example.social") == pseudonyms.author_key(
        "mastodon", "anna@example.social"
    )


def test_a_rotated_key_renews_every_pseudonym_and_loses_no_author(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    land_pages(make_night(home), [[post("1", author="erika"), post("2", author="bob"), broken("3")]])
    before = Pseudonyms.open(home)
    old = {before.author_key("handmade", name) for name in ("erika", "bob", "erika.muster")}

    class Killed(BaseException): ...

    def dies(*_: object) -> None:
        raise Killed

    for place in ("flows.rotation._renew", "flows.rotation.take_next_key", "flows.rotation.erase_due"):
        monkeypatch.setattr(place, dies)
        with pytest.raises(Killed):
            rotate(home)
        monkeypatch.undo()
        if place != "flows.rotation.erase_due":
            with pytest.raises(KeyFileError, match="secret rotate"):
                make_cleaning(home)
    erase_due(home)
    after = Pseudonyms.open(home)
    assert len(after.key) == 2 * KEY_BYTES
    land_pages(make_night(home), [[post("1", author="erika"), post("4", author="@Erika")]], source="other")
    keys = {row["author_key"] for row in rows(make_night(home), "select author_key from landing.mentions")}
    keys |= {row["author_key"] for row in rows(make_night(home), "select author_key from landing.quarantine_authors")}
    assert keys == {after.author_key("handmade", name) for name in ("erika", "bob", "erika.muster")}
    assert not [key for key in old if key.encode() in home.warehouse.read_bytes()]
    assert rotate(home) == 3
    assert len(Pseudonyms.open(home).key) == 3 * KEY_BYTES


def make_cleaning(home: Home) -> Cleaning:
    return Cleaning.of(make_night(home), HandmadeSettings(name="handmade"))
