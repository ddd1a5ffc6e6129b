"""Every hyperparameter of a study, with its default, unit and source.

The defaults are the published values of the CodeQ study where it gives one; "CodeQ" below means
its project pages, "TRL" and "PEFT" the defaults of those libraries, "own" our choice. The unit of a
dimensionless number is "1"; a setting without a unit is no quantity. A mistyped key, a wrong type or
an impossible value raises ConfigError before any rule is planned.
"""

import shlex
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, TypeVar, get_args

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_serializer,
    model_validator,
)

from codeq.errors import ConfigError

Mode = Literal["single_pass", "best_of_n", "line_edits", "refine", "mcts_no_critic", "mcts"]
Category = Literal["syntax", "reference", "logic", "multiple"]


def setting(
    default: Any, description: str, *, unit: str = "", source: str = "own", machine: bool = False, **bounds: Any
) -> Any:
    """A documented field; `default=...` makes it required, `machine` says that no result depends on it."""
    extra: dict[str, Any] = {"unit": unit, "source": source} | ({"machine": True} if machine else {})
    return Field(default, description=description, json_schema_extra=extra, **bounds)


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_not_truth_values(cls, value: object, info: ValidationInfo) -> object:
        """Pydantic takes `true` for 1: ``train_bugs: yes`` would ask for a single bug."""
        assert info.field_name is not None
        parts = value if isinstance(value, list | tuple) else [value]
        if cls.model_fields[info.field_name].annotation is not bool and any(isinstance(part, bool) for part in parts):
            raise ValueError("true and false are not allowed here")
        return value

    def determinants(self) -> dict[str, Any]:
        """The settings on which results depend, as plain data: all but those of the machine."""
        plain = self.model_dump(mode="json", exclude=self._machine())
        return plain | {name: part.determinants() for name, part in self if isinstance(part, Section)}

    def machine(self) -> dict[str, Any]:
        """The settings that say how a machine is used, as plain data."""
        return self.model_dump(mode="json", include=self._machine())

    @classmethod
    def _machine(cls) -> set[str]:
        extra = {name: field.json_schema_extra for name, field in cls.model_fields.items()}
        return {name for name, marks in extra.items() if isinstance(marks, dict) and marks.get("machine")}


class DataSettings(Section):
    source: str = setting(
        "curriculum", "'curriculum' (built in), a directory of DebugBench shards, or a Hugging Face data set id"
    )
    revision: str | None = setting(None, "git revision of the data set when `source` is a hub id")
    language: Literal["python3"] = setting("python3", "programming language of the rows that are used")
    bugs_per_function: int = setting(2, "curriculum: verified bugs injected into each function", unit="bugs", ge=1)
    seed: int = setting(0, "curriculum: seed of the bug stream and of hidden inputs", unit="1", ge=0)
    shingle_words: int = setting(3, "words per shingle in duplicate search", unit="words", ge=1)
    permutations: int = setting(128, "MinHash permutations", unit="permutations", source="datasketch default", ge=16)
    jaccard: float = setting(
        0.8, "verified Jaccard similarity from which two bugs are duplicates", unit="1", gt=0, le=1
    )
    test_problems: int = setting(123, "problem clusters in the evaluation set", unit="clusters", source="CodeQ", ge=1)
    train_bugs: int | None = setting(None, "cap on training bugs; null uses all", unit="bugs", ge=1)


