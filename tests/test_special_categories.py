"""Posts that reveal special categories of personal data are flagged, and people who only talk about them are not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from flows.home import Home
from flows.prepare import prepare
from models.special_categories import SPECIAL_CATEGORIES, special_categories
from tests.landed_fixture import land, make_night, post, rows

CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "data" / "special" / "cases.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize("category", SPECIAL_CATEGORIES)
def test_what_reveals_a_category_is_flagged_and_little_else(category: str) -> None:
    counts = Counter(
        (category in said.split(","), category in found)
        for (said, _), found in zip(CASES, special_categories([text for _, text in CASES]), strict=True)
    )
    assert counts[True, True] >= 7
    assert counts[True, True] / (counts[True, True] + counts[True, False]) >= 0.95
    assert counts[True, True] / (counts[True, True] + counts[False, True]) >= 0.9


def test_a_word_counts_close_to_the_writer_only() -> None:
    assert special_categories(
        [
            "Meine Migräne",
            "Die Studie über Migräne. Ich warte.",
            "Ich habe die Studie gelesen, in der es um alle Arten von Migräne ging",
            "",
        ]
    ) == [["health"], [], [], []]


def test_each_text_is_looked_at_once_and_again_when_it_changes(tmp_path: Path) -> None:
    home = Home.locate(tmp_path / "home")
    land(home, post("1", "Acme, seit meiner Depression brauche ich das"), post("2", "Acme ist toll"))
    prepare(make_night(home))
    flagged = "select special_categories from core.mentions join core.text_categories using (text_hash) order by all"
    assert rows(home, flagged) == [([],), (["health"],)]
    land(home, post("1", "Acme ist teuer"))
    prepare(make_night(home))
    assert rows(home, flagged) == [([],), ([],)]
