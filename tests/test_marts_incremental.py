"""An incremental build leaves what a full one would, after any edit and after a kill, and writes only what changed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from warehouse_fixture import AS_OF, CoreTables, make_night, rows, text_hash

from flows.build import build
from flows.home import Home
from flows.mart_docs import mart_names
from flows.warehouse import connect

SENTIMENTS = ["negative", "neutral", "positive", None]
INTENTS = ["complaint", "praise", "purchase_interest", "switching", "recommendation_request", "other", None]
ASPECTS = ["delivery", "price", "quality"]
ENTITIES = ["acme", "rival", "other", "gadget", "parcels"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home.locate(tmp_path_factory.mktemp("marts"))


@pytest.fixture
def core(home: Home) -> CoreTables:
    return CoreTables(home)


def contents(core: CoreTables) -> dict[str, list[Any]]:
    """All rows of all marts, in an order of their own."""
    with connect(core.home) as warehouse:
        return {name: warehouse.execute(f"select * from marts.{name} order by all").fetchall() for name in mart_names()}


def random_mention(core: CoreTables, random_: random.Random, number: int) -> None:
    text = f"Text {random_.randrange(30)}."
    core.mention(
        f"m{number:03}",
        text=text,
        entities=random_.sample(ENTITIES, random_.randint(1, 3)),
        sentiment=random_.choice(SENTIMENTS),
        intent=random_.choice(INTENTS),
        aspects={
            aspect: random_.choice(SENTIMENTS[:3]) or "" for aspect in random_.sample(ASPECTS, random_.randint(0, 2))
        },
        language=random_.choice(["de", "en", None]),
        published_at=random_.choice([None, AS_OF - timedelta(hours=random_.uniform(-30, 24 * 60))]),
        likes=random_.choice([None, 0, 5]),
        reach=random_.choice([None, 10, 5000]),
        copy_of=f"m{random_.randrange(number):03}" if number and random_.random() < 0.2 else None,
        spam="coupons" if random_.random() < 0.1 else None,
        override=random_.choice([None, None, None, "negative"]),
    )


def random_edit(core: CoreTables, random_: random.Random, count: int) -> None:
    mention = f"m{random_.randrange(count):03}"
    text = f"Text {random_.randrange(30)}."
    edits = [
        lambda: core.execute("update core.mentions set deleted_at = ? where mention_id = ?", AS_OF, mention),
        lambda: core.insert("tombstones", [("forum", f"native-{mention}", mention, "deleted", AS_OF)]),
        lambda: core.execute("delete from core.mention_entities where mention_id = ?", mention),
        lambda: core.execute("delete from core.mentions where mention_id = ?", mention),
        lambda: core.execute(
            "update core.mentions set text = ?, text_hash = ? where mention_id = ?", text, text_hash(text), mention
        ),
        lambda: core.execute("update core.mentions set like_count = 7, reach = null where mention_id = ?", mention),
        lambda: core.execute("update core.mentions set published_at = ? where mention_id = ?", AS_OF, mention),
        lambda: core.execute("update core.mentions set url = 'https://example.org/new' where mention_id = ?", mention),
        lambda: core.reading(text, sentiment="positive", intent="complaint", aspects={"price": "negative"}),
        lambda: core.execute("delete from core.enrichments where text_hash = ?", text_hash(text)),
        lambda: core.execute("delete from core.aspect_scores where text_hash = ?", text_hash(text)),
        lambda: core.execute("delete from core.copies where mention_id = ?", mention),
        lambda: core.execute("delete from core.spam"),
        lambda: core.execute("delete from core.sentiment_overrides where mention_id = ?", mention),
        lambda: core.execute("delete from core.entities where entity_id = ?", random_.choice(ENTITIES)),
        lambda: core.execute("delete from core.aspects where aspect_id = 'quality'"),
        lambda: core.execute("update core.routing_rules set priority = 1, department = 'pr' where rule_id = 'late'"),
        lambda: core.execute("update core.sentiment_weights set corrected_weight = corrected_weight * 1.1"),
        lambda: core.execute("update core.active_versions set model_version = 'model-2'"),
    ]
    random_.choice(edits)()


@pytest.mark.parametrize("seed", range(2))
def test_an_incremental_build_equals_a_full_one(core: CoreTables, seed: int) -> None:
    random_ = random.Random(seed)
    core.weights("*", -1.2, 0.05, 1.2)
    core.weights("de", -1.1, 0.0, 1.3)
    core.rule("complaints", "support", intents=["complaint"], due_hours=8)
    core.rule("late", "product", position=2, aspects=["delivery"], sentiments=["negative"], priority=3)
    count = 60
    with core.batch():
        for number in range(count):
            random_mention(core, random_, number)
    build(make_night(core.home))
    for _ in range(2):
        with core.batch():
            for _ in range(8):
                random_edit(core, random_, count)
            for _ in range(5):
                random_mention(core, random_, count)
                count += 1
        night = make_night(core.home)
        build(night)
        incremental = contents(core)
        build(night, full_refresh=True)
        full = contents(core)
        for name in mart_names():
            assert incremental[name] == full[name], name


KILLED_BUILD = """
import os, signal, sys
from pathlib import Path
from warehouse_fixture import make_night
from flows.build import build
from flows.home import Home

night = make_night(Home.locate(Path(sys.argv[1])))
night.report = lambda step, done, total: done >= int(sys.argv[2]) and os.kill(os.getpid(), signal.SIGKILL)
build(night)
"""


@pytest.mark.parametrize("models_built", [17, 27])
def test_a_killed_build_is_finished_by_the_next(core: CoreTables, models_built: int) -> None:
    random_ = random.Random(models_built)
    with core.batch():
        core.rule("complaints", "support", intents=["complaint"], due_hours=8)
        for number in range(20):
            random_mention(core, random_, number)
    night = make_night(core.home)
    build(night)
    with core.batch():
        for number in range(20, 30):
            random_mention(core, random_, number)
        core.execute("delete from core.mentions where mention_id < 'm005'")
    tests = Path(__file__).parent
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_BUILD, str(core.home.root), str(models_built)],
        cwd=tests.parent,
        env=os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"},
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    build(night)
    finished = contents(core)
    build(night, full_refresh=True)
    assert finished == contents(core)


def test_building_twice_changes_nothing(core: CoreTables) -> None:
    core.mention("m1", aspects={"price": "positive"}, sentiment="positive")
    night = make_night(core.home)
    build(night)
    before = contents(core)
    ids = rows(core.home, "select rowid, mention_id from marts.mentions")
    build(night)
    assert contents(core) == before
    assert rows(core.home, "select rowid, mention_id from marts.mentions") == ids, "unchanged rows were written again"