class ModelSettings(Section):
    base: str = setting("Qwen/Qwen2.5-Coder-7B-Instruct", "hub id or directory of policy 0", source="CodeQ")
    revision: str | None = setting(None, "git revision when `base` is a hub id")
    prompt: Literal["instruct", "minimal"] = setting(
        "instruct", "'instruct': the published rewrite prompt; 'minimal': the program alone (mini model)"
    )
    dtype: Literal["bfloat16", "float32"] = setting("bfloat16", "weights and activations while sampling")
    quantization: Literal["none", "nf4"] = setting("nf4", "weights while sampling", source="CodeQ")
    batch_tokens: int = setting(
        65536, "padded prompt and completion tokens sampled together", unit="tokens", machine=True, ge=1
    )
    engine: Literal["transformers", "openai"] = setting(
        "transformers", "what samples: the model in the job's own process, or the server that `serve` starts"
    )
    serve: str = setting(
        "vllm serve $policy --port $port",
        "engine openai: command that serves a policy's directory at a free port, OpenAI-compatible",
    )

    @field_validator("serve")
    @classmethod
    def _serves_this_policy(cls, command: str) -> str:
        missing = sorted({"policy", "port"} - set(Template(command).get_identifiers()))
        if missing:
            raise ValueError(f"${' and $'.join(missing)} must stand in the command: every job serves its own policy")
        shlex.split(command)  # a ValueError where a quotation is not closed
        return command


class SandboxSettings(Section):
    backend: Literal["process", "docker"] = setting(
        "process", "where candidates run: a local process, or a container without network"
    )
    memory_mb: int = setting(512, "memory of one candidate", unit="MiB", source="CodeQ", ge=64)
    timeout_s: float = setting(30.0, "hard wall-clock cap of one candidate", unit="s", source="CodeQ", gt=0)
    test_timeout_s: float = setting(
        2.0, "cap on the CPU time of one test, unless ten times its reference's time is more", unit="s", gt=0
    )
    workers: int = setting(2, "candidates executed at once", unit="processes", machine=True, ge=1)


class SearchSettings(Section):
    candidates: int = setting(4, "K: rewrites sampled per expansion", unit="rewrites", source="CodeQ", ge=1)
    rollouts: int = setting(10, "expansions per tree", unit="expansions", source="CodeQ", ge=1)
    depth: int = setting(4, "depth limit of a tree of rewrites; the root is depth 0", unit="edges", ge=1)
    temperature: float = setting(0.8, "sampling temperature of rewrites", unit="1", source="CodeQ", gt=0)
    top_p: float = setting(1.0, "nucleus mass of rewrites", unit="1", gt=0, le=1)
    max_new_tokens: int = setting(1024, "cap on one rewrite", unit="tokens", ge=1)
    exploration: float = setting(1.414, "UCB1 exploration constant", unit="1", source="Auer et al. 2002 (sqrt 2)", ge=0)
    alpha: float = setting(0.5, "weight of q_mcts against q_ai in q", unit="1", source="CodeQ", ge=0, le=1)
    critic: Literal["rubric", "likelihood", "none"] = setting(
        "rubric", "'rubric': the policy scores its rewrite; 'likelihood': its length-normalised probability; 'none'"
    )
    critic_temperature: float = setting(
        0.2, "sampling temperature of the rubric critic", unit="1", source="CodeQ", gt=0
    )
    critic_max_new_tokens: int = setting(256, "cap on one critique", unit="tokens", ge=1)
    stop_when_solved: bool = setting(False, "stop a training tree at its first rewrite that passes")
    live_trees: int = setting(256, "trees whose requests are batched together", unit="trees", machine=True, ge=1)
    shards: int = setting(
        1, "jobs among which the bugs of a search are divided; each loads the policy", unit="jobs", machine=True, ge=1
    )


class PairSettings(Section):
    strategy: Literal["siblings", "best_vs_worst", "mix"] = setting(
        "mix", "which nodes form pairs; 'mix' joins both", source="CodeQ names the first two"
    )
    threshold: float = setting(0.2, "least q(chosen) - q(rejected) of a sibling pair", unit="1", gt=0, le=1)
    max_per_tree: int = setting(8, "pairs kept per tree, widest margin first", unit="pairs", ge=1)
    replay: float = setting(
        0.0, "pairs of earlier rounds that are trained on again, as a share of the round's own", unit="1", ge=0, le=1
    )
    minimum: int = setting(32, "fewer pairs than this stop the study", unit="pairs", ge=1)


