"""Which texts count as copies of one another, before any table is involved."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.near_duplicates import (
    BANDS,
    SIMILARITY_THRESHOLD,
    buckets,
    fold,
    groups,
    is_comparable,
    similarity,
    text_key,
)

NEWS = (
    "Die Nordwind Logistik eröffnet im Frühjahr ein neues Verteilzentrum am Stadtrand und schafft dort nach eigenen "
    "Angaben mehr als zweihundert Arbeitsplätze für die Region"
)
OTHER = (
    "Unsere Katze hat heute Nacht das ganze Wohnzimmer auf den Kopf gestellt und schläft jetzt selig auf dem warmen "
    "Fensterbrett neben der Heizung"
)


def share_bucket(one: str, other: str) -> bool:
    found = buckets([fold(one), fold(other)])
    return bool((found[0] == found[1]).any())


def test_case_blanks_links_handles_and_punctuation_make_no_difference() -> None:
    variants = [
        NEWS,
        NEWS.upper().replace("SS", "ss"),
        f"@user {NEWS}!!! https://example.com/{'x' * 30}",
        "  ".join(NEWS.split(" ")) + "\n\n👍",
        f"“{NEWS}” www.example.org/abc",
    ]
    assert len({text_key(fold(variant)) for variant in variants}) == 1
    assert text_key(fold(OTHER)) != text_key(fold(NEWS))


@pytest.mark.parametrize(
    "text", ["", "danke!", "Danke", "vielen lieben Dank für die schnelle Hilfe", "123 456 789 " * 10, "👍" * 80]
)
def test_short_posts_are_nobodys_copy(text: str) -> None:
    assert text_key(fold(text)) is None
    assert not is_comparable(fold(text))


def test_an_edited_copy_is_found_and_another_text_is_not() -> None:
    edited = NEWS.replace("Frühjahr", "März").replace("mehr als", "rund") + " (Update)"
    assert similarity(fold(NEWS), fold(edited)) > SIMILARITY_THRESHOLD
    assert share_bucket(NEWS, edited)
    assert similarity(fold(NEWS), fold(OTHER)) < 0.2
    assert not share_bucket(NEWS, OTHER)


def test_most_lightly_edited_copies_are_found() -> None:
    words = (NEWS + " " + OTHER).split()
    chance = random.Random(7)
    found = 0
    for _ in range(200):
        original = chance.sample(words, 24)
        copy = [word for word in original if chance.random() > 0.05] + chance.sample(words, 2)
        one, other = fold(" ".join(original)), fold(" ".join(copy))
        found += share_bucket(one, other) and similarity(one, other) >= SIMILARITY_THRESHOLD
    assert found >= 190


def test_buckets_do_not_depend_on_the_batch() -> None:
    texts = [fold(NEWS), fold(OTHER), fold(NEWS + " Nachtrag")]
    together = buckets(texts)
    assert together.shape == (3, BANDS)
    assert together.dtype == np.uint64
    for row, text in enumerate(texts):
        assert (buckets([text])[0] == together[row]).all()
    assert buckets([]).shape == (0, BANDS)


@given(st.text(max_size=200), st.text(max_size=200))
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    one, other = fold(one), fold(other)
    assert similarity(one, other) == similarity(other, one)
    assert 0 <= similarity(one, other) <= 1
    assert similarity(one, one) == 1
    buckets([one, other])


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=15), st.randoms())
def test_groups_are_components_whatever_the_order(pairs: list[tuple[str, str]], chance: random.Random) -> None:
    found = groups(pairs)
    shuffled = [pair if chance.random() < 0.5 else pair[::-1] for pair in chance.sample(pairs, len(pairs))]
    assert groups(shuffled) == found
    assert all(found[one] == found[other] for one, other in pairs)
    for name in set(found.values()):
        assert name == min(key for key, group in found.items() if group == name)
    assert len(set(found.values())) == _component_count(pairs)


def _component_count(pairs: list[tuple[str, str]]) -> int:
    components: list[set[str]] = []
    for pair in pairs:
        touched = [component for component in components if component & set(pair)]
        components = [component for component in components if component not in touched]
        components.append(set(pair).union(*touched))
    return len(components)
