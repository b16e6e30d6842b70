"""Clauses and sentences: exact spans that cover every word."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from models.clauses import sentences, split_clauses
from models.normal_form import has_words, normal_form, normal_text

POSTS = st.text(
    alphabet=st.one_of(
        st.sampled_from(list(" .,;:!?…\n-–—()\"'@#/&äöüß😡👍🏽❤️")),
        st.characters(codec="utf-8", exclude_categories=["Cs"]),
    ),
    max_size=80,
) | st.lists(
    st.sampled_from(
        ["aber", "but", "und", "Der", "Akku", "ist", "super", ",", ".", "!!", "😡", "\n", "z.B.", "http://a.b/c", "@x"]
    ),
    max_size=20,
).map(" ".join)


@settings(max_examples=200, deadline=None)
@given(POSTS)
def test_clauses_are_ordered_spans_that_cover_every_word(text: str) -> None:
    for spans in (sentences(text), split_clauses(text)):
        end = 0
        for span in spans:
            assert end <= span.start < span.end <= len(text)
            end = span.end
        covered = {index for span in spans for index in range(span.start, span.end)}
        assert all(index in covered for index, letter in enumerate(text) if not letter.isspace())


@settings(max_examples=200, deadline=None)
@given(POSTS)
def test_clauses_lie_inside_sentences(text: str) -> None:
    whole = sentences(text)
    assert all(
        any(one.start <= clause.start and clause.end <= one.end for one in whole) for clause in split_clauses(text)
    )


def parts(text: str) -> list[str]:
    return [text[clause.start : clause.end] for clause in split_clauses(text)]


def test_contrast_splits_in_both_languages() -> None:
    assert parts("Der Akku ist super, aber das Display ist mies.") == [
        "Der Akku ist super,",
        "aber das Display ist mies.",
    ]
    assert parts("The food was great but the service was slow") == ["The food was great", "but the service was slow"]
    assert parts("Das ist aber schön") == ["Das ist aber schön"]


def test_emoji_and_line_breaks_end_a_clause() -> None:
    assert parts("Paket weg 😡😡 Nie wieder dort\nHotline tot") == ["Paket weg 😡😡", "Nie wieder dort", "Hotline tot"]


def test_abbreviations_and_numbers_do_not_end_a_sentence() -> None:
    text = "Das kam z.B. erst am 3. Mai an. Danke Dr. Weber!"
    assert [text[one.start : one.end] for one in sentences(text)] == [
        "Das kam z.B. erst am 3. Mai an.",
        "Danke Dr. Weber!",
    ]


@settings(max_examples=200, deadline=None)
@given(POSTS)
def test_normal_form_knows_where_its_characters_come_from(text: str) -> None:
    form = normal_form(text)
    assert form.text == normal_text(text)
    origins = [form.origin(position) for position in range(len(form.text))]
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)
    unchanged = re.compile(r"[^\W\d_]", re.ASCII)
    if not re.search(r"[@&]|http|www", text):
        assert all(text[o] == c for o, c in zip(origins, form.text, strict=True) if unchanged.match(c))


def test_handles_and_links_take_one_form() -> None:
    given_text = "@anna.k schau mal https://shop.example/a?b=1&c=2 &amp; www.example.org, mail an a@b.de"
    assert normal_text(given_text) == "@user schau mal http & http, mail an a@b.de"


def test_words_are_more_than_links_handles_and_emoji() -> None:
    assert not any(map(has_words, ["😀😀", "https://example.org/lange/adresse", "@anna @ben", "!!! 100 % 3,50 €", "x"]))
    assert all(map(has_words, ["ok", "Schön!", "#fail", "so lala 😀"]))
