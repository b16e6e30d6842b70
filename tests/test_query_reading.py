"""The query language: what is read, and what is refused with which words."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.queries import QueryError, parse
from flows.queries.grammar import MAX_DEPTH
from tests.query_texts import QUERIES


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


@given(QUERIES)
@settings(max_examples=150, deadline=None)
def test_the_canonical_text_reads_as_the_same_query(query: str) -> None:
    assert parse(str(parse(query))) == parse(query)


@given(st.text(alphabet="ab ZÄß*?\"()-=#@:&'.+_/„“–ORANDTEN/12\t\n😡🏽", max_size=40))
@example("a-" * 50)
@example("NOT " * 500 + "a")
@example("1?_")
@example("=😡1")
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
@example("_\U00031350")
@settings(max_examples=200, deadline=None)
def test_any_unicode_text_is_a_query_or_a_query_error(text: str) -> None:
    with contextlib.suppress(QueryError):
        assert parse(str(parse(text))) == parse(text)
