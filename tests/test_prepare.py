"""Landed posts become mentions with language, entities, copies and spam; only differences are worked on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.core import tables
from flows.core.mentions import choose_language, text_hash
from flows.home import Home
from flows.landing.mention import mention_id
from flows.prepare import PrepareCounts, prepare
from flows.privacy.pseudonyms import Pseudonyms
from tests.landed_fixture import COLLECTED, NEWS, PUBLISHED, SETTINGS, bury, everything, land, make_night, post, rows


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.locate(tmp_path / "home")


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
    assert rows(home, "select mention_id from core.mentions") == []
    assert rows(home, "select mention_id from landing.mentions") == []


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


def test_times_are_utc(home: Home) -> None:
    land(home, post("1", "Acme", published_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC)))
    prepare(make_night(home))
    assert rows(home, "select published_at from core.mentions") == [(datetime(2026, 3, 29, 1, 30, tzinfo=UTC),)]
