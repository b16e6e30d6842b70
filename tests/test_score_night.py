"""A scored file and a night that imports the same file say the same about every text."""

from __future__ import annotations

import json
from pathlib import Path

from flows.enrich import enrich
from flows.home import Home
from flows.imports import import_files, plan_import
from flows.night import Night
from flows.prepare import prepare
from flows.scoring import score
from flows.settings import parse_settings
from flows.warehouse import connect
from models.reader import load_reader

SETTINGS = """
company: {id: acme, name: Acme, query: "acme OR @acme_help"}
rules:
  - {id: war-zone, query: '"war zone"', sentiment: neutral}
  - {id: war, query: war, sentiment: negative}
aspects:
  - delivery
  - {id: hotline, name: Hotline, description: Telefonische Beratung und Erreichbarkeit am Telefon}
"""
TEXTS = [
    "Acme hat das Paket nach drei Wochen geliefert, der Karton war zerstört.",
    "War Zone by acme is a fun game, I play it every day",
    "There was a war at acme, my phone number is +49 170 1234567 and nobody on the hotline called me back",
    "@acme_help @erika_m   bitte   ruft\u200b mich an: erika@example.org, die Hotline ist nie erreichbar!",
    "acme https://shop.example/sale?id=3 😀",
    "アクメ商品の品質がとても悪かったので返品しました acme",
]


def test_the_numbers_are_those_of_the_night(tmp_path: Path) -> None:
    reader = load_reader()
    source = tmp_path / "in.jsonl"
    rows = [{"id": str(number), "text": text} for number, text in enumerate(TEXTS)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    listening = parse_settings(SETTINGS)
    night = Night.start(listening, Home.locate(tmp_path / "home"))
    import_files(night, plan_import([source], "export", ["native_id=id", "text=text"]))
    prepare(night)
    enrich(night, reader)
    with connect(night.home) as warehouse:
        mentions = warehouse.sql(
            """
            select native_id, m.language, m.language_score, coalesce(o.sentiment, e.sentiment) as sentiment,
                e.p_negative, e.p_neutral, e.p_positive, e.intent, e.intent_score, e.not_scored_reason, text_hash
            from core.mentions as m
            join core.enrichments as e using (text_hash)
            left join core.sentiment_overrides as o using (mention_id)
            order by native_id
            """
        ).to_arrow_table()
        aspects = warehouse.sql("select text_hash, aspect_id, sentiment, evidence from core.aspect_scores").fetchall()
    score(source, tmp_path / "out.jsonl", settings=listening, reader=reader)
    scored = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(scored) == mentions.num_rows == len(TEXTS)
    for row, known in zip(scored, mentions.to_pylist(), strict=True):
        text_hash = known.pop("text_hash")
        assert known == {"native_id": row["id"]} | {name: row[name] for name in known if name != "native_id"}
        found = [(one["aspect_id"], one["sentiment"], one["evidence"]) for one in row["aspects"] or []]
        assert sorted(found) == sorted(tuple(rest) for key, *rest in aspects if key == text_hash)
    assert [row["sentiment"] for row in scored[1:3]] == ["neutral", "negative"]
    assert [row["sentiment_score"] for row in scored[1:3]] == [0.0, -1.0]
    assert aspects