class DpoSettings(Section):
    lora_r: int = setting(32, "LoRA rank", unit="1", source="CodeQ", ge=1)
    lora_alpha: int = setting(64, "LoRA scale numerator", unit="1", source="CodeQ", ge=1)
    lora_dropout: float = setting(0.0, "LoRA dropout", unit="1", source="PEFT default", ge=0, lt=1)
    target_modules: tuple[str, ...] = setting(
        ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
        "modules that carry an adapter",
        source="CodeQ",
        min_length=1,
    )
    learning_rate: float = setting(5e-6, "peak learning rate", unit="1", source="CodeQ", gt=0)
    epochs: float = setting(2, "passes over the pairs", unit="epochs", source="CodeQ", gt=0)
    beta: float = setting(0.1, "DPO temperature", unit="1", source="CodeQ; Rafailov et al. 2023", gt=0)
    batch_size: int = setting(16, "pairs per optimiser step", unit="pairs", source="CodeQ", ge=1)
    micro_batch_size: int = setting(1, "pairs per forward pass; divides batch_size", unit="pairs", ge=1)
    warmup_ratio: float = setting(0.1, "share of steps with rising learning rate", unit="1", ge=0, lt=1)
    max_length: int = setting(2048, "longest prompt + completion; longer pairs are dropped", unit="tokens", ge=8)
    eval_fraction: float = setting(
        0.1, "share of training problems held out to choose the checkpoint", unit="1", gt=0, lt=1
    )
    eval_steps: int = setting(25, "optimiser steps between evaluations", unit="steps", ge=1)
    patience: int | None = setting(
        3, "evaluations in a row without better reward accuracy that end training; null: none", unit="evaluations", ge=1
    )
    reference_tolerance: float = setting(
        0.2, "most that reference and search may differ in a completion's log-probability", unit="nats per token", gt=0
    )
    logger: Literal["none", "trackio", "wandb"] = setting("none", "where training is shown as it runs", machine=True)
    dtype: Literal["bfloat16", "float32"] = setting("bfloat16", "weights of the frozen base while training")

    @model_validator(mode="after")
    def _divides(self) -> "DpoSettings":
        if self.batch_size % self.micro_batch_size:
            raise ValueError(f"micro_batch_size {self.micro_batch_size} does not divide batch_size {self.batch_size}")
        return self


class EvaluationSettings(Section):
    modes: tuple[Mode, ...] = setting(
        ("single_pass", "best_of_n", "mcts"), "how each policy is evaluated", min_length=1
    )
    bugs_per_problem: int = setting(
        1, "evaluate at most so many test bugs of each problem", unit="bugs", source="CodeQ", ge=1
    )
    max_bugs: int | None = setting(
        None, "evaluate only the first so many of these (by id); null: all", unit="bugs", ge=1
    )
    shards: int = setting(
        1, "jobs among which the trees of each policy and mode are divided", unit="jobs", machine=True, ge=1
    )


class Partial(Section):
    """Some settings of a section; only those that are given are dumped."""

    @model_serializer(mode="wrap")
    def _given(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in dump(self).items() if name in self.model_fields_set}


def partial(section: type[Section]) -> type[Partial]:
    """A section of which every setting may be left out; settings of the machine are not in it."""
    fields: dict[str, Any] = {
        name: (Annotated[field.annotation, field], None)
        for name, field in section.model_fields.items()
        if name not in section._machine()
    }
    return create_model(section.__name__.replace("Settings", "Overrides"), __base__=Partial, **fields)


# What a round may do in its own way. Data and evaluation are one for all rounds, and so are model and sandbox.
_OVERRIDABLE: dict[str, Any] = {
    name: (kind, Field(default_factory=kind))
    for name, kind in (
        ("search", partial(SearchSettings)),
        ("pairs", partial(PairSettings)),
        ("dpo", partial(DpoSettings)),
    )
}
RoundOverrides: type[Partial] = create_model("RoundOverrides", __base__=Partial, **_OVERRIDABLE)


