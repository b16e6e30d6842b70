"""Definitions of aspects, in our own words, for the categories of labelled reviews: they fix threshold and margin."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from models.aspects import AspectDefinition, AspectMatcher
from models.reader import Reader, load_reader
from models.reading import SENTIMENTS
from models.training import data

RESTAURANT = (
    AspectDefinition(
        "food",
        "food",
        "the dishes and drinks: taste, freshness, portions, wine",
        ("the pasta was delicious", "my steak was cold and chewy", "great cocktails and desserts"),
    ),
    AspectDefinition(
        "service",
        "service",
        "waiters, hosts and how guests are served",
        ("our waitress was rude", "friendly and attentive staff", "we waited an hour for our order"),
    ),
    AspectDefinition(
        "price",
        "price",
        "prices, the bill, value for money",
        ("way too expensive for what you get", "cheap lunch deals", "good value"),
    ),
    AspectDefinition(
        "ambience",
        "atmosphere",
        "decor, seating, noise and mood of the room",
        ("cosy and romantic place", "so loud we could not talk", "beautiful interior and music"),
    ),
)
RAILWAY = (
    AspectDefinition(
        "punctuality",
        "Pünktlichkeit und Störungen",
        "Verspätungen, Ausfälle, Streik, Störungen und Sperrungen im Zugverkehr",
        ("der Zug hat schon wieder Verspätung", "S-Bahn fällt aus", "Streckensperrung wegen Unfall"),
    ),
    AspectDefinition(
        "comfort",
        "Fahrt und Ausstattung",
        "Sitzplätze, volle Züge, Klimaanlage, Toiletten, Sauberkeit, Lärm im Wagen",
        ("kein Sitzplatz im überfüllten Zug", "Klimaanlage kaputt", "die Toiletten sind dreckig"),
    ),
    AspectDefinition(
        "tickets",
        "Fahrkarten und Preise",
        "Ticketkauf, Fahrkartenautomat, BahnCard, Fahrpreise und Tarife",
        ("der Fahrkartenautomat nimmt kein Geld", "die Preise steigen schon wieder", "Ticket online buchen"),
    ),
    AspectDefinition(
        "service",
        "Service und Personal",
        "Kundenbetreuung, Zugbegleiter, Schaffner, Schalter und Auskunft",
        ("die Schaffnerin war sehr freundlich", "am Schalter hilft einem keiner", "Kundenservice antwortet nicht"),
    ),
    AspectDefinition(
        "information",
        "Informationen",
        "Durchsagen, Anzeigen, Fahrplanauskunft und App",
        ("keine Durchsage warum wir stehen", "die Anzeige am Gleis ist falsch", "die App zeigt alte Zeiten"),
    ),
    AspectDefinition(
        "safety",
        "Sicherheit",
        "Gewalt, Diebstahl, Polizei, Kontrollen und Angst an Bahnhof und im Zug",
        ("am Bahnhof wurde ein Mann verprügelt", "Fahrgäste bedroht", "mehr Polizei in der S-Bahn"),
    ),
    AspectDefinition(
        "connectivity",
        "WLAN und Netz",
        "WLAN, Internet, Handyempfang und Steckdosen im Zug",
        ("das WLAN im ICE geht nie", "kein Empfang im Tunnel", "Steckdose am Platz"),
    ),
)
_RAILWAY_CATEGORIES = {
    "Sonstige_Unregelmässigkeiten": "punctuality",
    "Zugfahrt": "punctuality",
    "Atmosphäre": "comfort",
    "Komfort_und_Ausstattung": "comfort",
    "Auslastung_und_Platzangebot": "comfort",
    "Toiletten": "comfort",
    "Ticketkauf": "tickets",
    "Service_und_Kundenbetreuung": "service",
    "Informationen": "information",
    "DB_App_und_Website": "information",
    "Sicherheit": "safety",
    "Connectivity": "connectivity",
}
_RESTAURANT_CATEGORIES = {
    "food": "food",
    "menu": "food",
    "service": "service",
    "staff": "service",
    "price": "price",
    "ambience": "ambience",
}


EVALUATE_ONLY = ("germeval2017",)


@dataclass(frozen=True)
class Check:
    """Texts with the aspects that people saw in them, and the polarity of each ("mixed" where they differ)."""

    name: str
    definitions: Sequence[AspectDefinition]
    texts: list[str]
    aspects: list[dict[str, str]]


def _check(
    name: str, path: Path, field: str, categories: Mapping[str, str], definitions: Sequence[AspectDefinition]
) -> Check:
    texts, aspects = [], []
    for row in data.rows(path):
        seen: dict[str, str] = {}
        for entry in row[field] or []:
            part = entry.get("category", "").split("#")[0]
            if part in categories:
                polarity = entry["polarity"]
                seen[categories[part]] = polarity if seen.get(categories[part], polarity) == polarity else "mixed"
        texts.append(row["text"])
        aspects.append(seen)
    return Check(name, definitions, texts, aspects)


def checks(folder: Path) -> list[Check]:
    """The labelled sets at hand: restaurant reviews, MAMS (several aspects a sentence), GermEval 2017 (railway)."""
    return [
        _check(
            "restaurants", folder / "aspects/restaurants_train.jsonl.gz", "aspects", _RESTAURANT_CATEGORIES, RESTAURANT
        ),
        _check("mams", folder / "aspects/mams_val.jsonl.gz", "aspects", _RESTAURANT_CATEGORIES, RESTAURANT),
        _check(
            "germeval2017",
            folder / "evaluate_only/germeval2017_dev.jsonl.gz",
            "opinions",
            _RAILWAY_CATEGORIES,
            RAILWAY,
        ),
    ]


def similarities(reader: Reader, check: Check) -> list[np.ndarray]:
    """Per text the similarity [clauses, aspects] of its clauses."""
    matcher = AspectMatcher(reader, check.definitions)
    reading = reader.read(check.texts, with_clauses=True)
    return [matcher.similarities(embeddings) for embeddings in reading.clause_embeddings]


def precision_and_recall(
    check: Check, nearest: Sequence[np.ndarray], threshold: float, margin: float
) -> tuple[float, float]:
    """Precision and recall over all pairs of text and aspect."""
    names = [definition.aspect_id for definition in check.definitions]
    hits = right = wanted = 0
    for matrix, aspects in zip(nearest, check.aspects, strict=True):
        wanted += len(aspects)
        if len(matrix):
            found = ((matrix >= threshold) & (matrix >= matrix.max(1, keepdims=True) - margin)).any(0)
            hits += int(found.sum())
            right += sum(names[number] in aspects for number in np.flatnonzero(found))
    return right / max(hits, 1), right / max(wanted, 1)


def choose(reader: Reader, found: Sequence[Check]) -> tuple[dict[str, float], list[dict[str, object]]]:
    """Threshold and margin with the best mean F0.5 over the sets that may be fitted to, and the figures of every set.

    F0.5 counts precision twice as much as recall: a wrong aspect misleads a reader of the marts, a missed one does not.
    The margin is never 0, so that a clause may speak of two things.
    """
    nearest = [similarities(reader, check) for check in found]

    def mean_f_half(threshold: float, margin: float) -> float:
        pairs = [
            precision_and_recall(check, rows, threshold, margin)
            for check, rows in zip(found, nearest, strict=True)
            if check.name not in EVALUATE_ONLY
        ]
        return float(np.mean([1.25 * p * r / max(0.25 * p + r, 1e-9) for p, r in pairs]))

    options = [(float(t), float(m)) for t in np.arange(0.2, 0.71, 0.02) for m in (0.05, 0.1)]
    threshold, margin = max(options, key=lambda option: mean_f_half(*option))
    figures: list[dict[str, object]] = []
    for check, rows in zip(found, nearest, strict=True):
        precision, recall = precision_and_recall(check, rows, threshold, margin)
        figures.append({"set": check.name, "precision": round(precision, 3), "recall": round(recall, 3)})
    return {"threshold": round(threshold, 3), "margin": round(margin, 3)}, figures


def sentiment_accuracy(reader: Reader, check: Check) -> tuple[float, int]:
    """Share of rightly found aspects whose clause gets the polarity that people gave, and their number."""
    hits = AspectMatcher(reader, check.definitions).match(check.texts, reader.read(check.texts, with_clauses=True))
    right = [
        SENTIMENTS[hit.sentiment.argmax()] == aspects[hit.aspect_id]
        for found, aspects in zip(hits, check.aspects, strict=True)
        for hit in found
        if aspects.get(hit.aspect_id) in SENTIMENTS
    ]
    return float(np.mean(right)), len(right)


def save(settings: dict[str, float], card_file: Path) -> None:
    """Write threshold and margin into a card."""
    card = json.loads(card_file.read_text(encoding="utf-8"))
    card["aspects"] = settings
    card_file.write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(
    data_folder: Annotated[Path, typer.Option("--data", help="The labelled sets.")] = Path("../shared/data"),
    weights: Annotated[Path | None, typer.Option(help="Weights folder; default: the embedded model.")] = None,
) -> None:
    """Report precision, recall and clause sentiment of the aspect matcher with the settings of the card."""
    reader = load_reader(weights)
    settings = reader.aspect_settings
    table = Table("set", "texts", "precision", "recall", "sentiment accuracy", "on", title=str(settings))
    for check in checks(data_folder):
        pair = precision_and_recall(check, similarities(reader, check), settings["threshold"], settings["margin"])
        accuracy, count = sentiment_accuracy(reader, check)
        figures = [f"{value:.3f}" for value in (*pair, accuracy)]
        table.add_row(check.name, str(len(check.texts)), *figures, str(count))
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
