"""Copies point to their earliest live original, in whatever order posts arrive; spam follows three plain rules."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.home import Home
from flows.prepare import prepare
from tests.landed_fixture import NEWS, PUBLISHED, bury, everything, land, make_night, post, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


def copies_of(home: Home) -> dict[str, tuple[str, str]]:
    found = rows(
        home,
        "select one.native_id, other.native_id, kind from core.copies join core.mentions as one using (mention_id) "
        "join core.mentions as other on other.mention_id = copy_of",
    )
    return {copy: (original, kind) for copy, original, kind in found}


def test_exact_and_near_copies_point_to_the_earliest(home: Home) -> None:
    edited = NEWS.replace("Frühjahr", "März").replace("mehr als", "rund")
    land(
        home,
        post("late", NEWS.upper(), published_at=PUBLISHED + timedelta(hours=2)),
        post("first", NEWS + " https://example.com/a", published_at=PUBLISHED),
        post("edited", edited, published_at=PUBLISHED + timedelta(hours=1)),
        post("undated", NEWS, published_at=None),
        post("other", "Die Katze von nebenan hat schon wieder auf unserem Balkon geschlafen und alles zerwühlt, Mist"),
        post("short", "danke!"),
        post("short2", "danke!"),
    )
    counts = prepare(make_night(home))
    assert copies_of(home) == {
        "late": ("first", "exact"),
        "undated": ("first", "exact"),
        "edited": ("first", "near"),
    }
    assert counts.copy_count == 3
    [(similarity,)] = rows(home, "select similarity from core.copies where kind = 'near'")
    assert 0.6 <= similarity < 1


def test_copies_are_found_across_nights(home: Home) -> None:
    edited = NEWS.replace("Frühjahr", "März")
    land(home, post("1", edited, published_at=PUBLISHED + timedelta(hours=1)))
    prepare(make_night(home))
    land(home, post("2", NEWS, published_at=PUBLISHED + timedelta(hours=2)))
    prepare(make_night(home))
    assert copies_of(home) == {"2": ("1", "near")}
    land(home, post("0", NEWS, published_at=PUBLISHED))
    prepare(make_night(home))
    assert copies_of(home) == {"1": ("0", "near"), "2": ("0", "exact")}


def test_a_deleted_post_is_no_original(home: Home) -> None:
    land(home, *(post(str(number), NEWS, published_at=PUBLISHED + timedelta(hours=number)) for number in range(3)))
    prepare(make_night(home))
    assert copies_of(home) == {"1": ("0", "exact"), "2": ("0", "exact")}
    bury(home, "0")
    prepare(make_night(home))
    assert copies_of(home) == {"2": ("1", "exact")}


def test_a_text_that_no_post_has_any_more_leaves_no_signature(home: Home) -> None:
    land(home, post("1", NEWS))
    prepare(make_night(home))
    assert rows(home, "select count(*) > 0 from core.signatures") == [(True,)]
    land(home, post("1", "Ganz kurz"))
    prepare(make_night(home))
    assert rows(home, "select count(*) from core.signatures") == [(0,)]
    assert rows(home, "select text_key from core.text_features") == [(None,)]


WORDS = NEWS.split()
VARIANTS = [
    NEWS,
    NEWS.replace("Frühjahr", "März"),
    NEWS.replace("eröffnet", "plant").replace("Region", "Gegend"),
    " ".join(WORDS[:-4]),
    " ".join(reversed(WORDS)),
    "danke!",
    "Die Katze von nebenan hat schon wieder auf unserem Balkon geschlafen und alles zerwühlt, Mist",
]


@settings(max_examples=5, deadline=None)
@given(
    choices=st.lists(st.tuples(st.sampled_from(VARIANTS), st.integers(0, 5)), min_size=2, max_size=10),
    chance=st.randoms(use_true_random=False),
)
def test_copies_do_not_depend_on_order_or_batches(
    tmp_path_factory: pytest.TempPathFactory, choices: list[tuple[str, int]], chance: random.Random
) -> None:
    posts = [
        post(str(number), text, published_at=PUBLISHED + timedelta(hours=hours))
        for number, (text, hours) in enumerate(choices)
    ]
    at_once = Home.locate(tmp_path_factory.mktemp("at-once"))
    land(at_once, *posts)
    prepare(make_night(at_once))
    bit_by_bit = Home.locate(tmp_path_factory.mktemp("bit-by-bit"))
    shuffled = chance.sample(posts, len(posts))
    while shuffled:
        count = chance.randint(2, 6)
        land(bit_by_bit, *shuffled[:count])
        prepare(make_night(bit_by_bit))
        del shuffled[:count]
    assert everything(bit_by_bit) == everything(at_once)


def spam_of(home: Home) -> dict[str, str]:
    return dict(rows(home, "select native_id, reason from core.spam join core.mentions using (mention_id)"))


def test_a_campaign_of_many_authors_with_one_link_is_spam(home: Home) -> None:
    text = "Jetzt Acme Gutschein sichern unter"
    wave = [
        post(
            f"w{number}",
            f"{text} https://spam.example/win?utm={number}",
            author=f"a{number}",
            published_at=PUBLISHED + timedelta(hours=number),
        )
        for number in range(6)
    ]
    slow = [
        post(f"s{number}", f"Schöner Beitrag über Kaffee https://blog.example/{0}", author=f"b{number}",
             published_at=PUBLISHED + timedelta(days=number))
        for number in range(6)
    ]  # fmt: skip
    one_author = [post(f"o{number}", f"Neu im Blog https://blog.example/{9}", author="c") for number in range(4)]
    land(home, *wave, *slow, *one_author)
    counts = prepare(make_night(home))
    assert set(spam_of(home)) == {f"w{number}" for number in range(6)}
    assert counts.spam_count == 6
    assert spam_of(home)["w0"] == "campaign: 6 authors posted this text and link within 24 hours"


def test_an_author_who_repeats_a_text_is_spam_but_care_replies_are_not(home: Home) -> None:
    def repeated(prefix: str, author: str, **fields: Any) -> list[dict[str, Any]]:
        return [
            post(f"{prefix}{number}", "Kauft bei Acme, nur heute", author=author,
                 published_at=PUBLISHED + timedelta(hours=number), **fields)
            for number in range(5)
        ]  # fmt: skip

    land(home, *repeated("x", "loud"), *repeated("r", "care", reply_to_id="thread"), *repeated("n", None)[:4])
    prepare(make_night(home))
    assert set(spam_of(home)) == {f"x{number}" for number in range(5)}


def test_stuffed_hashtags_are_spam(home: Home) -> None:
    tags = " ".join(f"#tag{letter}" for letter in "abcdefghijkl")
    land(
        home,
        post("1", f"Acme kaufen {tags}"),
        post("2", "Acme ist toll #acme #liebe"),
        post(
            "3", f"Ein langer Text über Acme, in dem wirklich sehr viele eigene Worte vorkommen, mehr als Tags {tags}"
        ),
    )
    prepare(make_night(home))
    assert spam_of(home) == {"1": "hashtags: 12 hashtags and 2 words"}


def test_spam_ends_with_its_deleted_posts(home: Home) -> None:
    wave = [
        post(f"w{number}", "Acme Gutschein https://spam.example/x", author=f"a{number}", published_at=PUBLISHED)
        for number in range(5)
    ]
    land(home, *wave)
    prepare(make_night(home))
    assert len(spam_of(home)) == 5
    bury(home, "w0")
    prepare(make_night(home))
    assert spam_of(home) == {}
