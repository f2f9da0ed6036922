"""Ranking a fit set from its files, invented and real."""

import csv
import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.qualification.rank import rank_fit_set
from warehouse.errors import BadInput

FIRMS = [
    {
        "firm_id": "F1",
        "past_awards": [{"title": "Chiller Repair", "naics": "238220", "psc": "J041", "amount": 10.5}],
    },
    {"firm_id": "F2", "past_awards": []},
]
OPPORTUNITIES = [
    {"opp_id": "O1", "title": "Repair of Chillers", "naics": "238220", "psc": "J041"},
    {"opp_id": "O2", "title": "", "naics": None},
    {"opp_id": "O,3", "title": "Čištění oken"},
]


def write(path: Path, records: list[object]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)


def fit_set(directory: Path, firms: object = FIRMS, opportunities: object = OPPORTUNITIES) -> Path:
    for name, records in (("firms", firms), ("opportunities", opportunities)):
        assert isinstance(records, list)
        write(directory / f"{name}.jsonl.gz", records)
    return directory


def run(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_pair_is_ranked_once_and_the_like_one_first(tmp_path: Path) -> None:
    summary = rank_fit_set(fit_set(tmp_path), tmp_path / "run.csv")
    rows = run(tmp_path / "run.csv")
    assert (summary.firms, summary.opportunities, summary.pairs) == (2, 3, 6)
    assert [(row["firm_id"], row["opp_id"]) for row in rows] == [
        (f, o) for f in ("F1", "F2") for o in ("O1", "O2", "O,3")
    ]
    best = max((row for row in rows if row["firm_id"] == "F1"), key=lambda row: float(row["score"]))
    assert best["opp_id"] == "O1"
    assert {(float(row["score"]), float(row["probability"])) for row in rows if row["firm_id"] == "F2"} == {(0.0, 0.0)}


def test_chance_rises_with_the_score_and_stays_empty_without_any_learned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rank_fit_set(fit_set(tmp_path), tmp_path / "run.csv")
    rows = sorted(run(tmp_path / "run.csv"), key=lambda row: float(row["score"]))
    chances = [float(row["probability"]) for row in rows]
    assert chances == sorted(chances)
    assert 0 < chances[-1] < 1
    monkeypatch.setattr("pipelines.qualification.rank.kept_chances", lambda: None)
    rank_fit_set(tmp_path, tmp_path / "run.csv")
    assert {row["probability"] for row in run(tmp_path / "run.csv")} == {""}


def test_labels_are_never_read(tmp_path: Path) -> None:
    (fit_set(tmp_path) / "qrels.csv").write_text("not a table", encoding="utf-8")
    rank_fit_set(tmp_path, tmp_path / "run.csv")


@pytest.mark.parametrize(("firms", "opportunities"), [([], []), (FIRMS, []), ([], OPPORTUNITIES)])
def test_empty_set_gives_a_run_of_no_pairs(tmp_path: Path, firms: list[object], opportunities: list[object]) -> None:
    assert rank_fit_set(fit_set(tmp_path, firms, opportunities), tmp_path / "run.csv").pairs == 0
    assert run(tmp_path / "run.csv") == []


@pytest.mark.parametrize(
    ("firm", "fault"),
    [
        ({"past_awards": []}, "line 3: lacks firm_id"),
        ({"firm_id": 7}, "line 3: firm_id is not a text"),
        ({"firm_id": "\ud800"}, "line 3: .*surrogates"),
        ({"firm_id": "F3", "past_awards": "none"}, "line 3: past_awards is not a list"),
        ({"firm_id": "F3", "past_awards": [1]}, "line 3: a past award is not a JSON object"),
        ({"firm_id": "F3", "past_awards": [{"amount": "much"}]}, "line 3: "),
        ([1], "line 3: not a JSON object"),
        ({"firm_id": "F1"}, "repeat a firm_id"),
    ],
)
def test_broken_line_is_named_and_nothing_is_written(tmp_path: Path, firm: object, fault: str) -> None:
    fit_set(tmp_path, [*FIRMS, firm])
    with pytest.raises(BadInput, match=f"firms.jsonl.gz.*{fault}"):
        rank_fit_set(tmp_path, tmp_path / "run.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["firms.jsonl.gz", "opportunities.jsonl.gz"]


def test_line_that_is_not_json_is_named(tmp_path: Path) -> None:
    fit_set(tmp_path)
    with gzip.open(tmp_path / "opportunities.jsonl.gz", "at", encoding="utf-8") as file:
        file.write('{"opp_id": "O4", \n')
    with pytest.raises(BadInput, match=r"opportunities.jsonl.gz, line 4"):
        rank_fit_set(tmp_path, tmp_path / "run.csv")


def test_missing_and_damaged_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"firms.jsonl.gz does not exist"):
        rank_fit_set(tmp_path, tmp_path / "run.csv")
    fit_set(tmp_path)
    whole = (tmp_path / "opportunities.jsonl.gz").read_bytes()
    for damaged in (b"plain text", whole[:-9], whole[:12] + b"\xff" * 20 + whole[32:]):
        (tmp_path / "opportunities.jsonl.gz").write_bytes(damaged)
        with pytest.raises(BadInput, match=r"opportunities.jsonl.gz"):
            rank_fit_set(tmp_path, tmp_path / "run.csv")


def test_run_in_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written"):
        rank_fit_set(fit_set(tmp_path), tmp_path / "nowhere" / "run.csv")


def test_two_runs_are_equal_to_the_byte(tmp_path: Path) -> None:
    fit_set(tmp_path)
    for name in ("one.csv", "two.csv"):
        rank_fit_set(tmp_path, tmp_path / name)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


@pytest.mark.thorough
@pytest.mark.shared
def test_real_set_is_ranked_as_well_as_the_kernel_line(tmp_path: Path, shared_data: Path) -> None:
    rank_fit_set(shared_data / "fit", tmp_path / "run.csv")
    tool = shared_data.parent / "tools" / "score_fit.py"
    command = [sys.executable, str(tool), str(shared_data / "fit"), str(tmp_path / "run.csv")]
    measured = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert measured["all"]["ndcg10"] >= 0.28
    assert measured["all"]["auc"] >= 0.87
    assert measured["without_dla"]["ndcg10"] >= 0.45
    assert measured["without_dla"]["auc"] >= 0.93
    assert measured["calibration_error"] <= 0.015
    assert measured["brier"] < measured["brier_constant"]
