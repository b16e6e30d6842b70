"""Topics through the real warehouse steps, on made-up posts whose subjects are known; and the commands."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner
from warehouse_fixture import AS_OF, MODEL, CoreTables, make_night, rows

from flows.cli import app
from flows.demo.platforms.server import Answer, PlatformServer, Request
from flows.errors import MarktechoError, UsageError
from flows.home import Home
from flows.settings.topics import LabelEndpoint, Topics
from flows.topics import assign_topics, refresh_topics
from flows.topics.by_hand import merge_topics, rename_topic, split_topic
from flows.warehouse import connect

DIMENSION = 48
SUBJECTS = {
    "delivery": ("Lieferung Spedition Paket", "delivery parcel courier"),
    "battery": ("Akku Reichweite Ladegerät", "battery range charger"),
    "app": ("Anmeldung Absturz Update", "login crash update"),
    "price": ("Preis Rabatt Rechnung", "price discount invoice"),
}
ENTITIES = [SimpleNamespace(name="Acme", kind="company")]
runner = CliRunner()


def night(home: Home, day: int = 0, endpoint: LabelEndpoint | None = None) -> Any:
    return make_night(
        home,
        as_of=AS_OF + timedelta(days=day),
        run_id=f"run-{day:03d}",
        entities=ENTITIES,
        topics=Topics(label_endpoint=endpoint),
    )


def direction(name: str) -> np.ndarray:
    seed = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest(), "big")
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return vector / np.linalg.norm(vector)


def post(home: Home, subject: str, count: int, *, first: int = 0, model: str = MODEL, spread: float = 0.08) -> None:
    """Write posts on a subject, half German and half English; languages lie apart as they do in real embeddings."""
    numbers = range(first, first + count)
    languages = ["de" if number % 2 == 0 else "en" for number in numbers]
    german, english = SUBJECTS.get(subject, (f"{subject} Neuigkeit", f"{subject} story"))
    texts = [
        f"{german if language == 'de' else english} bei Acme {number}"
        for number, language in zip(numbers, languages, strict=True)
    ]
    embeddings = [
        direction(f"{model} {subject}")
        + 0.5 * direction(f"{model} {language}")
        + spread * np.random.default_rng(number).standard_normal(DIMENSION)
        for number, language in zip(numbers, languages, strict=True)
    ]
    table = pa.table(
        {
            "mention_id": [f"{subject}-{number}" for number in numbers],
            "text": texts,
            "text_hash": [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in texts],
            "language": languages,
            "embedding": pa.array([row / np.linalg.norm(row) for row in embeddings], pa.list_(pa.float32())),
        }
    )
    with connect(home) as warehouse:
        warehouse.register("made", table)
        warehouse.execute(
            """
            insert into core.mentions by name
            select
                mention_id, 's' as source, mention_id as native_id, 'person' as author_kind, text, text_hash, language,
                $1::timestamptz as published_at, $1::timestamptz as collected_at, 'c' as content_hash,
                now() as changed_at
            from made
            anti join core.mentions using (mention_id)
            """,
            [AS_OF - timedelta(days=1)],
        )
        warehouse.execute(
            "insert into core.mention_entities select mention_id, 'acme' from made anti join core.mention_entities "
            "using (mention_id)"
        )
        warehouse.execute(
            f"""
            insert into core.enrichments by name
            select text_hash, '{model}' as model_version, embedding, 'neutral' as sentiment, now() as scored_at
            from made
            """
        )


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A warehouse with 60 posts on each of four subjects, and one night of topics over it."""
    home = Home.locate(tmp_path_factory.mktemp("topics"))
    CoreTables(home)
    for subject in SUBJECTS:
        post(home, subject, 60)
    assign_topics(night(home))
    return home


@pytest.fixture
def home(first_night: Home, tmp_path: Path) -> Home:
    """That warehouse, to be changed."""
    return Home.locate(shutil.copytree(first_night.root, tmp_path / "home"))


def found(home: Home) -> dict[str, str]:
    """The topic of each mention that has one."""
    return {
        row["mention_id"]: row["topic_id"]
        for row in rows(
            home,
            "select mention_id, topic_id from core.mentions join core.text_topics using (text_hash) "
            "where topic_id is not null",
        )
    }


def topic_of(home: Home, subject: str) -> str:
    """The topic that most posts on a subject are in."""
    return Counter(topic for mention, topic in found(home).items() if mention.startswith(f"{subject}-")).most_common(1)[
        0
    ][0]


def events(home: Home, run: str | None = None) -> list[tuple[str, str, str | None]]:
    return [
        (row["kind"], row["topic_id"], row["other_topic_id"])
        for row in rows(home, "from core.topic_events order by event_id")
        if run is None or row["run_id"] == run
    ]


