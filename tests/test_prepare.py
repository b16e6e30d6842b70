"""Landed posts become mentions with language, entities, copies and spam; only differences are worked on."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.landed_fixture import COLLECTED, PUBLISHED, SETTINGS, bury, land, make_night, post, rows

from flows.core import tables
from flows.core.mentions import choose_language, text_hash
from flows.home import Home
from flows.landing.mention import mention_id
from flows.prepare import PrepareCounts, prepare
from flows.privacy.pseudonyms import Pseudonyms

NEWS = (
    "Acme eröffnet im Frühjahr ein neues Verteilzentrum am Stadtrand und schafft dort nach eigenen Angaben mehr als "
    "zweihundert Arbeitsplätze für die ganze Region"
)
CORE_TABLES = (
    "mentions", "mention_entities", "sentiment_overrides", "copies", "spam", "prepared", "entities", "aspects",
    "routing_rules", "text_features", "signatures", "similar_texts", "tombstones",
)  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


def everything(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """All core rows, without the times of writing."""
    return {
        table: sorted(
            rows(home, f"select * {'exclude (changed_at)' if table == 'mentions' else ''} from core.{table}"), key=repr
        )
        for table in CORE_TABLES
    }


def entities_of(home: Home) -> dict[str, list[str]]:
    found = rows(
        home,
        "select native_id, list_sort(list(entity_id)) from core.mentions join core.mention_entities using (mention_id) "
        "group by all",
    )
    return dict(found)


def test_an_empty_warehouse_is_no_trouble(home: Home) -> None:
    assert prepare(make_night(home)) == PrepareCounts(0, 0, 0, 0, 0, 0)
    assert rows(home, "select entity_id, kind from core.entities order by all") == [
        ("acme", "company"),
        ("gadget", "product"),
        ("rival", "competitor"),
    ]


def test_a_landed_post_becomes_a_mention(home: Home) -> None:
    landed = post("1", "Acme liefert leider seit Wochen nicht", author="a1", like_count=3, url="https://example.com/1")
    land(home, landed)
    assert prepare(make_night(home)).new_count == 1
    [mention] = rows(
        home,
        "select mention_id, source, native_id, url, author_key, text, text_hash, language, language_score > 0.7, "
        "published_at, collected_at, like_count, reach, deleted_at, content_hash from core.mentions",
    )
    assert mention == (
        mention_id("forum", "1"), "forum", "1", "https://example.com/1", "a1", landed["text"],
        text_hash(landed["text"]), "de", True, PUBLISHED, COLLECTED, 3, None, None, landed["content_hash"],
    )  # fmt: skip


def test_queries_and_phrase_rules_are_matched(home: Home) -> None:
    land(
        home,
        post("1", "Acme und Rival im Vergleich, das ist wirklich spannend"),
        post("2", "Rival only, nothing else to see here", source="blog"),
        post("3", "Das neue Gadgetset gefällt mir sehr gut"),
        post("4", "The new gadgetset is very nice, I like it"),
        post("5", "Danke @acme_help, ich liebe den war zone Modus"),
        post("6", "Etwas ganz anderes aus dem Garten"),
    )
    prepare(make_night(home))
    assert entities_of(home) == {"1": ["acme", "rival"], "3": ["gadget"], "5": ["acme"]}
    assert rows(home, "select rule_id, sentiment from core.sentiment_overrides") == [("war-zone", "neutral")]


def test_author_queries_find_pseudonyms(home: Home) -> None:
    config = SETTINGS.replace("acme OR @acme_help", "author:anna")
    pseudonyms = Pseudonyms.open(home)
    land(
        home,
        post("1", "Guten Morgen", author=pseudonyms.author_key("files", "Anna")),
        post("2", "Guten Morgen", author=pseudonyms.author_key("files", "Berta")),
    )
    prepare(make_night(home, config))
    assert entities_of(home) == {"1": ["acme"]}


def test_the_same_again_does_nothing(home: Home) -> None:
    land(home, post("1", NEWS), post("2", NEWS), post("3", "Hallo Acme"))
    bury(home, "3")
    prepare(make_night(home))
    before, written = everything(home), rows(home, "select max(changed_at) from core.mentions")
    counts = prepare(make_night(home))
    assert (counts.new_count, counts.changed_count, counts.rematched_count, counts.deleted_count) == (0, 0, 0, 0)
    assert everything(home) == before
    assert rows(home, "select max(changed_at) from core.mentions") == written


def test_a_changed_post_is_written_anew_and_keeps_its_first_collection(home: Home) -> None:
    land(home, post("1", "Acme ist gut"), post("2", "Rival ist gut"))
    prepare(make_night(home))
    land(home, post("1", "Rival ist besser", collected_at=COLLECTED + timedelta(days=3), edited_at=PUBLISHED))
    counts = prepare(make_night(home))
    assert (counts.new_count, counts.changed_count) == (0, 1)
    assert entities_of(home) == {"1": ["rival"], "2": ["rival"]}
    assert rows(home, "select text, collected_at from core.mentions where native_id = '1'") == [
        ("Rival ist besser", COLLECTED)
    ]


def test_changed_queries_match_known_posts_again(home: Home) -> None:
    land(home, post("1", "Acme ist gut"), post("2", "Umbrella ist besser"))
    prepare(make_night(home))
    changed = SETTINGS.replace("acme OR @acme_help", "umbrella")
    counts = prepare(make_night(home, changed))
    assert (counts.new_count, counts.rematched_count) == (0, 2)
    assert entities_of(home) == {"2": ["acme"]}
    assert prepare(make_night(home, changed)).rematched_count == 0


def test_a_deleted_post_is_marked_and_stays_deleted(home: Home) -> None:
    land(home, post("1", "Acme ist gut"), post("2", "Acme ist besser"))
    prepare(make_night(home))
    bury(home, "1", "2", "never-seen")
    assert prepare(make_night(home)).deleted_count == 2
    land(home, post("1", "Acme ist wieder da"))
    prepare(make_night(home))
    assert rows(home, "select count(*) from core.mentions where deleted_at is null") == [(0,)]
    assert rows(home, "select count(*) from core.tombstones") == [(3,)]


def test_a_post_deleted_before_it_was_prepared_never_lives(home: Home) -> None:
    bury(home, "1")
    land(home, post("1", "Acme ist gut"))
    prepare(make_night(home))
    assert rows(home, "select deleted_at is not null from core.mentions") == [(True,)]


@pytest.mark.parametrize(
    ("detected", "score", "hint", "chosen"),
    [
        ("de", 0.9, "en", ("de", 0.9)),
        ("nl", 0.4, "de-AT", ("de", None)),
        ("de", 0.4, "de", ("de", 0.4)),
        ("nl", 0.4, "und", ("nl", 0.4)),
        ("nl", 0.4, None, ("nl", 0.4)),
        (None, 0.0, "de", (None, None)),
    ],
)
def test_the_platforms_language_counts_when_detection_is_unsure(
    detected: str | None, score: float, hint: str | None, chosen: tuple[str | None, float | None]
) -> None:
    assert choose_language(detected, score, hint) == chosen


@pytest.mark.parametrize("text", ["", "👍", "\x00", "\ufffd" * 10, "a" * 30_000, "Acme " * 6_000])
def test_odd_texts_pass(home: Home, text: str) -> None:
    land(home, post("1", text))
    assert prepare(make_night(home)).new_count == 1
    assert rows(home, "select length(text) from core.mentions") == [(len(text),)]


def test_handles_and_links_share_a_text_hash() -> None:
    assert text_hash("@anna schau: https://example.com/a") == text_hash("@bob schau: https://example.org/b")
    assert text_hash("schau") != text_hash("schau!")


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


def test_small_batches_say_the_same_as_one(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts = [post(str(number), f"{NEWS} Teil {number % 7}" if number % 2 else f"Acme {number}") for number in range(40)]
    land(home, *posts)
    prepare(make_night(home))
    other = Home.locate(tmp_path / "other")
    monkeypatch.setattr(tables, "BATCH_SIZE", 7)
    land(other, *posts)
    prepare(make_night(other))
    assert everything(other) == everything(home)


@pytest.mark.parametrize("fails_after", [1, 4, 6, 9])
def test_a_run_cut_off_at_any_batch_is_finished_by_the_next(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_after: int
) -> None:
    posts = [post(str(number), f"{NEWS} Teil {number % 5}") for number in range(30)]
    undisturbed = Home.locate(tmp_path / "undisturbed")
    for place in (home, undisturbed):
        land(place, *posts)
    prepare(make_night(undisturbed))

    class Cut(BaseException):
        pass

    reports = 0

    def cut_off(step: str, done: int, total: int | None) -> None:
        nonlocal reports
        reports += 1
        if reports == fails_after:
            raise Cut

    monkeypatch.setattr(tables, "BATCH_SIZE", 6)
    night = make_night(home)
    object.__setattr__(night, "report", cut_off)
    with pytest.raises(Cut):
        prepare(night)
    prepare(make_night(home))
    assert everything(home) == everything(undisturbed)


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


def test_times_are_utc(home: Home) -> None:
    land(home, post("1", "Acme", published_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC)))
    prepare(make_night(home))
    assert rows(home, "select published_at from core.mentions") == [(datetime(2026, 3, 29, 1, 30, tzinfo=UTC),)]