class Study(Section):
    """One study: everything under ``results/<name>`` follows from it."""

    name: str = setting(..., "directory under results/", pattern=r"^[a-z0-9][a-z0-9._-]*$")
    seeds: tuple[NonNegativeInt, ...] = setting((0,), "study seeds; each runs the whole loop", unit="1", min_length=1)
    rounds: int = setting(2, "rounds of search and training", unit="rounds", source="CodeQ", ge=0)
    data: DataSettings = Field(default_factory=DataSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    search: SearchSettings = Field(default_factory=SearchSettings)
    pairs: PairSettings = Field(default_factory=PairSettings)
    dpo: DpoSettings = Field(default_factory=DpoSettings)
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    overrides: dict[PositiveInt, RoundOverrides] = setting(  # type: ignore[valid-type]  # made by create_model
        {}, "by round: settings of its search of the training bugs, its pairs and its DPO that differ from the study's"
    )

    def of_round(self, number: int) -> "Study":
        """The study as round `number` sees it, its overrides applied; evaluations see the study itself."""
        plain = self.model_dump(exclude={"overrides"})
        for section, changes in self.model_dump()["overrides"].get(number, {}).items():
            plain[section] |= changes
        return Study.model_validate(plain)

    @model_validator(mode="after")
    def _distinct(self) -> "Study":
        for key, values in (("seeds", self.seeds), ("evaluation.modes", self.evaluation.modes)):
            if len(set(values)) != len(values):
                raise ValueError(f"{key} {list(values)} names one twice")
        return self

    @model_validator(mode="after")
    def _rounds_can_be_overridden(self) -> "Study":
        for number in self.overrides:
            if number > self.rounds:
                raise ValueError(f"overrides: round {number} is not one of the {self.rounds} rounds")
            try:
                self.of_round(number)
            except ValidationError as error:
                raise ValueError(f"overrides.{number}: {error.errors()[0]['msg']}") from error
        return self


S = TypeVar("S", bound=Section)


def parse(section: type[S], values: object, where: str = "config") -> S:
    """Validate plain values. Raises ConfigError naming every bad key, its value and what is allowed."""
    try:
        return section.model_validate(values)
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(part) for part in problem["loc"]) or "(whole)"
            if problem["type"] == "extra_forbidden":
                lines.append(f"{key}: unknown key; {_allowed(section, problem['loc'])}")
            elif problem["type"] == "missing":
                lines.append(f"{key}: required, but missing")
            else:
                given = "" if problem["type"] == "value_error" and not problem["loc"] else f", not {problem['input']!r}"
                lines.append(f"{key}: {problem['msg']}{given}")
        raise ConfigError(f"{where}: " + "\n  ".join(["invalid configuration", *lines])) from error


def _allowed(section: type[Section], location: tuple[int | str, ...]) -> str:
    """The keys known at the place where an unknown one stands, the nearest spelling first."""
    from difflib import get_close_matches

    for part in location[:-1]:
        if str(part) not in section.model_fields:
            continue  # the number of a round
        inner = section.model_fields[str(part)].annotation
        section = next(
            kind for kind in (inner, *get_args(inner)) if isinstance(kind, type) and issubclass(kind, Section)
        )
    near = get_close_matches(str(location[-1]), section.model_fields, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}Known keys: {', '.join(section.model_fields)}"


def load(section: type[S], path: Path) -> S:
    """Read and validate a YAML file. Raises ConfigError naming the file, every bad key and what is allowed."""
    try:
        values = yaml.safe_load(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    return parse(section, values, str(path))


def load_study(path: Path) -> Study:
    """Read and validate a study's YAML file."""
    return load(Study, path)


def json_schema() -> dict[str, object]:
    """JSON schema of a study file, for editors and for `workflow/schemas/config.schema.yaml`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Study.model_json_schema()}


if __name__ == "__main__":
    print("# Made by `python -m codeq.config > workflow/schemas/config.schema.yaml`; a test keeps the two in step.")
    print(yaml.safe_dump(json_schema(), sort_keys=False, width=120), end="")