def test_the_first_night_finds_the_subjects_in_both_languages(home: Home) -> None:
    topics = {subject: topic_of(home, subject) for subject in SUBJECTS}
    assert len(set(topics.values())) == len(SUBJECTS)
    assigned = found(home)
    assert all(topic == topics[mention.split("-")[0]] for mention, topic in assigned.items())
    assert len(assigned) >= 0.85 * 240
    assert {kind for kind, _, _ in events(home)} == {"born"}
    (battery,) = rows(home, f"from core.topics where topic_id = '{topics['battery']}'")
    assert "Akku" in battery["label_de"]
    assert "battery" in battery["label_en"].lower()
    assert "acme" not in f"{battery['label_de']} {battery['label_en']} {battery['keywords']}".lower()
    assert {"Akku", "battery"} <= set(battery["keywords"])


def test_too_few_posts_have_no_topics_yet(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    CoreTables(home)
    assert assign_topics(night(home)).topic_count == 0
    post(home, "battery", 40)
    assert assign_topics(night(home)).topic_count == 0
    assert not found(home)


def test_a_night_touches_new_texts_only(home: Home) -> None:
    before = found(home)
    battery = topic_of(home, "battery")
    post(home, "battery", 10, first=100)
    counts = assign_topics(night(home, 1))
    after = found(home)
    assert {mention: after[mention] for mention in before} == before
    assert Counter(after[f"battery-{number}"] for number in range(100, 110) if f"battery-{number}" in after) == {
        battery: len(after) - len(before)
    }
    assert counts.event_count == 0


def test_a_new_story_among_the_posts_in_no_topic_is_born_as_a_topic(home: Home) -> None:
    before = found(home)
    post(home, "ducks", 30)
    assign_topics(night(home, 1))
    ducks = topic_of(home, "ducks")
    assert ("born", ducks, None) in events(home, "run-001")
    assert ducks not in set(before.values())
    assert {mention: topic for mention, topic in found(home).items() if mention in before} == before


def test_a_refresh_keeps_ids_names_and_posts(home: Home) -> None:
    before, labels = found(home), rows(home, "select topic_id, label_de, label_en from core.topics order by topic_id")
    for subject in SUBJECTS:
        post(home, subject, 25, first=200)
    assign_topics(night(home, 1))
    refresh_topics(night(home, 7))
    after = found(home)
    assert sum(after.get(mention) == topic for mention, topic in before.items()) >= 0.95 * len(before)
    assert rows(home, "select topic_id, label_de, label_en from core.topics order by topic_id") == labels
    moved = {(before[mention], after.get(mention)) for mention in before if after.get(mention) != before[mention]}
    assert moved <= {(topic, other) for kind, topic, other in events(home, "run-007") if kind == "reassigned"}


def test_what_people_did_outlives_refreshes(home: Home) -> None:
    battery, app_topic, price = (topic_of(home, subject) for subject in ("battery", "app", "price"))
    rename_topic(night(home, 1), battery, label_de="Akku & Reichweite")
    assert merge_topics(night(home, 2), [price], app_topic) > 0
    parts = split_topic(night(home, 3), topic_of(home, "delivery"))
    before = found(home)
    for day in (7, 14):
        refresh_topics(night(home, day))
        after = found(home)
        assert {mention: after.get(mention) for mention in before} == before
        topics = {row["topic_id"]: row for row in rows(home, "from core.topics")}
        assert topics[battery]["label_de"] == "Akku & Reichweite"
        assert topics[price]["merged_into"] == app_topic
        assert all(topics[part.topic_id]["retired_at"] is None for part in parts)
        assert topics[parts[1].topic_id]["parent_id"] == parts[0].topic_id


def test_a_merged_topic_takes_new_posts_of_both_its_parts(home: Home) -> None:
    price, app_topic = topic_of(home, "price"), topic_of(home, "app")
    merge_topics(night(home, 1), [price], app_topic)
    post(home, "price", 20, first=300)
    assign_topics(night(home, 2))
    assert topic_of(home, "price") == app_topic


def test_a_new_model_version_carries_topics_over_by_their_posts(home: Home) -> None:
    before = found(home)
    for subject in SUBJECTS:
        post(home, subject, 60, model="model-2")
        post(home, subject, 10, first=400, model="model-2")
    with connect(home) as warehouse:
        warehouse.execute("update core.active_versions set model_version = 'model-2'")
    assign_topics(night(home, 1))
    after = found(home)
    assert {mention: after[mention] for mention in before} == before
    for subject in SUBJECTS:
        new = Counter(after.get(f"{subject}-{number}") for number in range(400, 410))
        assert new.most_common(1)[0][0] == topic_of(home, subject)


def test_a_topic_nobody_talks_about_any_more_dies_and_comes_back(home: Home) -> None:
    battery = topic_of(home, "battery")
    with connect(home) as warehouse:
        warehouse.execute(
            """
            update core.mentions
            set published_at = published_at + interval 200 day
            where mention_id not like 'battery%'
            """
        )
    assign_topics(night(home, 200))
    assert ("died", battery, None) in events(home, "run-200")
    post(home, "battery", 30, first=500)
    assign_topics(night(home, 201))
    assert ("revived", battery, None) in events(home, "run-201")


def test_the_same_posts_give_the_same_bytes(home: Home, tmp_path: Path) -> None:
    other = Home.locate(tmp_path / "other")
    CoreTables(other)
    for subject in reversed(SUBJECTS):
        post(other, subject, 60)
    assign_topics(night(other))
    for table in ("topics", "topic_centroids", "topic_spaces", "text_topics", "topic_events"):
        one, two = (rows(place, f"from core.{table} order by all") for place in (home, other))
        assert repr(one) == repr(two), table


def test_names_that_are_nearly_the_same_are_pointed_out(home: Home) -> None:
    battery, app_topic = topic_of(home, "battery"), topic_of(home, "app")
    rename_topic(night(home, 1), battery, label_en="Battery and range")
    rename_topic(night(home, 1), app_topic, label_en="battery and ranges")
    listed = {row["topic_id"]: row["similar_topic_ids"] for row in rows(home, "from core.topics")}
    assert listed[battery] == [app_topic]
    assert listed[app_topic] == [battery]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda n: rename_topic(n, "t9999", label_de="X"), "no such topic"),
        (lambda n: rename_topic(n, "t0001"), "--de"),
        (lambda n: merge_topics(n, ["t0001"], "t0001"), "itself"),
        (lambda n: split_topic(n, "t0001", 10), "too few"),
    ],
)
def test_wrong_use_is_told_and_changes_nothing(home: Home, change: Any, says: str) -> None:
    before = rows(home, "from core.topics order by topic_id"), found(home), events(home)
    with pytest.raises(UsageError, match=says):
        change(night(home, 1))
    assert (rows(home, "from core.topics order by topic_id"), found(home), events(home)) == before


