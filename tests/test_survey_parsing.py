"""Exports of questionnaire tools with anything in them: read, set aside with a reason, or refused in words."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.errors import UsageError
from flows.survey.codebook import Codebook, load_codebook
from flows.survey.responses import read_responses
from tests.survey_fixture import CODEBOOK, HEADER, row

PIECES = st.one_of(
    st.integers(1, 40).map(row),
    st.sampled_from([HEADER, ";;;", '"', '"open', "901;only", "\ufeff", "N/A" * 5, "=1+1;2"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Codebook:
    path = tmp_path_factory.mktemp("codebook") / "codebook.yaml"
    path.write_text(CODEBOOK, encoding="utf-8")
    return load_codebook(path)


@given(
    pieces=st.lists(PIECES, max_size=12),
    has_header=st.booleans(),
    encoding=st.sampled_from(ENCODINGS),
    cut=st.integers(0, 30),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_export_is_read_or_refused_in_words(
    pieces: list[str], has_header: bool, encoding: str, cut: int, tmp_path: Path, book: Codebook
) -> None:
    text = "\n".join([HEADER, *pieces] if has_header else pieces)
    content = codecs.encode(text, encoding, "replace")
    path = tmp_path / "export.csv"
    path.write_bytes(content[: len(content) - cut])
    try:
        read_responses(path, book)
    except UsageError as error:
        assert "export.csv" in str(error)


@given(text=st.text(alphabet="survey: {id:a,}[]-&*'\"#|>\n\t@ü0.5", max_size=60))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_codebook_is_read_or_refused_in_words(text: str, tmp_path: Path) -> None:
    path = tmp_path / "codebook.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="codebook"):
        load_codebook(path)
