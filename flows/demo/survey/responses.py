"""Two waves of invented responses, as LimeSurvey exports them, with planted differences."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

SEED = 20_260_903
CODEBOOK = Path(__file__).with_name("codebook.yaml")

LISTENS_REGULARLY = {"A1": 0.25, "A2": 0.55, "A3": 0.35}
"""By industry: manufacturing listens most, and answers the survey too often."""
PLANS_GROWTH = 0.22
"""By how much the share of those who are likely to invest grows from the first wave to the second."""
LACKS = {"SQ001": 0.55, "SQ002": 0.35, "SQ003": 0.4}


@dataclass(frozen=True)
class Wave:
    """A wave of the survey: its name, when it was asked, how many finished and how many gave up."""

    name: str
    begins: datetime
    count: int
    unfinished: int
    likely: float


def write_waves(folder: Path, end: datetime) -> list[tuple[str, Path]]:
    """Write the exports of two waves, a year and a month before `end`; returns their names and files."""
    first, second = end - timedelta(days=395), end - timedelta(days=30)
    waves = (
        Wave(f"{first:%Y-%m}", first, 260, 31, 0.30),
        Wave(f"{second:%Y-%m}", second, 310, 38, 0.30 + PLANS_GROWTH),
    )
    rng = Random(SEED)  # noqa: S311 - a script, not a secret
    return [(wave.name, _write(folder, wave, rng)) for wave in waves]


def _write(folder: Path, wave: Wave, rng: Random) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"e-mobility-monitor-{wave.name}.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.DictWriter(file, list(_response(wave, 0, rng)), delimiter=";", quoting=csv.QUOTE_ALL)
        rows.writeheader()
        rows.writerows(_response(wave, number, rng) for number in range(1, wave.count + wave.unfinished + 1))
    return path


def _response(wave: Wave, number: int, rng: Random) -> dict[str, str]:
    is_finished = number <= wave.count
    industry = rng.choices(("A1", "A2", "A3"), (0.3, 0.45, 0.25))[0]
    size = rng.choices(("A1", "A2", "A3"), (0.56, 0.36, 0.08))[0]
    regularly = LISTENS_REGULARLY[industry]
    listens = rng.choices(("A1", "A2", "A3"), (regularly, 0.3, 0.7 - regularly))[0]
    likely = min(wave.likely + (0.15 if size == "A3" else 0.0), 0.95)
    invests = rng.choices("12345", ((1 - likely) / 3,) * 3 + (likely * 0.6, likely * 0.4))[0]
    uses = _marks({"SQ001": 0.6, "SQ002": 0.4, "SQ003": 0.3 if listens != "A3" else 0.05}, rng)
    lacks = _marks(LACKS, rng)
    moment = wave.begins + timedelta(hours=rng.uniform(0, 14 * 24))
    return {
        "id": str(number),
        "submitdate": f"{moment:%Y-%m-%d %H:%M:%S}" if is_finished else "",
        "lastpage": "3" if is_finished else "1",
        "startlanguage": "de",
        "ipaddr": "198.51.100.7",
        "G1": industry,
        "G2": size,
        "Q1": listens,
        **{f"Q2[{code}]": mark for code, mark in uses.items()},
        **{f"Q3[{code}]": mark for code, mark in lacks.items()},
        "Q4": invests if is_finished else "",
        "Q5": "Rückfragen gern an Frau Beispiel, 0561 9876543" if number % 40 == 0 else "",
    }


def _marks(shares: dict[str, float], rng: Random) -> dict[str, str]:
    marks = {code: "Y" if rng.random() < share else "" for code, share in shares.items()}
    return marks | {"SQ004": "" if any(marks.values()) else "Y"}
