"""The reader's contract: shapes, reasons, long posts, and numbers that depend on a text alone."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models import INTENTS, SENTIMENTS, ModelError, Reader, load_reader
from models.card import WEIGHTS_FOLDER
from models.reading import EMOTIONS, IRONY, OFFENSIVE

POSTS = [
    "Der Kundenservice ist eine Katastrophe, ich warte seit drei Wochen auf eine Antwort!",
    "I love this coffee machine, best purchase of the year 😍",
    "Die Filiale in der Hauptstraße öffnet am Montag um neun Uhr.",
    "Paket kam an. Aber der Karton war völlig zerstört, und die Hotline legt einfach auf.",
    "ok",
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return load_reader()


def test_shapes_and_probabilities(reader: Reader) -> None:
    reading = reader.read(POSTS, with_clauses=True)
    assert reading.embeddings.shape == (5, reader.dimension) and reading.embeddings.dtype == np.float32
    assert reading.sentiment.shape == (5, len(SENTIMENTS)) and reading.intent.shape == (5, len(INTENTS))
    np.testing.assert_allclose(np.linalg.norm(reading.embeddings, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(reading.sentiment.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(reading.intent.sum(1), 1, atol=1e-5)
    assert reading.not_scored == [None] * 5
    for text, clauses, embeddings, sentiment in zip(
        POSTS, reading.clauses, reading.clause_embeddings, reading.clause_sentiment, strict=True
    ):
        assert embeddings.shape == (len(clauses), reader.dimension) and sentiment.shape == (len(clauses), 3)
        assert all(text[clause.start : clause.end].strip() for clause in clauses)
        np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)


def test_no_texts(reader: Reader) -> None:
    reading = reader.read([])
    assert reading.embeddings.shape == (0, reader.dimension)
    assert reading.sentiment.shape == (0, 3) and reading.not_scored == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("😀😀 👍🏽", "no_words"),
        ("https://shop.example/sale?id=3", "no_words"),
        ("@anna_k @ben 100 % !!!", "no_words"),
        ("商品の品質がとても悪かったので返品しました", "unsupported_language"),
        ("الخدمة سيئة جدا ولن أشتري مرة أخرى", "unsupported_language"),
        ("Obsługa klienta jest fatalna, czekam na odpowiedź już trzy tygodnie.", "unsupported_language"),
        ("Müşteri hizmetleri berbat, üç haftadır cevap bekliyorum.", "unsupported_language"),
        ("De klantenservice is vreselijk, ik wacht al drie weken op een antwoord.", "unsupported_language"),
    ],
)
def test_what_cannot_be_read_says_why(reader: Reader, text: str, reason: str) -> None:
    reading = reader.read([POSTS[0], text], with_clauses=True)
    assert reading.not_scored == [None, reason]
    assert np.isnan(reading.sentiment[1]).all() and np.isnan(reading.intent[1]).all()
    assert not reading.embeddings[1].any() and reading.clauses[1] == []
    assert reading.clause_sentiment[1].shape == (0, 3)


@pytest.mark.parametrize(
    "text",
    [
        "Hab HUNGERRRRR! Och komm! Habe irgendwie Bock auf BF3, Lust?",
        "omg lol thx 4 the help u guys rock :)",
        "isch haun dat net verstande, wat is dat denn für ne App??",
        "Le service client est lamentable, j'attends depuis trois semaines.",
        "El envío llegó roto y nadie contesta.",
        "Bellissima bici, la consiglio a tutti!",
        "Péssimo atendimento, nunca mais compro aqui.",
        "Ladekabel E-Bike Kompatibilitätsproblem",
    ],
)
def test_slang_names_and_the_other_languages_that_are_read_get_scores(reader: Reader, text: str) -> None:
    assert reader.read([text]).not_scored == [None]


def test_numbers_depend_on_the_text_alone(reader: Reader) -> None:
    alone = [reader.read([text], with_clauses=True) for text in POSTS]
    mates = ["Hallo Welt", "", *POSTS, "a much longer post " * 30, *reversed(POSTS)]
    together = reader.read(mates, with_clauses=True)
    plain = load_reader(threads=1).read(mates)
    for row, text in enumerate(POSTS):
        for at in (index for index, mate in enumerate(mates) if mate == text):
            for field in ("embeddings", "sentiment", "intent"):
                expected = getattr(alone[row], field)[0]
                np.testing.assert_allclose(getattr(together, field)[at], expected, atol=1e-5)
                np.testing.assert_allclose(getattr(plain, field)[at], expected, atol=1e-5)
            np.testing.assert_allclose(together.clause_sentiment[at], alone[row].clause_sentiment[0], atol=1e-5)


def test_links_handles_and_spaces_do_not_change_the_numbers(reader: Reader) -> None:
    reading = reader.read(["@anna schau  https://a.example/b ist super", "@user schau http ist super"])
    np.testing.assert_array_equal(reading.sentiment[0], reading.sentiment[1])


def test_long_posts_are_read_to_the_end(reader: Reader) -> None:
    neutral = "Die Sitzung beginnt am Dienstag um zehn Uhr im zweiten Stock. " * 60
    angry = "Das ist die schlimmste Firma überhaupt, nur Betrug, Ärger und kaputte Ware! " * 60
    reading = reader.read([neutral, neutral + angry], with_clauses=True)
    negative = reading.sentiment[:, SENTIMENTS.index("negative")]
    assert negative[1] > negative[0] + 0.2
    assert reading.clauses[1][-1].end == len((neutral + angry).rstrip())
    assert (reading.clause_sentiment[1][-3:, SENTIMENTS.index("negative")] > 0.5).all()


def test_a_post_without_any_sentence_end_or_space_is_read(reader: Reader) -> None:
    reading = reader.read(["sehr" * 2500, "gut und " * 1000])
    assert reading.not_scored == [None, None]
    np.testing.assert_allclose(reading.sentiment.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "sentiment"),
    [
        ("Ich bin total begeistert, der beste Service, den ich je hatte!", "positive"),
        ("So eine Frechheit, nie wieder bestelle ich in diesem Saftladen.", "negative"),
        ("Absolutely terrible, it broke after one day and nobody answers.", "negative"),
        ("What a wonderful product, I am so happy with it!", "positive"),
        ("Die Pressekonferenz findet am Mittwoch um 14 Uhr in Hamburg statt.", "neutral"),
    ],
)
def test_plain_sentiments(reader: Reader, text: str, sentiment: str) -> None:
    assert SENTIMENTS[reader.read([text]).sentiment[0].argmax()] == sentiment


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Seit zwei Wochen kein Internet und der Techniker kommt wieder nicht. Unverschämt!", "complaint"),
        ("How do I change the language in the settings of the app?", "question"),
        ("Könnt ihr mir einen guten Stromanbieter empfehlen?", "recommendation_request"),
        ("I cancelled my contract today and I am moving to your competitor.", "switching"),
        ("Wir suchen zum 1. März eine Pflegefachkraft (m/w/d) in Vollzeit, jetzt bewerben!", "employer"),
    ],
)
def test_plain_intents(reader: Reader, text: str, intent: str) -> None:
    assert INTENTS[reader.read([text]).intent[0].argmax()] == intent


@pytest.mark.parametrize(
    ("text", "head", "label"),
    [
        ("You are a disgusting idiot and a liar, shut your stupid mouth.", "offensive", "offensive"),
        ("Was für ein widerliches Drecksgesindel, diese Idioten gehören weggesperrt.", "offensive", "offensive"),
        ("The library opens at nine on Monday.", "offensive", "inoffensive"),
        ("I am so furious, how dare they treat people like that!", "emotion", "anger"),
        ("I miss her so much, I have been crying all day, so lonely.", "emotion", "sadness"),
        ("Best birthday ever, laughing with my friends, so happy!", "emotion", "joy"),
        ("Oh great, another Monday morning meeting. Just what I needed.", "irony", "ironic"),
    ],
)
def test_plain_cases_of_the_further_heads(reader: Reader, text: str, head: str, label: str) -> None:
    labels = {"irony": IRONY, "offensive": OFFENSIVE, "emotion": EMOTIONS}[head]
    probabilities = getattr(reader.read([text, ""]), head)
    assert labels[probabilities[0].argmax()] == label
    np.testing.assert_allclose(probabilities[0].sum(), 1, atol=1e-5)
    assert np.isnan(probabilities[1]).all()


def test_sentiment_toward_a_target(reader: Reader) -> None:
    texts = ["The keyboard of this laptop is excellent, I love it.", "The battery is terrible and died after an hour."]
    keyboard, battery = (
        (text.index(word), text.index(word) + len(word))
        for text, word in zip(texts, ("keyboard", "battery"), strict=True)
    )
    toward = reader.read_targets([*texts, "😀"], [keyboard, battery, (0, 1)])
    assert [SENTIMENTS[row.argmax()] for row in toward[:2]] == ["positive", "negative"]
    assert np.isnan(toward[2]).all()
    again = reader.read_targets([texts[1], texts[1]], [(0, len(texts[1])), battery])
    np.testing.assert_allclose(again[1], toward[1], atol=1e-5)
    assert np.abs(again[0] - again[1]).max() > 1e-3, "the span has no effect"
    with pytest.raises(ValueError, match="outside"):
        reader.read_targets([texts[0]], [(5, 500)])


def test_a_clause_has_its_first_word(reader: Reader) -> None:
    texts = ["Nothing to see here, sadly. Terrible.", "Nothing to see here, sadly. Wonderful."]
    reading = reader.read(texts, with_clauses=True)
    assert [len(clauses) for clauses in reading.clauses] == [2, 2]
    last = [SENTIMENTS[sentiment[-1].argmax()] for sentiment in reading.clause_sentiment]
    assert last == ["negative", "positive"]


def test_related_texts_are_nearer_across_languages(reader: Reader) -> None:
    embeddings = reader.read(["Mein Paket ist verspätet", "my parcel is late", "Rezept für Kartoffelsuppe"]).embeddings
    assert embeddings[0] @ embeddings[1] > embeddings[0] @ embeddings[2] + 0.2


def test_error_rates_are_rates(reader: Reader) -> None:
    rates = reader.error_rates
    assert set(rates) == {"de", "en", "*"}
    for matrix in rates.values():
        assert matrix.shape == (3, 3)
        np.testing.assert_allclose(matrix.sum(1), 1)
        assert (matrix.diagonal() > 0.4).all()


def copied_weights(folder: Path) -> Path:
    folder.mkdir()
    for path in WEIGHTS_FOLDER.iterdir():
        if path.suffix == ".onnx":
            (folder / path.name).symlink_to(path)
        else:
            shutil.copy(path, folder)
    return folder


def test_exchanged_files_are_refused(tmp_path: Path) -> None:
    folder = copied_weights(tmp_path / "weights")
    tokenizer = folder / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text(encoding="utf-8") + " ", encoding="utf-8")
    with pytest.raises(ModelError, match=r"tokenizer\.json: SHA-256 .* restore"):
        load_reader(folder)


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"card\.json: the file is missing"):
        load_reader(tmp_path)
    folder = copied_weights(tmp_path / "weights")
    (folder / "encoder.onnx").unlink()
    with pytest.raises(ModelError, match=r"encoder\.onnx: the file is missing"):
        load_reader(folder)
    (folder / "card.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"card\.json: cannot be read"):
        load_reader(folder)


def test_other_labels_are_refused(tmp_path: Path) -> None:
    folder = copied_weights(tmp_path / "weights")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    card["labels"]["sentiment"].reverse()
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(ModelError, match="labels"):
        load_reader(folder)


def test_reader_needs_no_torch() -> None:
    script = "import sys, models; models.load_reader().read(['gut']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[1], timeout=60)
