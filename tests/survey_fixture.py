"""A survey's codebook and exports as LimeSurvey writes them, small and invented."""

from __future__ import annotations

import random
from pathlib import Path

CODEBOOK = """\
id: monitor
name: { de: Monitor, en: Monitor }
respondents:
  industry:
    column: G1
    answers:
      - { id: retail, code: A1, name: { de: Handel, en: Retail }, population_share: 0.4 }
      - { id: industry, code: [A2, A3], name: { de: Industrie, en: Manufacturing }, population_share: 0.6 }
  size_class:
    column: G2
    answers:
      - { id: small, code: 1, name: { de: bis 49, en: up to 49 }, population_share: 0.8 }
      - { id: large, code: 2, name: { de: ab 50, en: 50 and more }, population_share: 0.2 }
questions:
  - id: listens
    column: Q1
    theme: state
    type: single
    text: { de: 'Hören Sie zu?', en: 'Do you listen?' }
    answers:
      - { id: yes, code: Y, name: { de: Ja, en: Yes } }
      - { id: no, code: N, name: { de: Nein, en: No } }
  - id: lacks
    column: Q2
    theme: needs
    type: multiple
    text: { de: 'Was fehlt?', en: 'What is missing?' }
    answers:
      - { id: people, code: SQ001, name: { de: Leute, en: People } }
      - { id: data, code: SQ002, name: { de: Daten, en: Data } }
  - id: invest
    column: Q3
    theme: plans
    type: scale
    text: { de: 'Wollen Sie investieren?', en: 'Will you invest?' }
    answers:
      - { id: 1, code: 1, name: { de: nein, en: not at all } }
      - { id: 2, code: 2, name: { de: vielleicht, en: perhaps } }
      - { id: 3, code: 3, name: { de: sicher, en: certainly } }
    top: [2, 3]
"""
HEADER = "id;submitdate;lastpage;startlanguage;token;ipaddr;G1;G2;Q1;Q2[SQ001];Q2[SQ002];Q2[other];Q3;Q9"
PERSON = ("tok-4711", "203.0.113.9", "Sprechen Sie mit Jana Beispiel, jana@firma.example")


def row(
    number: int, *, industry: str = "A1", size: str = "1", listens: str = "Y", lacks: str = "YN", invest: str = "3",
    submitted: str = "2026-10-05 10:11:12",
) -> str:  # fmt: skip
    people, data = ("Y" if mark == "Y" else "" for mark in lacks) if lacks else ("", "")
    token, address, words = PERSON
    return (
        f'"{number}";"{submitted}";"3";"de";"{token}";"{address}";"{industry}";"{size}";"{listens}";"{people}";"{data}";'
        f'"{words}";"{invest}";"{words}"'
    )


def wave(seed: int, count: int, listening: float, *, day: str = "2026-10-05 10:11:12") -> list[str]:
    """Responses of a wave: a share of `listening` says yes, more in industry, which is drawn too rarely."""
    rng = random.Random(seed)
    rows = []
    for number in range(1, count + 1):
        industry = rng.choices(["A1", "A2", "A3"], [0.65, 0.2, 0.15])[0]
        listens = "Y" if rng.random() < listening + (0.2 if industry != "A1" else 0) else "N"
        rows.append(
            row(number, industry=industry, size=rng.choices("12", [0.6, 0.4])[0], listens=listens,
                lacks=rng.choice(["YN", "NY", "YY"]), invest=rng.choice("123"), submitted=day)
        )  # fmt: skip
    return rows


def write(folder: Path, name: str, rows: list[str], *, header: str = HEADER) -> Path:
    path = folder / name
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join([header, *rows]).encode() + b"\r\n")
    return path
