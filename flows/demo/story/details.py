"""Sentences that set one post apart from the next; neutral, so that they do not blur what the post is about."""

from __future__ import annotations

from random import Random

PLACES = (
    "Kassel",
    "Göttingen",
    "Marburg",
    "Fulda",
    "Bremen",
    "Linz",
    "Graz",
    "Erfurt",
    "Münster",
    "Freiburg",
    "Kiel",
    "Mainz",
)
PLACES_EN = ("Bristol", "Leeds", "Utrecht", "Portland", "Kassel", "Dublin", "Ghent", "Austin", "Malmö", "York")
DAYS_DE = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
DAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

DETAILS: dict[str, tuple[str, ...]] = {
    "de": (
        "Gekauft habe ich es am {day} bei einem Händler in {place}, Modelljahr {year}, Rahmengröße {n}.",
        "Ich fahre damit jeden {day} rund {n} Kilometer zwischen {place} und dem Büro, meistens auf Feldwegen.",
        "Unterwegs war ich diesmal in {place}, Strecke {n} km, Temperatur {m} Grad, leichter Wind aus Westen.",
        "Mein Kollege aus {place} hat dasselbe Modell, Baujahr {year}, und fährt {n} Kilometer am Tag.",
        "Zum Vergleich: mein altes Rad aus {year} hatte {n} Gänge und stand zuletzt in {place} im Keller.",
        "Kilometerstand heute am {day}: {k}. Angefangen habe ich im Sommer {year} in {place}.",
        "Wir wohnen in {place} im {m}. Stock und stellen die Räder unten im Hof neben {n} anderen ab.",
        "Notiz an mich selbst für {day}: Reifendruck {m} bar, Sattelhöhe {n} Zentimeter, Treffpunkt {place}.",
        "Das war am {day} gegen {m} Uhr auf dem Weg von {place} nach Hause, Kilometer {n}.",
        "In der Gruppe aus {place} sind wir inzwischen {n} Leute, nächstes Treffen ist am {day} um {m} Uhr.",
        "Am {day} treffe ich mich mit {m} anderen aus {place}, dann reden wir noch mal über die {n} Kilometer.",
    ),
    "en": (
        "I got mine on a {day} from a dealer in {place}, model year {year}, frame size {n}.",
        "I ride it about {n} miles every {day} between {place} and the office, mostly on gravel.",
        "This was around {place}, {n} miles, {m} degrees and a light westerly wind.",
        "A colleague in {place} has the same model from {year} and does {n} miles a day.",
        "For comparison, my old bike from {year} had {n} gears and lived in a cellar in {place}.",
        "Odometer this {day}: {k}. I started in the summer of {year} in {place}.",
        "We live in {place} on floor {m} and keep the bikes in the yard next to {n} others.",
        "Note to self for {day}: tyre pressure {m} bar, saddle at {n} centimetres, meet in {place}.",
        "That was on {day} around {m} o'clock on the way home from {place}, mile {n}.",
        "Our group in {place} has grown to {n} people, next meeting is on {day} at {m}.",
    ),
}


def detail(language: str, rng: Random) -> str:
    """One neutral sentence with particulars drawn at random."""
    german = language == "de"
    return rng.choice(DETAILS[language]).format(
        day=rng.choice(DAYS_DE if german else DAYS_EN),
        place=rng.choice(PLACES if german else PLACES_EN),
        year=rng.randint(2014, 2025),
        n=rng.randint(13, 98),
        m=rng.randint(3, 12),
        k=rng.randint(1_100, 19_900),
    )
