"""The configuration: published defaults, documented settings, and clear refusals."""

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args, get_origin

import pytest
import yaml
from pydantic import ValidationError
from snakemake.exceptions import WorkflowError
from snakemake.utils import validate

from codeq.config import Section, Study, json_schema, load_study, parse
from codeq.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
STUDIES = sorted(path for path in (ROOT / "config").glob("*.yaml") if path.stem != "published")
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"


def settings(section: type[Section] = Study, path: str = ""):
    """Every setting below a section: (dotted name, field)."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from settings(field.annotation, f"{path}{name}.")
        else:
            yield path + name, field


def numeric(annotation: object) -> bool:
    """Whether values of a type are numbers, or collections of numbers (of a mapping: its values)."""
    parts = get_args(annotation)[1 if get_origin(annotation) is dict else 0 :]
    return annotation in (int, float) or any(numeric(part) for part in parts)


SETTINGS = dict(settings())


def test_defaults_are_the_published_hyperparameters(shared):
    published = json.loads((shared / "published.json").read_text())["codeq"]
    want, study = published["hyperparameters"], Study(name="x")
    assert study.search.candidates == want["K"] == 4
    assert study.search.temperature == want["temperature"] == 0.8
    assert study.search.critic_temperature == want["critic_temperature"] == 0.2
    assert study.search.rollouts == want["rollouts"] == 10
    assert study.search.alpha == want["alpha"] == 0.5
    assert study.dpo.lora_r == want["lora_r"] == 32
    assert study.dpo.lora_alpha == want["lora_alpha"] == 64
    assert len(set(study.dpo.target_modules)) == want["target_modules"] == 7
    assert study.dpo.learning_rate == want["learning_rate"] == 5e-6
    assert study.dpo.epochs == want["epochs"] == 2
    assert study.dpo.beta == want["beta"] == 0.1
    assert study.dpo.batch_size == want["effective_batch"] == 16
    assert study.sandbox.memory_mb == want["sandbox_memory_mb"] == 512
    assert study.sandbox.timeout_s == want["sandbox_timeout_s"] == 30
    assert want["quantisation"] == "4-bit NF4"
    assert study.model.quantization == "nf4"
    assert study.model.base == published["model"]
    assert study.data.test_problems == published["headline"][0]["n"] == 123


def test_the_published_study_overrides_no_published_value():
    changed = load_study(ROOT / "config" / "codeq.yaml").model_dump()
    default = Study(name="codeq").model_dump()
    assert changed["search"] == default["search"]
    assert changed["dpo"] == default["dpo"]
    assert changed["sandbox"] == {**default["sandbox"], "backend": "docker"}  # the study's own
    assert changed["model"] == default["model"]
    assert changed["rounds"] == 2


def test_the_modules_with_an_adapter_are_the_attention_and_feed_forward_ones():
    assert set(Study(name="x").dpo.target_modules) == {
        f"{name}_proj" for name in ("q", "k", "v", "o", "gate", "up", "down")
    }


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_says_what_it_is_where_it_is_from_and_its_unit(name):
    field = SETTINGS[name]
    extra = field.json_schema_extra
    assert len(field.description) >= 8
    assert extra["source"]
    assert bool(extra["unit"]) == numeric(field.annotation)


def test_determinants_leave_out_what_only_says_how_a_machine_is_used():
    study = Study(name="x")
    left_out = {
        f"{name}.{key}"
        for name in ("model", "sandbox", "search", "dpo", "evaluation")
        for key in getattr(study, name).model_dump().keys() - getattr(study, name).determinants().keys()
    }
    assert left_out == {
        "model.batch_tokens",
        "sandbox.workers",
        "search.live_trees",
        "search.shards",
        "dpo.logger",
        "evaluation.shards",
    }
    assert study.search.determinants()["rollouts"] == 10
    assert json.loads(json.dumps(study.dpo.determinants())) == study.dpo.determinants()


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_file_loads_and_fits_the_schema(path):
    values = yaml.safe_load(path.read_text())
    study = load_study(path)
    assert study.name == values["name"]
    validate(values, str(SCHEMA), set_default=False)
    assert Study.model_validate(study.model_dump(mode="json")) == study


def test_study_files_have_names_of_their_own():
    names = [load_study(path).name for path in STUDIES]
    assert len(set(names)) == len(names) >= 2


def test_the_schema_file_is_the_one_of_the_code():
    printed = subprocess.run([sys.executable, "-m", "codeq.config"], capture_output=True, text=True, check=True).stdout
    assert SCHEMA.read_text() == printed
    assert yaml.safe_load(printed) == json_schema()
    assert printed.startswith("# Made by `python -m codeq.config > workflow/schemas/config.schema.yaml`")


@pytest.mark.parametrize("bad", [{}, {"round": 2}, {"dpo": {"beta": 0}}, {"rounds": True}, {"seeds": [-1]}])
def test_the_schema_refuses_what_the_code_refuses(bad):
    values = {"name": "x", **bad} if bad else {}
    with pytest.raises(ConfigError):
        parse(Study, values)
    with pytest.raises(WorkflowError):
        validate(values, str(SCHEMA), set_default=False)


BAD = {
    "misspelled at the top": (
        {"round": 3},
        ["round: unknown key", "did you mean 'rounds'?", "Known keys: name, seeds"],
    ),
    "unknown at the top": ({"zebra": 1}, ["zebra: unknown key", "Known keys: name, seeds, rounds, data, model"]),
    "misspelled in a section": (
        {"search": {"rolouts": 3}},
        ["search.rolouts: unknown key", "did you mean 'rollouts'?", "Known keys: candidates, rollouts, depth"],
    ),
    "key that is no text": ({3: 4}, ["3: Keys should be strings"]),
    "text for a number": ({"rounds": "two"}, ["rounds: ", "valid integer", "'two'"]),
    "fraction for a whole number": ({"rounds": 1.5}, ["rounds: ", "valid integer", "1.5"]),
    "truth value for a number": ({"data": {"train_bugs": True}}, ["data.train_bugs: ", "not allowed", "True"]),
    "truth value in a list": ({"seeds": [0, True]}, ["seeds: ", "not allowed", "[0, True]"]),
    "number for a text": ({"model": {"base": 7}}, ["model.base: ", "valid string", "7"]),
    "number for a section": ({"dpo": 5}, ["dpo: ", "valid dictionary", "5"]),
    "number for a list": ({"seeds": 3}, ["seeds: ", "valid tuple", "3"]),
    "unknown choice": (
        {"model": {"prompt": "chatty"}},
        ["model.prompt: ", "'instruct' or 'minimal'", "'chatty'"],
    ),
    "unknown mode": (
        {"evaluation": {"modes": ["beam"]}},
        ["evaluation.modes.0: ", "'single_pass', 'best_of_n', 'line_edits', 'refine'", "'beam'"],
    ),
    "too small": ({"search": {"candidates": 0}}, ["search.candidates: ", "greater than or equal to 1", "0"]),
    "zero where positive": ({"dpo": {"beta": 0}}, ["dpo.beta: ", "greater than 0", "0"]),
    "too large": ({"search": {"alpha": 1.5}}, ["search.alpha: ", "less than or equal to 1", "1.5"]),
    "infinite": ({"dpo": {"learning_rate": float("inf")}}, ["dpo.learning_rate: ", "finite number", "inf"]),
    "not a number": ({"search": {"alpha": float("nan")}}, ["search.alpha: ", "nan"]),
    "negative seed": ({"seeds": [-1]}, ["seeds.0: ", "greater than or equal to 0", "-1"]),
    "no seed": ({"seeds": []}, ["seeds: ", "at least 1 item", "[]"]),
    "seed twice": ({"seeds": [1, 2, 1]}, ["seeds [1, 2, 1] names one twice"]),
    "mode twice": ({"evaluation": {"modes": ["mcts", "mcts"]}}, ["evaluation.modes ['mcts', 'mcts'] names one twice"]),
    "micro batch that does not divide": (
        {"dpo": {"micro_batch_size": 5}},
        ["dpo: ", "micro_batch_size 5 does not divide batch_size 16"],
    ),
    "a round that is none": ({"overrides": {3: {}}}, ["round 3 is not one of the 2 rounds"]),
    "round 0": ({"overrides": {0: {}}}, ["overrides.0", "greater than 0"]),
    "override unknown": ({"overrides": {2: {"dpo": {"bta": 1}}}}, ["overrides.2.dpo.bta: ", "did you mean 'beta'?"]),
    "override out of range": ({"overrides": {2: {"dpo": {"beta": -1}}}}, ["overrides.2.dpo.beta: ", "-1"]),
    "override of what all rounds share": (
        {"overrides": {2: {"data": {"seed": 1}}}},
        ["overrides.2.data: unknown key", "Known keys: search, pairs, dpo"],
    ),
    "override of the machine": ({"overrides": {2: {"search": {"shards": 2}}}}, ["overrides.2.search.shards: unknown"]),
    "override that does not fit the rest": (
        {"overrides": {2: {"dpo": {"micro_batch_size": 5}}}},
        ["overrides.2: ", "micro_batch_size 5 does not divide batch_size 16"],
    ),
    "name that is no directory": ({"name": "../x"}, ["name: ", "pattern", "'../x'"]),
    "nothing": (None, ["valid dictionary", "None"]),
    "list": ([1], ["valid dictionary", "[1]"]),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_value_is_refused_with_key_value_and_what_is_allowed(case):
    values, fragments = BAD[case]
    with pytest.raises(ConfigError) as caught:
        parse(Study, {"name": "x", **values} if isinstance(values, dict) else values)
    for fragment in ["config: invalid configuration", *fragments]:
        assert fragment in str(caught.value)


def test_every_bad_key_is_named_at_once():
    with pytest.raises(ConfigError) as caught:
        parse(Study, {"rounds": -1, "data": {"jaccard": 2}, "colour": "red"}, "a.yaml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "a.yaml: invalid configuration"
    assert [line.split(":")[0].strip() for line in lines[1:]] == ["name", "rounds", "data.jaccard", "colour"]
    assert lines[1].strip() == "name: required, but missing"


def test_a_loaded_study_does_not_change():
    study = Study(name="x")
    with pytest.raises(ValidationError):
        study.rounds = 3
    with pytest.raises(ValidationError):
        study.dpo.beta = 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [1", "not YAML"),
        (b"name: \xff", "not YAML"),
        (b"", "valid dictionary"),
        (b"rounds: 1", "name: required"),
    ],
)
def test_an_unreadable_study_file_is_named(tmp_path, content, message):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        load_study(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_study_file_and_a_directory_are_named(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read \(No such file"):
        load_study(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_study(tmp_path)


def test_an_exponent_without_a_point_is_a_number(tmp_path):
    """YAML 1.1 reads 1e-4 as text."""
    path = tmp_path / "study.yaml"
    path.write_text("name: x\ndpo: {learning_rate: 1e-4}\n")
    assert load_study(path).dpo.learning_rate == 1e-4


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("vllm serve Qwen/Qwen2.5-Coder-7B-Instruct --port $port", r"\$policy must stand in the command"),
        ("vllm serve --port 8000", r"\$policy and \$port must stand in the command"),
        ("vllm serve {policy} --port {port}", r"\$policy and \$port must stand in the command"),
        ("vllm serve '$policy --port $port", "No closing quotation"),
    ],
)
def test_a_command_that_cannot_serve_every_policy_is_refused(command, message):
    with pytest.raises(ConfigError, match=rf"model\.serve: .*{message}"):
        parse(Study, {"name": "x", "model": {"engine": "openai", "serve": command}})


def test_a_round_sees_its_overrides_and_the_study_otherwise():
    given = {"dpo": {"beta": 0.05}, "search": {"rollouts": 6}}
    study = parse(
        Study, {"name": "x", "dpo": {"patience": 2}, "overrides": {2: {"dpo": {"beta": 0.05, "patience": None}}}}
    )
    assert study.of_round(1) == study.model_copy(update={"overrides": {}})
    second = study.of_round(2)
    assert (second.dpo.beta, second.dpo.patience) == (0.05, None)
    assert second.dpo.model_copy(update={"beta": 0.1, "patience": 2}) == study.dpo
    assert (second.search, second.pairs, second.evaluation) == (study.search, study.pairs, study.evaluation)
    # Only what was given is kept, also through JSON, by which scripts get the study.
    study = parse(Study, {"name": "x", "overrides": {"2": given}})
    assert study.determinants()["overrides"] == {"2": given}
    assert parse(Study, json.loads(json.dumps(study.model_dump(mode="json")))).of_round(2) == study.of_round(2)