def test_a_refresh_without_posts_says_what_to_do(tmp_path: Path) -> None:
    home = Home.locate(tmp_path)
    CoreTables(home)
    with pytest.raises(MarktechoError, match="marktecho nightly"):
        refresh_topics(night(home))


def test_the_commands(home: Home, tmp_path: Path) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text("company: {id: acme, name: Acme, query: acme}\n", encoding="utf-8")
    where = ["--config", str(config), "--home", str(home.root)]
    battery, price = topic_of(home, "battery"), topic_of(home, "price")

    def run(*arguments: str) -> str:
        done = runner.invoke(app, ["topics", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    assert "Akku" in run("rename", battery, "--de", "Akku", *where)
    assert battery in run("merge", price, "--into", battery, *where)
    assert "called" not in run("split", topic_of(home, "app"), *where)
    assert "topics with" in run("refresh", *where)
    listed = run("list", "--home", str(home.root), "--json")
    assert '"label_de": "Akku"' in listed
    assert f'"{price}"' not in listed
    assert "topic_count" in run("assign", *where)


class LanguageModel(PlatformServer):
    """Answers chat completions with what it is told to say."""

    def __init__(self, *said: str) -> None:
        super().__init__()
        self.said = list(said)

    def answer(self, request: Request) -> Answer:
        if request.path != "/v1/chat/completions":
            return Answer(404)
        content = self.said.pop(0) if self.said else "no idea"
        return Answer(body=json.dumps({"choices": [{"message": {"content": content}}]}).encode())


def test_a_language_model_names_new_topics_when_asked_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABEL_KEY", "sesame")
    post(home, "ducks", 30)
    with LanguageModel('Sure: {"de": "Enten im Park", "en": "Ducks in the park"}') as server:
        endpoint = LabelEndpoint(url=f"{server.url}/v1", model="tiny", key_variable="LABEL_KEY")
        assign_topics(night(home, 1, endpoint))
        (request,) = server.requests
    (ducks,) = rows(home, f"from core.topics where topic_id = '{topic_of(home, 'ducks')}'")
    assert (ducks["label_de"], ducks["label_en"]) == ("Enten im Park", "Ducks in the park")
    assert request.headers["authorization"] == "Bearer sesame"
    sent = json.loads(request.json()["messages"][1]["content"])
    assert all("ducks" in text for text in sent["posts"])


@pytest.mark.parametrize("said", ["no idea", '{"de": "", "en": "x"}', '{"en": "Ducks"}'])
def test_a_language_model_that_says_nonsense_changes_nothing(home: Home, said: str) -> None:
    post(home, "ducks", 30)
    with LanguageModel(said, said) as server:
        assign_topics(night(home, 1, LabelEndpoint(url=f"{server.url}/v1", model="tiny")))
        assert len(server.requests) == 2
    (ducks,) = rows(home, f"from core.topics where topic_id = '{topic_of(home, 'ducks')}'")
    assert "ducks" in ducks["label_en"].lower()
