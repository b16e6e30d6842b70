"""Old topics to new clusters: whatever the numbers, each cluster has one fate and no order matters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.topic_clusters import choose
from models.topic_labels import label, labels, twins
from models.topic_matching import match_topics
from models.topic_words import Keyword, keywords


@st.composite
def situations(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    topics, clusters = draw(st.integers(0, 6)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shared = rng.integers(0, 40, (topics + 1, clusters)) * rng.integers(0, 2, (topics + 1, clusters))
    similarity = rng.uniform(-1, 1, (topics, clusters))
    places = rng.standard_normal((topics, 4))
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    return shared, similarity, places @ places.T, rng.uniform(0, 0.4, clusters), rng.random(topics) < 0.3


@settings(max_examples=150, deadline=None)
@given(situations())
def test_every_cluster_has_one_fate_and_pinned_topics_none_but_their_own(situation: tuple[np.ndarray, ...]) -> None:
    _shared, similarity, *_, is_pinned = situation
    matching = match_topics(*situation)
    fates = [*matching.kept, *matching.split, *matching.born, *matching.absorbed]
    assert sorted(fates) == list(range(similarity.shape[1]))
    assert len(set(matching.kept.values())) == len(matching.kept)
    assert not set(matching.merged) & set(matching.kept.values())
    assert set(matching.merged.values()) <= set(matching.kept.values())
    assert not any(is_pinned[topic] for topic in (*matching.merged, *matching.merged.values()))
    assert not any(is_pinned[parent] for parent in matching.split.values())


@settings(max_examples=100, deadline=None)
@given(situations(), st.integers(0, 10**6))
def test_the_numbering_of_topics_and_clusters_does_not_matter(situation: tuple[np.ndarray, ...], seed: int) -> None:
    shared, similarity, topic_similarity, separation, is_pinned = situation
    rng = np.random.default_rng(seed)
    topics, clusters = rng.permutation(len(is_pinned)), rng.permutation(len(separation))
    rows = np.append(topics, len(is_pinned)).astype(int)
    here = match_topics(*situation)
    there = match_topics(
        shared[rows][:, clusters],
        similarity[topics][:, clusters],
        topic_similarity[topics][:, topics],
        separation[clusters],
        is_pinned[topics],
    )
    assert {clusters[c]: topics[t] for c, t in there.kept.items()} == here.kept
    assert sorted(clusters[c] for c in there.born) == here.born
    assert {clusters[c] for c in there.split} == set(here.split)
    assert {topics[t] for t in there.merged} == set(here.merged)


def test_a_split_a_merge_and_a_birth_are_told_apart() -> None:
    shared = np.array([[60, 40, 0, 0], [0, 0, 50, 0], [0, 0, 20, 0], [0, 0, 0, 30]])
    similarity = np.array([[0.9, 0.3, 0, 0], [0, 0, 0.9, 0], [0, 0, 0.85, 0]])
    topic_similarity = np.array([[1, 0, 0], [0, 1, 0.9], [0, 0.9, 1]])
    matching = match_topics(shared, similarity, topic_similarity, np.full(4, 0.3), np.zeros(3, bool))
    assert (matching.kept, matching.split, matching.born, matching.merged) == ({0: 0, 2: 1}, {1: 0}, [3], {2: 1})


def test_the_number_of_topics_is_the_largest_that_is_nearly_best_and_a_good_one_is_kept() -> None:
    gaps = {3: 0.10, 6: 0.20, 8: 0.195, 12: 0.12}
    assert choose(gaps) == 8
    assert choose(gaps, preferred=6) == 6
    assert choose(gaps, preferred=12) == 8


def test_keywords_set_a_topic_apart_and_are_written_as_people_write_them() -> None:
    texts = {
        "a": ["Der Akku hält im Winter kaum.", "Mein Akku lädt langsam, Acme!", "Akku wieder leer im Winter"],
        "b": ["Die Lieferung kam im Winter.", "Meine Lieferung fehlt, Acme!", "Wo ist die Lieferung im Winter?"],
    }
    found = keywords(texts, "de", excluded=["acme"])
    assert found["a"][0].shown == "Akku"
    assert found["b"][0].shown == "Lieferung"
    assert not {"der", "acme", "im"} & {word.term for words in found.values() for word in words}


def test_labels_say_different_things_and_fall_back_to_the_other_language() -> None:
    german = [Keyword(term, term.title(), 1.0, 0.5) for term in ("lieferung", "liefertermin", "spedition")]
    assert label(german, is_german=True) == "Lieferung, Spedition"
    assert labels({"de": {"t": german}}, {"de": {"t": 9}}, ["t"])["t"] == {
        "de": "Lieferung, Spedition",
        "en": "Lieferung, Spedition",
    }
    assert label([], is_german=True) == ""


@pytest.mark.parametrize(("other", "alike"), [("Range and battery", True), ("Delivery, parcel", False)])
def test_twins(other: str, alike: bool) -> None:
    found = twins({"a": ("Akku", "Battery and range"), "b": ("Lieferung", other)})
    assert (found["a"] == ["b"]) is alike
