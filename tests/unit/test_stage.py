"""The frame of the scripts: settings from a file or inline, and errors without a traceback."""

import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from codeq import stage
from codeq.config import DpoSettings, Study, load_study, parse
from codeq.errors import CodeqError, ConfigError, DataError

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "config" / "mini.yaml"


def test_settings_come_from_a_study_file():
    assert stage.study(str(MINI)) == load_study(MINI)


def test_settings_come_from_inline_json_whose_missing_sections_get_their_defaults():
    study = stage.study('  {"dpo": {"beta": 0.2}}')
    assert study.name == "by-hand"
    assert study.dpo == DpoSettings(beta=0.2)
    assert study.search == Study(name="x").search
    assert stage.study('{"name": "other", "rounds": 0}') == Study(name="other", rounds=0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "--settings: not JSON: "),
        ('{"dpo": {"beta": 0.2}', "--settings: not JSON: .*line 1 column 22"),
        ("{'dpo': 1}", "--settings: not JSON: "),
        ('{"dpo": {"betta": 0.2}}', "--settings: invalid configuration\n.*dpo.betta: unknown key; did you mean 'beta'"),
        ("none.yaml", "none.yaml: cannot be read"),
        ("[1]", r"\[1\]: cannot be read"),
    ],
)
def test_bad_settings_are_refused_with_the_reason(text, message):
    with pytest.raises(ConfigError, match=message):
        stage.study(text)


@pytest.mark.parametrize("names", [("model", "data"), ("search", "dpo", "pairs"), ()])
def test_sections_are_plain_sorted_data_that_make_the_same_study_again(names):
    study = load_study(MINI)
    plain = stage.sections(study, *names)
    assert list(plain) == sorted(names)
    assert json.loads(json.dumps(plain)) == plain
    again = stage.study(json.dumps(plain))
    assert all(getattr(again, name).determinants() == getattr(study, name).determinants() for name in names)


def test_settings_of_the_machine_are_told_apart_and_come_back(monkeypatch):
    study = parse(Study, {"name": "x", "sandbox": {"workers": 7, "memory_mb": 300}, "search": {"shards": 3}})
    told = stage.machine(study)
    assert told["sandbox"] == {"workers": 7}
    assert told["search"]["shards"] == 3
    assert "workers" not in stage.sections(study, "sandbox")["sandbox"]
    assert "workers" not in study.determinants()["sandbox"]
    monkeypatch.setenv("CODEQ_MACHINE", json.dumps(told))
    again = stage.study(json.dumps(stage.sections(study, "sandbox", "search", "model")))
    assert (again.sandbox, again.search, again.model) == (study.sandbox, study.search, study.model)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"sandbox": {"memory_mb": 1}}', "sandbox.memory_mb is no setting of the machine; use --settings"),
        ('{"sandbox": {"workers": 0}}', "CODEQ_MACHINE: invalid configuration\n.*sandbox.workers"),
        ("{", "CODEQ_MACHINE: not JSON"),
    ],
)
def test_bad_settings_of_the_machine_are_refused(text, message, monkeypatch):
    monkeypatch.setenv("CODEQ_MACHINE", text)
    with pytest.raises(ConfigError, match=message):
        stage.study("{}")


def test_an_argument_parser_shows_the_docstring_and_asks_for_settings_only_where_there_are_any():
    with_settings, without = stage.parser("What it does."), stage.parser("What it does.", settings=False)
    assert "What it does." in with_settings.format_help()
    assert "--settings" in with_settings.format_help()
    assert "--settings" not in without.format_help()
    assert with_settings.parse_args(["--settings", '{"rounds": 1}']).settings == Study(name="by-hand", rounds=1)
    assert without.parse_args([]) == argparse.Namespace()
    with pytest.raises(SystemExit):
        with_settings.parse_args([])


def test_a_typed_error_is_shown_as_its_message_with_exit_status_1(capsys, monkeypatch):
    monkeypatch.setattr(logging, "basicConfig", lambda **options: None)

    def fail():
        raise DataError("x.parquet: no such table")

    with pytest.raises(SystemExit) as caught:
        stage.run(fail)
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: x.parquet: no such table\n"


def test_any_other_error_is_a_crash_with_its_traceback():
    with pytest.raises(ZeroDivisionError):
        stage.run(lambda: 1 / 0)
    assert not issubclass(ZeroDivisionError, CodeqError)


def script(name: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / f"{name}.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_script_with_a_missing_input_says_so_in_one_line(tmp_path):
    missing, out = tmp_path / "none.parquet", tmp_path / "splits.parquet"
    tables = ["--bugs", missing, "--duplicates", missing, "--screen", missing]
    ended = script("splits", "--settings", MINI, *tables, "--splits", out)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("error: ")
    assert str(missing) in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_script_with_bad_settings_says_so_before_it_reads_anything(tmp_path):
    ended = script("raw", "--settings", '{"data": {"sed": 1}}', "--raw", tmp_path / "raw.parquet")
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "error: --settings: invalid configuration\n  data.sed: unknown key; did you mean 'seed'"
    )
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []
