"""The query language: which posts a query finds."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.queries import QueryError, match, matching, parse
from flows.queries.folding import plain, spelled_out
from flows.queries.index import Index
from tests.query_reference import TOKENS, Post, holds
from tests.query_texts import QUERIES

REFERENCE_PAGE = Path(__file__).parent.parent / "docs" / "reference" / "queries.md"
AUTHOR_KEYS = {"zara": {"key-of-zara", "older-key-of-zara"}}


def frame(posts: list[Post]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "mention_id": [str(number) for number in range(len(posts))],
            "text": [post.text for post in posts],
            "language": [post.language for post in posts],
            "source": [post.source for post in posts],
            "author_key": [post.author_key for post in posts],
        },
        schema=dict.fromkeys(("mention_id", "text", "language", "source", "author_key"), pl.String),
    )


def author_keys(handle: str) -> set[str]:
    return AUTHOR_KEYS.get(handle, set())


def found(query: str, *texts: str | None, language: str | None = "de", source: str = "mastodon") -> list[int]:
    """Numbers of the texts that a query finds."""
    posts = pl.DataFrame(
        {"mention_id": range(len(texts)), "text": texts, "language": language, "source": source, "author_key": "k"},
        schema_overrides={"text": pl.String, "language": pl.String},
    )
    return match({"q": parse(query)}, posts, author_keys)["mention_id"].to_list()


POSTS = st.builds(
    Post,
    st.lists(st.sampled_from(sorted(TOKENS)), max_size=12).map(tuple),
    st.sampled_from(["de", "en", None]),
    st.sampled_from(["mastodon", "rss-news"]),
    st.sampled_from(["key-of-zara", "another-key", None]),
)


def assert_agreement(texts: list[str], posts: list[Post]) -> None:
    """Compare with the slow reading of the language, in batches of three posts."""
    queries = {f"{number}": parse(text) for number, text in enumerate(texts)}
    expected = [
        (str(number), key)
        for key, query in queries.items()
        for number, post in enumerate(posts)
        if holds(query.root, post, AUTHOR_KEYS)
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "BATCH_CHARACTERS", 3 * matching.LEAST_CHARACTERS)
        assert match(queries, frame(posts), author_keys).rows() == expected


@given(st.lists(QUERIES, min_size=1, max_size=3), st.lists(POSTS, max_size=7))
@settings(max_examples=100, deadline=None)
def test_matching_agrees_with_reading_post_by_post(texts: list[str], posts: list[Post]) -> None:
    assert_agreement(texts, posts)


FEW_TOKENS = ["paket", "zu", "E-Bike", "ebike", "#BikeSale", "@zara@x.social", "H&M", "spät,"]
FEW_ITEMS = st.sampled_from(
    [
        "paket",
        "zu",
        "e-bike",
        "ebike",
        "bike",
        "sale",
        "bikesale",
        "@zara@x.social",
        "h&m",
        "m",
        "spät",
        '"zu spät"',
        '"bike sale"',
        '"bike paket"',
        '"m zu"',
        "(bike OR zu)",
        '(paket OR "e bike")',
        '"e-bike zu"',
        '"paket e-bike"',
        "*bike*",
        '"zu zara"',
    ]
)
FEW_CHAINS = st.one_of(
    FEW_ITEMS,
    st.builds("{} NEAR/{} {}".format, FEW_ITEMS, st.integers(0, 3), FEW_ITEMS),
    st.builds("{} NEAR/{} {} NEAR/{} {}".format, FEW_ITEMS, st.integers(0, 2), FEW_ITEMS, st.integers(0, 2), FEW_ITEMS),
)


@given(
    st.lists(FEW_CHAINS, min_size=3, max_size=6),
    st.lists(st.lists(st.sampled_from(FEW_TOKENS), min_size=1, max_size=7).map(tuple), min_size=4, max_size=12),
)
@settings(max_examples=60, deadline=None)
def test_places_agree_with_counting_words(texts: list[str], posts: list[tuple[str, ...]]) -> None:
    assert_agreement(texts, [Post(tokens, "de", "mastodon", None) for tokens in posts])


def table_rows(heading: str) -> list[list[str]]:
    """Cells of the table under a heading of the reference page; code marks off, several per cell as `a` `b`."""
    section = REFERENCE_PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def quoted(cell: str) -> list[str]:
    return [code.strip() for code in re.findall(r"``? ?(.+?) ?``?(?=[ ,]|$)", cell)]


@pytest.mark.parametrize("heading", ["Words", "Combining", "Spelling"])
def test_the_examples_of_the_reference_page_hold(heading: str) -> None:
    rows = table_rows(heading)
    assert len(rows) >= 4
    for query_cell, finds, leaves_out in rows:
        (query,) = quoted(query_cell)
        hits, misses = quoted(finds), quoted(leaves_out)
        assert hits, query
        assert misses, query
        assert found(query, *hits, *misses) == list(range(len(hits))), query


def test_the_refused_queries_of_the_reference_page_are_refused() -> None:
    rows = table_rows("What is refused, and what to write")
    assert len(rows) >= 6
    for refused, instead in rows:
        with pytest.raises(QueryError):
            parse(quoted(refused)[0])
        for query in quoted(instead):
            parse(query)


def test_the_fields_of_the_reference_page() -> None:
    posts = pl.DataFrame(
        {
            "mention_id": ["german", "unknown", "news", "own", "link"],
            "text": ["a", "a", "a", "a", "siehe https://www.zara.com/kids/jacken?x=1."],
            "language": ["de", None, "en", "en", "en"],
            "source": ["mastodon", "mastodon", "rss-news", "mastodon", "mastodon"],
            "author_key": ["k", "k", "k", "older-key-of-zara", "k"],
        }
    )
    expected = {
        "lang:de": ["german"],
        "lang:und": ["unknown"],
        "source:rss-*": ["news"],
        "author:@zara": ["own"],
        "link:zara.com": ["link"],
        "link:zara.com/kids": ["link"],
        "link:ra.com": [],
        "link:zara.com/kid": [],
    }
    for query, hits in expected.items():
        assert match({"q": parse(query)}, posts, author_keys)["mention_id"].to_list() == hits, query
    documented = {quoted(row[0])[0] for row in table_rows("Fields")}
    assert {*documented} == set(expected) - {"link:ra.com", "link:zara.com/kid"}


def test_no_phrase_and_no_near_reaches_into_the_next_post() -> None:
    assert found('"zu spät"', "zu", "spät") == []
    assert found("zu NEAR/100 spät", "zu", "spät", "zu" + " x" * 100 + " spät", "zu" + " x" * 101 + " spät") == [2]


def test_posts_without_words_match_only_what_needs_none() -> None:
    assert found("zara", None, "", "  ", "🙂", "!?") == []
    assert found("lang:de -zara", None, "", "zara") == [0, 1]
    assert found("🙂", None, "", "🙂", "🙂🙂") == [2, 3]


def test_no_posts_and_no_queries_give_an_empty_table() -> None:
    empty = match({"q": parse("zara")}, frame([]), author_keys)
    assert empty.height == 0
    assert empty.columns == ["mention_id", "key"]
    assert match({}, frame([Post(("paket",), "de", "mastodon", None)]), author_keys).height == 0


def test_a_post_of_30000_characters_is_searched_to_its_end() -> None:
    assert found('"ganz am" ende', "wort " * 6_000 + "ganz am Ende") == [0]


def test_long_posts_are_taken_in_smaller_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    monkeypatch.setattr(matching, "BATCH_CHARACTERS", 10_000)
    monkeypatch.setattr(matching, "Index", lambda texts: sizes.append(len(texts)) or Index(texts))
    assert found("ende", *["wort " * 900 + "Ende"] * 7) == list(range(7))
    assert max(sizes) <= 3
    assert sum(sizes) == 7


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_word_between_any_characters_is_found(before: str, after: str) -> None:
    assert found("zielwort", f"{before} Zielwort {after}") == [0]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("black", "#BlackFriday2026"),
        ('"black friday 2026"', "#BlackFriday2026"),
        ("iphone", "#iPhone"),
        ("größe", "Gro\u0308ße"),
        ("istanbul", "İstanbul"),
        ("cafe", "Café"),
        ("e-bike", "E\u2011Bike"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("❤", "❤️"),
        ("🇩🇪", "🇩🇪🇫🇷"),
        ("c++", "C++!"),
        ("booking.com", "bei Booking.com."),
        ("zara", "(zara)"),
        ("zara", "zara…kids"),
        ('"kids mode"', "kids/mode"),
    ],
)
def test_writing_habits_of_posts(query: str, text: str) -> None:
    assert found(query, text) == [0]


@given(st.text(alphabet=st.characters(categories=("L", "N")), max_size=12))
@settings(max_examples=300, deadline=None)
def test_folding_twice_changes_nothing(word: str) -> None:
    assert plain(plain(word)) == plain(word)
    assert spelled_out(spelled_out(word)) == spelled_out(word)
    assert plain(spelled_out(word)) == spelled_out(word)


GERMAN = st.text(alphabet="aeouäöüßsAEOUÄÖÜSxy", min_size=2, max_size=6).filter(
    lambda word: word.lower() not in {"or", "und"}
)


@given(GERMAN, GERMAN)
@settings(max_examples=150, deadline=None)
def test_words_find_each_other_in_both_directions(one: str, other: str) -> None:
    assert found(one, one) == [0]
    assert found(one, other) == found(other, one)
    assert found(f"=={one}", other) == ([0] if one == other else [])


def test_umlauts_do_not_blur_other_words() -> None:
    assert found("due", "du", "dü", "due") == [1, 2]
    assert found("blue*", "Blumen", "Blueray", "Blüte") == [1, 2]
