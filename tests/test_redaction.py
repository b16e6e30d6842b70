"""Redaction finds personal data in German and English posts, and leaves everything else alone."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flows.privacy.redaction import redact

CASES = Path(__file__).parent / "data" / "redaction"
LISTENED = frozenset({"acme"})
PLACEHOLDERS = {
    "email": "[email]",
    "phone": "[phone]",
    "iban": "[iban]",
    "card": "[card]",
    "address": "[address]",
    "handle": "@user",
    "tax_id": "[tax-id]",
    "insurance_id": "[insurance-id]",
    "plate": "[plate]",
    "name": "[name]",
}
STRUCTURED = ("email", "phone", "iban", "card", "tax_id", "insurance_id", "plate")
MARKED = re.compile(r"\{(\w+)\|([^}]*)\}")


def cases(name: str) -> list[str]:
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


FILES = ("tuned.txt", "unseen.txt", "unseen2.txt", "identifiers.txt", "identifiers2.txt")
ALL_CASES = [line for name in FILES for line in cases(name)]


def original(case: str) -> str:
    return MARKED.sub(r"\2", case)


def expected(case: str) -> str:
    return MARKED.sub(lambda match: PLACEHOLDERS[match[1]], case)


def rates(kinds: tuple[str, ...], lines: list[str] = ALL_CASES) -> tuple[float, float]:
    """Recall and precision over all marked items of some kinds."""
    marked, found, right = Counter[str](), Counter[str](), Counter[str]()
    for case in lines:
        want, got = expected(case), redact(original(case), LISTENED)
        for kind in kinds:
            placeholder = PLACEHOLDERS[kind]
            marked[kind] += want.count(placeholder)
            found[kind] += got.count(placeholder)
            right[kind] += min(want.count(placeholder), got.count(placeholder))
    return right.total() / marked.total(), right.total() / found.total()


def test_the_check_set_is_large_enough() -> None:
    assert len(ALL_CASES) >= 1_000
    assert sum(MARKED.search(line) is None for line in ALL_CASES) >= 350


def test_structured_identifiers_are_found_and_little_else() -> None:
    recall, precision = rates(STRUCTURED)
    assert recall >= 0.98
    assert precision >= 0.95


@pytest.mark.parametrize("kinds", [("address", "handle"), ("name",), *((kind,) for kind in STRUCTURED)])
def test_each_kind_is_found_and_little_else(kinds: tuple[str, ...]) -> None:
    recall, precision = rates(kinds)
    assert recall >= 0.95
    assert precision >= 0.95


def test_placeholders_cover_exactly_the_personal_data() -> None:
    wrong = [case for case in ALL_CASES if redact(original(case), LISTENED) != expected(case)]
    assert len(wrong) <= 10, wrong


@pytest.mark.parametrize(
    "text",
    [
        "Steuer-ID 65 929 970 488",
        "USt-IdNr. DE136695977",
        "RVNR 65 170839 J 009",
        "AHV 756.9217.0769.84",
        "Versichertennummer A123456781",
    ],
)
def test_numbers_with_a_wrong_check_digit_stay(text: str) -> None:
    assert redact(text) == text


def test_names_go_where_they_are_named_as_such_only() -> None:
    assert redact("Herr Dr. Müller und Anna Schmidt waren da") == "Herr Dr. [name] und Anna Schmidt waren da"
    assert redact("Dr. Oetker, Herr Ober, Mein Name ist Programm") == "Dr. Oetker, Herr Ober, Mein Name ist Programm"


@pytest.mark.parametrize(
    ("link", "redacted"),
    [
        ("https://anna:secret@host.example/path?a=1", "https://host.example/path?a=1"),
        ("https://host.example/?email=a@b.example&x=1.", "https://host.example/?email=[email]&x=1."),
        ("https://host.example/out?email=max%40web.example&id=3", "https://host.example/out?email=[email]&id=3"),
        ("https://host.example/?to=max%40web.example", "https://host.example/?to=[email]"),
        ("https://host.example/a?session_id=9&amp;q=shoes", "https://host.example/a?session_id=[token]&amp;q=shoes"),
        ("https://host.example/cb#access_token=abc&state=1", "https://host.example/cb#access_token=[token]&state=1"),
        ("https://social.example/@bob/123", "https://social.example/@user/123"),
        ("https://social.example/@Acme/123", "https://social.example/@Acme/123"),
        ("https://social.example/@bob@other.example", "https://social.example/@user"),
        ("https://twitter.com/bob/status/17", "https://twitter.com/user/status/17"),
        ("instagram.com/bob.k", "instagram.com/user"),
        ("https://instagram.com/p/Cabc123", "https://instagram.com/p/Cabc123"),
        ("https://wa.me/491701234567", "https://wa.me/[phone]"),
        ("https://shop.example/p/0301234567?si=abc", "https://shop.example/p/0301234567?si=abc"),
        ("https://video.example/watch?v=dQw4w9WgXcQ", "https://video.example/watch?v=dQw4w9WgXcQ"),
    ],
)
def test_links_stay_but_persons_and_secrets_in_them_go(link: str, redacted: str) -> None:
    assert redact(f"siehe {link} danke", LISTENED) == f"siehe {redacted} danke"


def test_listened_handles_stay_with_and_without_server() -> None:
    listened = frozenset({"acme", "acme@social.example"})
    assert redact("@Acme @ACME@social.example @acme_fan", listened) == "@Acme @ACME@social.example @user"
    assert redact("@acme") == "@user"


def test_an_iban_needs_right_check_digits() -> None:
    assert redact("DE89 3704 0044 0532 0130 00") == "[iban]"
    assert redact("DE88 3704 0044 0532 0130 00") == "DE88 3704 0044 0532 0130 00"


def test_a_card_needs_a_right_check_digit() -> None:
    assert redact("4111 1111 1111 1111") == "[card]"
    assert redact("4111 1111 1111 1112") == "4111 1111 1111 1112"


PERSONAL = st.sampled_from([original(case) for case in ALL_CASES])
NOISE = st.text(alphabet=st.sampled_from("0123456789 +-/.()@:?&=#[]abTel straße\nDEweg,"), max_size=60)


@settings(max_examples=300)
@given(st.lists(st.one_of(PERSONAL, NOISE, st.text(max_size=30)), max_size=4).map(" ".join))
@example("https://[")
@example("@")
@example("a@b@c.de@@d")
def test_redacting_twice_changes_nothing_and_nothing_crashes(text: str) -> None:
    once = redact(text, LISTENED)
    assert redact(once, LISTENED) == once


@settings(max_examples=200)
@given(st.text(alphabet=st.characters(exclude_characters="@", exclude_categories=["Nd"]), max_size=200))
def test_a_text_without_digits_at_signs_and_links_stays_as_it_is(text: str) -> None:
    lowered = text.lower()
    if not any(hint in lowered for hint in ("http", "www.", "at", "ät", "dot", "punkt", ".com", ".de")):
        assert redact(text) == text


@given(st.sampled_from(["DE", "AT", "CH"]), st.data())
def test_every_iban_with_right_check_digits_is_found(country: str, data: st.DataObject) -> None:
    length = {"DE": 18, "AT": 16, "CH": 17}[country]
    account = data.draw(st.text(alphabet="0123456789", min_size=length, max_size=length))
    number = "".join(str(int(letter, 36)) for letter in account + country + "00")
    iban = f"{country}{98 - int(number) % 97:02d}{account}"
    grouped = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    assert redact(f"an {iban} bitte") == "an [iban] bitte"
    assert redact(f"an {grouped} bitte") == "an [iban] bitte"


@given(st.sampled_from(["030", "0171", "0664", "089"]), st.text(alphabet="123456789", min_size=7, max_size=7))
def test_any_spacing_of_a_telephone_number_is_found(area: str, number: str) -> None:
    for spaced in (f"{area} {number}", f"{area}/{number}", f"{area}-{number[:3]}-{number[3:]}", f"({area}) {number}"):
        assert redact(f"Ruf an: {spaced}!") == "Ruf an: [phone]!"


@pytest.mark.parametrize(
    "text", ["a" * 30_000, "1 " * 15_000, "0171-" * 6_000, "a@" * 15_000, "Am Markt " * 3_500, "(0" * 15_000]
)
def test_long_texts_take_no_longer_than_their_length(text: str) -> None:
    started = time.process_time()
    redact(text)
    assert time.process_time() - started < 5
