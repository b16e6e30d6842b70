"""listening.yaml: what is read from it, and what stands for what it leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from flows.errors import UsageError
from flows.queries import parse
from flows.settings import (
    Access,
    Alerts,
    Aspect,
    Channel,
    DepartmentRule,
    Entity,
    Index,
    Industry,
    SecretFromEnv,
    SentimentRule,
    Settings,
    SignIn,
    Watchlist,
    load_settings,
    parse_settings,
)
from flows.settings.aspects import industries
from flows.settings.departments import Intent
from flows.settings.retention import Days
from flows.sources.base import SourceSettings
from flows.sources.registry import connector, connector_types
from models.reading import INTENTS

ROOT = Path(__file__).parent.parent
EXAMPLE = ROOT / "listening.yaml"
COMPANY = "company: {id: zara, name: Zara, query: zara}\n"


def test_the_example_is_valid_and_every_group_is_in_it() -> None:
    example = load_settings(EXAMPLE)
    assert [entity.kind for entity in example.entities] == ["company", *["competitor"] * 2, *["product"] * 2, "market"]
    assert {source.source for source in example.sources} == {"mastodon", "trade-news", "hackernews"}
    written = set(yaml.safe_load(EXAMPLE.read_text(encoding="utf-8")))
    assert set(Settings.model_fields) - written == {"departments"}
    assert "# departments:" in EXAMPLE.read_text(encoding="utf-8")


def test_the_rules_in_the_example_that_are_commented_out_are_valid_too() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    commented = text.split("# departments:\n")[1].split("\n\n")[0]
    rules = "departments:\n" + "\n".join(line.removeprefix("# ") for line in commented.splitlines())
    assert [rule.id for rule in parse_settings(f"{text}\n{rules}").departments] == ["support-delivery"]


def test_a_company_alone_is_enough() -> None:
    least = parse_settings(COMPANY)
    assert [(entity.entity_id, entity.name, entity.kind, entity.query_text) for entity in least.entities] == [
        ("zara", "Zara", "company", "zara")
    ]
    assert least.company.query == parse("zara")
    assert (least.time_zone, least.language, least.cron) == ("Europe/Berlin", "de", "0 4 * * *")
    assert {rule.department for rule in least.departments} == {"sales", "marketing", "product", "support", "pr", "hr"}
    assert least.retention_days("anything") is None


PAGE = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("The file", Settings),
        ("Company, competitors, products", Entity),
        ("Industry", Industry),
        ("Sources", SourceSettings),
        ("Aspects", Aspect),
        ("Departments", DepartmentRule),
        ("Rules", SentimentRule),
        ("Watchlist", Watchlist),
        ("Index", Index),
        ("Retention", Days),
        ("Alerts", Alerts),
        ("Channels", Channel),
        ("Access", Access),
        ("Sign-in", SignIn),
    ],
)
def test_the_reference_page_lists_every_key_and_its_default(heading: str, model: type[BaseModel]) -> None:
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| `?(.*?)`? \|", section, flags=re.MULTILINE))
    assert list(documented) == [field.alias or name for name, field in model.model_fields.items()]
    for field, default in zip(model.model_fields.values(), documented.values(), strict=True):
        if isinstance(field.default, int | float | str) and field.default:
            assert default == str(field.default).replace("True", "true")


def test_the_reference_page_names_every_source_type_and_industry() -> None:
    assert all(f"`{name}`" in PAGE for name in [*connector_types(), *industries()])


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        parse_settings(COMPANY).language = "en"  # type: ignore[misc]


@pytest.mark.parametrize("industry", industries())
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_industry_has_aspects_in_both_languages(industry: str, language: str) -> None:
    chosen = parse_settings(f"{COMPANY}industry: {{id: {industry}}}\nlanguage: {language}")
    assert 6 <= len(chosen.aspects) <= 12
    assert all(6 <= len(aspect.examples) <= 12 for aspect in chosen.aspects)
    other = parse_settings(f"{COMPANY}industry: {{id: {industry}}}\nlanguage: {'en' if language == 'de' else 'de'}")
    for one, two in zip(chosen.aspects, other.aspects, strict=True):
        assert (one.id, one.examples) == (two.id, two.examples)
        assert one.description != two.description
    known = {aspect.id for aspect in chosen.aspects}
    assert all(set(rule.aspects or ()) <= known for rule in chosen.departments)


def test_there_are_eight_industries() -> None:
    assert set(industries()) == {
        *("retail", "software", "telecom", "mobility"),
        *("finance", "manufacturing", "hospitality", "generic"),
    }


def test_an_unknown_industry_gets_the_generic_aspects() -> None:
    generic = parse_settings(COMPANY).aspects
    assert parse_settings(f"{COMPANY}industry: {{id: bakery, name: Bäckereien}}").aspects == generic


def test_own_aspects_stand_beside_defaults_named_by_id() -> None:
    chosen = parse_settings(
        f"{COMPANY}language: en\naspects:\n  - delivery\n  - id: crust\n    name: {{de: Kruste, en: Crust}}\n"
        "    description: The crust.\n    examples: {de: [schön knusprig], en: [nice and crispy, burnt]}\n"
    ).aspects
    assert [(aspect.id, aspect.name) for aspect in chosen] == [("delivery", "Delivery"), ("crust", "Crust")]
    assert chosen[1].examples == ("schön knusprig", "nice and crispy", "burnt")


def test_the_intents_of_rules_are_those_of_the_model() -> None:
    assert Intent.__args__ == INTENTS  # type: ignore[attr-defined]


def test_the_market_is_listened_for_when_it_has_a_query() -> None:
    with_query = parse_settings(f"{COMPANY}industry: {{id: retail, name: Mode, query: mode}}")
    assert [(entity.entity_id, entity.kind) for entity in with_query.entities][-1] == ("retail", "market")
    assert len(parse_settings(f"{COMPANY}industry: {{id: retail, name: Mode}}").entities) == 1


def test_handles_of_entities_and_rules_are_listened_for() -> None:
    listened = parse_settings(
        "company: {id: a, name: A, query: 'a OR @Brand@x.social'}\n"
        "rules: [{id: r, query: 'a NOT @help', sentiment: neutral}]"
    ).listened_handles
    assert listened == {"brand", "brand@x.social", "help"}


def test_the_fingerprint_changes_with_what_decides_matching_and_with_nothing_else() -> None:
    base = parse_settings(COMPANY).fingerprint
    assert len(base) == 32
    assert parse_settings(COMPANY.replace("query: zara", "query: '(zara)'")).fingerprint == base
    assert parse_settings(COMPANY.replace("name: Zara", "name: ZARA") + "language: en").fingerprint == base
    for other in (
        COMPANY.replace("query: zara", "query: zara*"),
        COMPANY.replace("id: zara", "id: zara2"),
        COMPANY + "competitors: [{id: b, name: B, query: bb}]",
        COMPANY + "products: [{id: b, name: B, query: bb}]",
        COMPANY + "rules: [{id: r, query: bb, sentiment: neutral}]",
    ):
        assert parse_settings(other).fingerprint != base


def test_sources_decide_matching_only_when_a_query_names_an_author() -> None:
    source = "sources: [{type: mastodon, server: 'https://x.social', tags: [a]}]"
    assert parse_settings(COMPANY + source).fingerprint == parse_settings(COMPANY).fingerprint
    named = COMPANY.replace("query: zara", "query: 'zara OR author:@zara'")
    assert parse_settings(named + source).fingerprint != parse_settings(named).fingerprint


def test_retention_is_per_source_with_a_default() -> None:
    kept = parse_settings(
        f"{COMPANY}sources: [{{type: mastodon, server: 'https://x.social', tags: [a]}}]\n"
        "retention: {mastodon: 30, default: 700}"
    )
    assert (kept.retention_days("mastodon"), kept.retention_days("feed")) == (30, 700)
    assert kept.retention_days("mastodon", "quarantine") == 30
    assert kept.retention_days("default", "reports") is None


def test_retention_is_per_table_as_well() -> None:
    kept = parse_settings(
        f"{COMPANY}retention: {{shop: {{quarantine: 7}}, default: {{mentions: 700, quarantine: 30, reports: 90}}}}"
    )
    assert [kept.retention_days("shop", one) for one in ("mentions", "quarantine")] == [700, 7]
    assert [kept.retention_days("feed", one) for one in ("mentions", "quarantine")] == [700, 30]
    assert kept.retention_days("default", "reports") == 90


@pytest.mark.parametrize(
    ("schedule", "cron"), [("04:05", "5 4 * * *"), ("23:30", "30 23 * * *"), ("0 4 * * 1-5", "0 4 * * 1-5")]
)
def test_a_schedule_is_a_time_or_a_cron_expression(schedule: str, cron: str) -> None:
    assert parse_settings(f"{COMPANY}schedule: {schedule}").cron == cron


def test_words_that_older_yaml_takes_for_something_else_stay_texts() -> None:
    taken = parse_settings("company: {id: no, name: on, query: yes}\nschedule: 12:30\n")
    assert (taken.company.entity_id, taken.company.name, taken.company.query_text) == ("no", "on", "yes")
    assert taken.cron == "30 12 * * *"


def test_confidential_terms_are_masked_in_every_text_form() -> None:
    secretive = parse_settings(f"{COMPANY}watchlist: {{terms: [projekt gletscher]}}")
    assert secretive.watchlist.terms[0].get_secret_value() == "projekt gletscher"
    assert "gletscher" not in repr(secretive) + str(secretive) + secretive.model_dump_json()


def test_sources_are_built_from_their_own_settings() -> None:
    feed = next(source for source in load_settings(EXAMPLE).sources if source.source == "trade-news")
    assert type(feed) is connector_types()["feed"].settings_type
    assert type(connector(feed)) is connector_types()["feed"]
    assert {"mastodon", "feed", "hackernews", "files"} <= set(connector_types())


class WithSecret(BaseModel):
    token: SecretFromEnv


def test_a_secret_is_read_from_the_environment_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    token = WithSecret.model_validate({"token": "MARKTECHO_TEST_TOKEN"}).token
    monkeypatch.delenv("MARKTECHO_TEST_TOKEN", raising=False)
    assert not token.is_set
    with pytest.raises(UsageError, match="MARKTECHO_TEST_TOKEN is not set"):
        token.reveal()
    monkeypatch.setenv("MARKTECHO_TEST_TOKEN", "hunter2")
    assert token.reveal() == "hunter2"
    assert "hunter2" not in repr(token) + WithSecret(token=token).model_dump_json()


def test_relative_paths_of_files_start_at_the_settings_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text(
        "company: {id: velumo, name: Velumo, query: velumo}\n"
        "sources: [{type: files, name: export, paths: ['exports/*.csv', '/srv/all.csv']}]\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path.parent)
    (source,) = load_settings(Path(tmp_path.name) / "listening.yaml").sources
    assert source.paths == [str(tmp_path / "exports" / "*.csv"), "/srv/all.csv"]  # type: ignore[attr-defined]
