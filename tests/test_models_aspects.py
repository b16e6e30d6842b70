"""Aspects by meaning, with evidence and the clause's own sentiment."""

import dataclasses

import pytest

from models import SENTIMENTS, Reader, load_reader
from models.aspects import AspectDefinition, AspectHit, AspectMatcher

DELIVERY = AspectDefinition(
    "delivery",
    "Lieferung",
    "Versand und Zustellung von Bestellungen; delivery and shipping",
    ("das Paket kam viel zu spät", "schnelle Lieferung", "my parcel never arrived", "fast shipping"),
)
PRICE = AspectDefinition(
    "price",
    "Preis",
    "Preise, Kosten und Gebühren; prices, cost and value for money",
    ("viel zu teuer", "guter Preis", "way too expensive", "good value for money"),
)
SERVICE = AspectDefinition(
    "customer_service",
    "Kundenservice",
    "Kundendienst, Hotline und Beratung; customer support",
    ("die Hotline geht nicht ran", "freundliche Beratung", "support never answers", "helpful staff"),
)
ASPECTS = (DELIVERY, PRICE, SERVICE)


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


@pytest.fixture(scope="module")
def matcher(reader: Reader) -> AspectMatcher:
    return AspectMatcher(reader, ASPECTS)


def hits(reader: Reader, matcher: AspectMatcher, text: str) -> dict[str, AspectHit]:
    return {hit.aspect_id: hit for hit in matcher.match([text], reader.read([text], with_clauses=True))[0]}


@pytest.mark.parametrize(
    ("text", "aspect_id"),
    [
        ("Mein Päckchen wurde erst nach zwei Wochen zugestellt", "delivery"),
        ("Der Versand hat nur einen Tag gedauert", "delivery"),
        ("the package showed up two weeks late", "delivery"),
        ("Für diese Qualität ist das einfach zu teuer", "price"),
        ("the subscription is overpriced", "price"),
        ("Preis-Leistung stimmt hier absolut", "price"),
        ("Am Telefon hilft einem dort niemand, der Kundendienst ist ein Witz", "customer_service"),
        ("customer support was friendly and solved it quickly", "customer_service"),
    ],
)
def test_finds_the_aspect_in_other_words(reader: Reader, matcher: AspectMatcher, text: str, aspect_id: str) -> None:
    found = hits(reader, matcher, text)
    assert max(found.values(), key=lambda hit: hit.similarity).aspect_id == aspect_id


@pytest.mark.parametrize(
    "text",
    ["Heute Abend spielen wir Karten im Garten", "The sunset over the lake was purple", "Wer schaut gerade das Spiel?"],
)
def test_finds_nothing_where_nothing_is(reader: Reader, matcher: AspectMatcher, text: str) -> None:
    assert hits(reader, matcher, text) == {}


def test_evidence_and_sentiment_belong_to_the_clause(reader: Reader, matcher: AspectMatcher) -> None:
    text = "Die Lieferung war blitzschnell und super, aber der Preis ist viel zu hoch, das ist Abzocke."
    found = hits(reader, matcher, text)
    delivery, price = found["delivery"], found["price"]
    assert "Lieferung" in text[delivery.start : delivery.end]
    assert "Preis" in text[price.start : price.end]
    assert SENTIMENTS[delivery.sentiment.argmax()] == "positive"
    assert SENTIMENTS[price.sentiment.argmax()] == "negative"


def test_unscored_texts_have_no_aspects(reader: Reader, matcher: AspectMatcher) -> None:
    texts = ["", "😀", "viel zu teuer"]
    found = matcher.match(texts, reader.read(texts, with_clauses=True))
    assert [len(one) > 0 for one in found] == [False, False, True]


def test_no_aspects_defined(reader: Reader) -> None:
    assert AspectMatcher(reader, []).match(["gut"], reader.read(["gut"], with_clauses=True)) == [[]]


def test_a_reading_without_clauses_is_refused(reader: Reader, matcher: AspectMatcher) -> None:
    with pytest.raises(ValueError, match="with_clauses=True"):
        matcher.match(["gut"], reader.read(["gut"]))
    with pytest.raises(ValueError, match="2 texts"):
        matcher.match(["gut", "schlecht"], reader.read(["gut"], with_clauses=True))


def test_version_follows_the_definitions(reader: Reader, matcher: AspectMatcher) -> None:
    assert AspectMatcher(reader, ASPECTS).version == matcher.version
    changed = dataclasses.replace(PRICE, examples=("Schnäppchen",))
    assert AspectMatcher(reader, (DELIVERY, changed, SERVICE)).version != matcher.version
    assert matcher.version.startswith(reader.version)
