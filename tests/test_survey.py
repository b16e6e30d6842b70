"""`marktecho survey`: exports of LimeSurvey and plain CSV, bad rows, weights, small cells, waves, nobody kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from flows.build import build
from flows.cli import app
from flows.demo.survey.responses import CODEBOOK as CODEBOOK_OF_DEMO
from flows.demo.survey.responses import write_waves
from flows.errors import UsageError
from flows.home import Home
from flows.survey.codebook import Codebook, load_codebook
from flows.survey.figures import _told
from flows.survey.responses import Responses, read_responses
from flows.survey.step import import_survey, plan_survey, remove_wave
from tests.survey_fixture import CODEBOOK, HEADER, PERSON, row, wave, write
from tests.warehouse_fixture import AS_OF, CoreTables, make_night, rows

LAST = "2026-10"
EVERYBODY = "industry = 'all' and size_class = 'all'"


@pytest.fixture
def codebook(tmp_path: Path) -> Path:
    path = tmp_path / "codebook.yaml"
    path.write_text(CODEBOOK, encoding="utf-8")
    return path


def read(tmp_path: Path, codebook: Path, responses: list[str], header: str = HEADER) -> Responses:
    return read_responses(write(tmp_path, "export.csv", responses, header=header), load_codebook(codebook))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Two waves: 30% listen in the first, 60% in the second, more in industry, which answers too rarely."""
    folder = tmp_path_factory.mktemp("survey")
    core = CoreTables(folder / "home")
    (folder / "codebook.yaml").write_text(CODEBOOK, encoding="utf-8")
    book = load_codebook(folder / "codebook.yaml")
    first = write(folder, "first.csv", wave(1, 220, 0.3, day="2025-10-07 08:00:00"))
    broken = [row(900, listens="Zwischendurch"), row(1), "901;only;four;columns"]
    unfinished = [row(902, submitted=""), row(903, submitted="")]
    second = write(folder, "second.csv", [*wave(2, 240, 0.6), *broken, *unfinished])
    night = make_night(core.home)
    for path in (second, first):  # in the wrong order: waves are ordered by name
        import_survey(night, plan_survey(path, book, None))
    build(night)
    return core.home


def test_a_wave_is_named_after_its_last_response_and_counted(home: Home) -> None:
    found = rows(home, "from core.survey_waves order by wave")
    assert [one["wave"] for one in found] == ["2025-10", "2026-10"]
    second = found[1]
    assert (second["complete_count"], second["incomplete_count"], second["quarantined_count"]) == (240, 2, 3)
    assert second["design_effect"] > 1.05
    assert str(second["last_date"]) == "2026-10-05"


def test_shares_are_weighted_to_the_population(home: Home) -> None:
    """Industry is 60% of the population and 35% of the sample, and listens more: the weighted share is higher."""
    (share,) = rows(
        home,
        f"from marts.survey_index where answer_id = 'yes' and wave = '{LAST}' and {EVERYBODY}",
    )
    assert 0.66 < share["share"] < 0.80  # 0.6 + 0.2 * 0.6 = 0.72; unweighted 0.67
    assert share["share_low"] < 0.72 < share["share_high"]
    assert share["respondent_count"] == 240 > share["effective_sample_size"]


def test_groups_stand_beside_everybody(home: Home) -> None:
    groups = rows(
        home,
        """
        select industry, size_class, respondent_count, share from marts.survey_index
        where question_id = 'listens' and answer_id = 'yes' and wave = '2026-10'
        """,
    )
    assert len(groups) == 3 * 3
    counts = {(one["industry"], one["size_class"]): one["respondent_count"] for one in groups}
    assert counts["retail", "all"] + counts["industry", "all"] == counts["all", "all"] == 240
    shares = {(one["industry"], one["size_class"]): one["share"] for one in groups}
    assert shares["industry", "all"] > shares["retail", "all"]


