"""The query language: reading queries, and matching them against posts."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.queries import QueryError, match, matching, parse
from flows.queries.folding import plain, spelled_out
from flows.queries.grammar import MAX_DEPTH
from tests.query_reference import TOKENS, Post, holds

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


# --- reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("", 1, "the query is empty"),
        ("   ", 1, "the query is empty"),
        ("zara AND", 8, "nothing to its right"),
        ("zara OR  ", 7, "nothing to its right"),
        ("AND zara", 1, "AND has nothing to its left"),
        ("zara AND OR kids", 10, "OR has nothing to its left"),
        ("NOT", 3, "nothing to its right"),
        ("(zara", 1, "this ( is never closed. Add a )"),
        ("zara (a OR (b)", 6, "this ( is never closed"),
        ("zara) home", 5, "this ) closes nothing"),
        ("zara ()", 7, "nothing between ( and )"),
        ('zara "home', 6, 'this " has no partner'),
        ('""', 1, "nothing to look for"),
        ("zara & home", 6, "nothing to look for in &"),
        ("NOT zara", 1, "only says what to leave out"),
        ("-zara -home", 1, "only says what to leave out"),
        ("zara OR NOT home", 1, "only says what to leave out"),
        ("zara NEAR home", 6, "NEAR lacks its distance. Write NEAR/5"),
        ("zara NEAR/x home", 6, "lacks its distance"),
        ("NEAR/3 home", 1, "NEAR/n has nothing to its left"),
        ("zara NEAR/3", 11, "nothing to its right"),
        ("zara NEAR/101 home", 6, "at most NEAR/100"),
        ("zara NEAR/3 NOT home", 13, "NEAR cannot have a negation beside it"),
        ("zara NEAR/3 (a AND b)", 6, "NEAR can only stand between words"),
        ("zara NEAR/3 lang:de", 6, "NEAR can only stand between words"),
        ("zara OR home -kids", 6, "can be read in two ways. Put parentheses"),
        ("zara home OR kids", 11, "can be read in two ways"),
        ("zara or home", 6, "Write OR in capitals"),
        ("zara und home", 6, "Write AND in capitals"),
        ("colour:red", 1, "there is no field colour. Known fields: lang, source, author, link"),
        ("zara lang: de", 6, "Write it without a space: lang:de"),
        ("lang:deutsch", 1, "deutsch cannot be a value of lang:"),
        ("author:za*", 1, "author: needs a value without wildcards"),
        ("zara *", 6, "a wildcard needs at least two letters"),
        ("zara a*", 6, "a wildcard needs at least two letters"),
        ('"zara *"', 1, "a wildcard needs at least two letters"),
        ("@zara*", 1, "a handle cannot have a wildcard"),
        ("https://zara.com/kids", 1, "Write link:zara.com/kids"),
        ("a " * 20_000, 20_001, "40000 characters"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH + 1, "Simplify"),
    ],
)
def test_a_wrong_query_is_refused_with_its_column_and_a_remedy(query: str, column: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.column == column
    assert words in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_mark_stands_under_the_problem() -> None:
    with pytest.raises(QueryError) as caught:
        parse("zara OR kids OR (home")
    message, query, mark = str(caught.value).splitlines()
    assert message.startswith("column 17: ")
    assert query.index("(") == mark.index("^")


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("zara home", "zara AND home"),
        ("zara -home", "zara AND NOT home"),
        ("NOT NOT zara", "zara"),
        ("((zara))", "zara"),
        ("(a b) c (d e)", "a AND b AND c AND d AND e"),
        ("a OR (b OR c)", "a OR b OR c"),
        ("„zara home“ “kids”", '"zara home" AND kids'),
        ("zara NEAR/2 kids NEAR/3 home", "zara NEAR/2 kids NEAR/3 home"),
        ('"near" "zara"', '"near" AND zara'),
        ("LANG:DE zara", "lang:de AND zara"),
        ("link:https://www.Zara.com/Kids/", "link:zara.com/Kids"),
        ("was?", "was"),
        ("ma?er m**er", "ma?er AND m*er"),
        ("author:@zara", "author:zara"),
    ],
)
def test_a_query_has_one_canonical_text(query: str, canonical: str) -> None:
    assert str(parse(query)) == canonical
    assert parse(canonical) == parse(query)


def test_handles_are_listed_with_and_without_their_server() -> None:
    assert parse("(@Zara OR kids) NOT @Help@x.social author:@someone").handles == {"zara", "help", "help@x.social"}


# Leaves from which queries are built; all wildcards and every kind of term stand among them.
WORDS = st.sampled_from(
    ["paket", "zu", "spät", "spaet", "größe", "groesse", "grosse", "lieferung", "geliefert", "bike", "e", "s", "zara"]
    + ["e-bike", "h&m", "mcdonald's", "mcdonalds", "disney+", "disney", "#zara", "#bikesale", "@zara", "👍", "sofort"]
    + ["liefer*", "*liefer*", "g*ße", "gr??e", "*ike", "#bike*", "zu-spät", "nichts", "bike-sal*", "@zara@x.social"]
)
PLAIN_WORDS = st.sampled_from(["paket", "zu", "spät", "bike", "sale", "e-bike", "liefer*", "@zara", "größe", "h", "m"])
EXACT = st.sampled_from(["", "", "", "=", "=="])
LITERALS = st.one_of(
    st.tuples(EXACT, WORDS).map("".join),
    st.tuples(EXACT, st.lists(PLAIN_WORDS, min_size=1, max_size=3).map(" ".join)).map(
        lambda pair: f'{pair[0]}"{pair[1]}"'
    ),
)
PLACED = st.one_of(LITERALS, st.lists(LITERALS, min_size=2, max_size=3).map(lambda items: f"({' OR '.join(items)})"))
CHAINS = st.lists(st.tuples(PLACED, st.integers(0, 4)), min_size=2, max_size=3).map(
    lambda links: "".join(f"{item} NEAR/{n} " for item, n in links[:-1]) + links[-1][0]
)
FIELDS = st.sampled_from(
    [
        "lang:de",
        "lang:und",
        "source:rss-*",
        "source:mastodon",
        "author:zara",
        "author:nobody",
        "link:zara.com",
        "link:com/kids",
    ]
)
QUERIES = st.recursive(
    st.one_of(LITERALS, CHAINS, FIELDS),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' OR '.join(items)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda items: f"({' AND '.join(items)})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} NOT {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} -{pair[1]})"),
    ),
    max_leaves=6,
)
POSTS = st.builds(
    Post,
    st.lists(st.sampled_from(sorted(TOKENS)), max_size=12).map(tuple),
    st.sampled_from(["de", "en", None]),
    st.sampled_from(["mastodon", "rss-news"]),
    st.sampled_from(["key-of-zara", "another-key", None]),
)


@given(QUERIES)
@settings(max_examples=150, deadline=None)
def test_the_canonical_text_reads_as_the_same_query(query: str) -> None:
    assert parse(str(parse(query))) == parse(query)


@given(st.text(alphabet="ab ZÄß*?\"()-=#@:&'.+_/„“–ORANDTEN/12\t\n😡🏽", max_size=40))
@example("a-" * 50)
@example("NOT " * 500 + "a")
@example("=" * 10 + "a")
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_query_or_a_query_error(text: str) -> None:
    try:
        query = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        return
    assert parse(str(query)) == query


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_unicode_text_is_a_query_or_a_query_error(text: str) -> None:
    try:
        assert parse(str(parse(text))) == parse(text)
    except QueryError:
        pass


# --- matching ----------------------------------------------------------------------------------------------------------


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
        patch.setattr(matching, "BATCH_POSTS", 3)
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
    ]
    + [
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
    st.lists(FEW_CHAINS, min_size=4, max_size=8),
    st.lists(st.lists(st.sampled_from(FEW_TOKENS), min_size=1, max_size=7).map(tuple), min_size=4, max_size=12),
)
@settings(max_examples=100, deadline=None)
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


# --- folding -----------------------------------------------------------------------------------------------------------


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
