"""The language of short posts, without a download and without crashing on anything."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.language import detect

GERMAN = [
    "Seit drei Wochen warte ich auf mein Paket und niemand meldet sich",
    "Der neue Kaffee schmeckt richtig gut, gerne wieder!",
    "Leider ist die App nach dem Update unbrauchbar",
    "Kann mir jemand eine gute Versicherung empfehlen?",
    "Danke für die schnelle Hilfe @acme #kundenservice https://example.com/xyz",
    "HILFE, MEIN KONTO IST GESPERRT",
    "Wieso ist das schon wieder teurer geworden",
    "Endlich ein Kundendienst, der zuhört 👍👍👍",
]
ENGLISH = [
    "My parcel still has not arrived and nobody answers the phone",
    "Loving the new headphones, worth every penny",
    "The app keeps crashing since the last update",
    "Can anyone recommend a good bank for freelancers?",
    "Thanks for the quick help @acme #support https://example.com/xyz",
    "WHY IS MY ACCOUNT LOCKED",
    "lol that is just wrong",
    "Prices went up again, I'm switching",
]


@pytest.mark.parametrize(("texts", "language"), [(GERMAN, "de"), (ENGLISH, "en")])
def test_posts_of_the_two_home_languages(texts: list[str], language: str) -> None:
    found, scores = detect(texts)
    assert found == [language] * len(texts)
    assert scores.dtype == np.float32
    assert scores.shape == (len(texts),)
    assert (scores > 0.5).all()


def test_other_languages_are_told_apart() -> None:
    texts = [
        "Toujours pas de réponse du service client, c'est incroyable",
        "El paquete llegó tarde y la caja estaba rota",
        "La spedizione è stata veloce, tutto perfetto",
        "Сервис просто ужасный, деньги не вернули",
        "配達がとても早くて助かりました",
    ]
    assert detect(texts)[0] == ["fr", "es", "it", "ru", "ja"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "👍👍🔥",
        "https://example.com/ein-langer-deutscher-titel",
        "@acme @user",
        "12345 67,89 €",
        "[email] [phone]",
    ],
)
def test_a_text_without_words_has_no_language(text: str) -> None:
    languages, scores = detect([text])
    assert languages == [None]
    assert scores[0] == 0


def test_handles_links_and_hash_signs_do_not_count() -> None:
    plain, decorated = detect(
        ["Das ist wirklich schade", "@the_support_team Das ist wirklich schade https://example.com/the-shop"]
    )[1]
    assert plain == pytest.approx(decorated)


def test_batches_of_any_size_say_the_same() -> None:
    together = detect(GERMAN + ENGLISH)
    alone = [detect([text]) for text in GERMAN + ENGLISH]
    assert together[0] == [languages[0] for languages, _ in alone]
    assert together[1].tolist() == [scores[0] for _, scores in alone]
    assert detect([])[0] == []


@settings(max_examples=200)
@given(st.lists(st.text(max_size=80), max_size=5))
def test_any_text_is_survived(texts: list[str]) -> None:
    languages, scores = detect(texts)
    assert len(languages) == len(scores) == len(texts)
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_long_text_is_read_from_its_beginning() -> None:
    assert detect(["Das Paket kam leider viel zu spät an. " * 1000])[0] == ["de"]


def test_nothing_is_downloaded() -> None:
    script = (
        "import socket\n"
        "def refuse(*a, **k): raise OSError('no network in this test')\n"
        "socket.socket.connect = refuse\nsocket.getaddrinfo = refuse\n"
        "from models.language import detect\n"
        "assert detect(['Das Wetter ist heute schön'])[0] == ['de']\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