def test_waves_are_compared_and_only_the_real_change_is_certain(home: Home) -> None:
    changes = rows(home, f"from marts.survey_index where wave = '2026-10' and {EVERYBODY} order by change_p_value")
    assert {one["answer_id"] for one in changes if one["is_change_certain"]} == {"yes", "no"}
    (yes,) = [one for one in changes if one["answer_id"] == "yes"]
    assert yes["previous_wave"] == "2025-10"
    assert yes["change_low"] < 0.3 < yes["change_high"]
    first = rows(home, "select count(change) as changes from marts.survey_index where wave = '2025-10'")
    assert first == [{"changes": 0}]


def test_top_answers_are_counted_together(home: Home) -> None:
    found = rows(home, f"from marts.survey_index where question_id = 'invest' and wave = '2026-10' and {EVERYBODY}")
    shares = {one["answer_id"]: one["share"] for one in found}
    assert shares["top"] == pytest.approx(shares["2"] + shares["3"])


def test_nothing_of_a_single_respondent_reaches_the_disk(home: Home) -> None:
    texts = [path.read_bytes() for path in home.root.rglob("*") if path.is_file()]
    assert len(texts) > 2
    for secret in (*PERSON, "jana@firma.example", "Jana Beispiel", "Zwischendurch"):
        assert not any(secret.encode() in text for text in texts), secret


def test_bad_rows_are_in_quarantine_with_line_column_and_reason(home: Home) -> None:
    (path,) = home.quarantine.glob("survey-monitor-2026-10-*.jsonl")
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(one["row_number"], one["field"]) for one in found] == [(242, "Q1"), (243, "id"), (244, "row")]
    assert found[0]["reason"] == "is none of the codebook's answers (Y, N)"
    assert found[1]["reason"] == "the response stands already in line 2"
    assert "has 4 columns" in found[2]["reason"]


def test_importing_a_wave_again_replaces_it(tmp_path: Path, codebook: Path) -> None:
    core = CoreTables(tmp_path / "home")
    night = make_night(core.home)
    for count in (60, 80):
        plan = plan_survey(write(tmp_path, "export.csv", wave(3, count, 0.5)), load_codebook(codebook), "2026")
        import_survey(night, plan)
    assert rows(core.home, "select wave, complete_count from core.survey_waves") == [
        {"wave": "2026", "complete_count": 80}
    ]
    with pytest.raises(UsageError, match="Known: monitor 2026"):
        remove_wave(night, "monitor", "2025")
    remove_wave(night, "monitor", "2026")
    assert rows(core.home, "select count(*) as n from core.survey_figures") == [{"n": 0}]


def test_answers_in_full_and_plain_csv_are_understood(tmp_path: Path, codebook: Path) -> None:
    """Commas, no BOM, names of answers in either language instead of codes, no submit date, a tick instead of Y."""
    header = "G1,G2,Q1,Q2[SQ001],Q2[SQ002],Q3"
    path = tmp_path / "plain.csv"
    lines = ["Handel,up to 49,Ja,1,0,certainly", "Manufacturing,ab 50,no,,x,2", "Handel,2,N/A,,,1", "A3,1,,,,"]
    path.write_text("\n".join([header, *lines]), encoding="utf-8")
    found = read_responses(path, load_codebook(codebook))
    assert found.bad == [] and found.incomplete_count == 1 and found.completed is None
    assert found.groups["industry"] == ["retail", "industry", "retail"]
    assert found.answers["listens"] == [frozenset({"yes"}), frozenset({"no"}), None]
    assert found.answers["lacks"] == [frozenset({"people"}), frozenset({"data"}), None]
    with pytest.raises(UsageError, match="--wave 2026-10"):
        plan_survey(path, load_codebook(codebook), None)


def test_a_respondent_who_cannot_be_weighted_is_quarantined(tmp_path: Path, codebook: Path) -> None:
    found = read(tmp_path, codebook, [*wave(4, 20, 0.5), row(99, industry="")])
    assert [(bad.column, bad.reason) for bad in found.bad] == [("G1", "is empty, and the weighting needs it")]


def test_a_file_that_does_not_fit_is_refused_with_the_first_reasons(tmp_path: Path, codebook: Path) -> None:
    with pytest.raises(UsageError, match=r"5 of 8 finished responses do not fit[\s\S]*line 5, column Q3: is none of"):
        read(tmp_path, codebook, [*wave(5, 3, 0.5), *(row(50 + n, invest="9") for n in range(5))])
    with pytest.raises(UsageError, match=r"lacks columns of the codebook: Q3. Did you mean Q33"):
        read(tmp_path, codebook, wave(5, 3, 0.5), HEADER.replace(";Q3;", ";Q33;"))
    with pytest.raises(UsageError, match="has no finished response"):
        read(tmp_path, codebook, [row(1, submitted="")])


def test_a_population_that_cannot_be_reached_names_the_group(tmp_path: Path, codebook: Path) -> None:
    responses = [row(number, industry="A1", size="12"[number % 2]) for number in range(40)]
    with pytest.raises(UsageError, match="industry 'industry' has no respondents"):
        plan_survey(write(tmp_path, "export.csv", responses), load_codebook(codebook), None)


def test_small_cells_and_what_would_give_them_away_are_left_out() -> None:
    counts = {("all", "all"): 100, ("a", "all"): 60, ("b", "all"): 31, ("c", "all"): 9}
    assert _told(counts, 10) == {("all", "all"), ("a", "all")}
    several = counts | {("b", "all"): 5}
    assert _told(several, 10) == {("all", "all"), ("a", "all")}
    assert _told(counts, 5) == set(counts)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "population_share: 0.4",
            "population_share: 0.5",
            ":4: respondents.industry: population_share must",
        ),
        ("theme: needs", "theme: wishes", "codebook.yaml:25: questions[lacks].theme: 'wishes' is not one of"),
        ("top: [2, 3]", "top: [2, 7]", "top names answers that are not there: 7."),
        ("id: lacks", "id: listens", "the id 'listens' stands twice"),
    ],
)
def test_a_wrong_codebook_names_line_field_and_remedy(codebook: Path, old: str, new: str, said: str) -> None:
    codebook.write_text(CODEBOOK.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_codebook(codebook)
    assert said in str(refused.value)


def test_the_codebooks_of_the_docs_and_the_demo_are_valid_and_every_key_is_in_the_docs(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "reference" / "survey.md").read_text(encoding="utf-8")
    (tmp_path / "docs.yaml").write_text(re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)[0], encoding="utf-8")
    assert load_codebook(tmp_path / "docs.yaml").min_cell == 10
    assert re.findall(r"^\| `(\w+)` \|", page, flags=re.MULTILINE) == list(Codebook.model_fields)
    for name, path in write_waves(tmp_path, AS_OF):
        plan = plan_survey(path, load_codebook(CODEBOOK_OF_DEMO), name)
        assert plan.responses.bad == [] and plan.responses.incomplete_count > 30
        assert not plan.weights.is_capped.any()


def test_the_command_imports_lists_and_removes(tmp_path: Path, codebook: Path) -> None:
    config = tmp_path / "listening.yaml"
    config.write_text("company: {id: acme, name: Acme, query: acme}\n", encoding="utf-8")
    home = tmp_path / "home"
    export = write(tmp_path, "export.csv", wave(6, 60, 0.5))
    options: list[Any] = ["--home", home, "--config", config]
    refused = run("survey", "import", tmp_path / "none.csv", "--survey", codebook, *options)
    assert isinstance(refused.exception, UsageError) and not home.exists()
    done = run("survey", "import", export, "--survey", codebook, *options)
    assert done.exit_code == 0, done.output
    assert "monitor 2026-10: 60 responses, 0 unfinished" in done.output
    listed = json.loads(run("survey", "list", "--home", home, "--json").output)
    assert [(one["survey_id"], one["wave"], one["complete_count"]) for one in listed] == [("monitor", "2026-10", 60)]
    assert run("survey", "remove", "monitor", "--wave", "2026-10", *options).exit_code == 0
    assert json.loads(run("survey", "list", "--home", home, "--json").output) == []


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])
