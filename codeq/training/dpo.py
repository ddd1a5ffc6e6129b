"""Direct Preference Optimization (Rafailov et al. 2023) of a LoRA adapter, with exact log-probabilities.

Written against TRL 0.29.1. Its DPOTrainer takes log-probabilities at three places (the policy and the
inline reference in `_compute_loss`, the precomputed reference in `compute_ref_log_probs`), all from the
logits as the model returns them: in bfloat16 they are rounded to about three digits, so that the loss
does not even start at ln 2. `Fp32LogitsDPOTrainer` takes all three from `codeq.training.logps`.
"""

import importlib.util
import json
import logging
import os
import resource
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import torch
import transformers
from datasets import Dataset
from peft import LoraConfig, PeftModel
from safetensors.torch import load_file, save_file
from torch.nn.functional import logsigmoid
from trl import DPOConfig, DPOTrainer

from codeq import tables
from codeq.config import DpoSettings
from codeq.errors import TrainingError
from codeq.identity import digest
from codeq.models import tokenizers
from codeq.training import checkpoints
from codeq.training.batches import COLUMNS, REFERENCE, FixedBatches, PairCollator, dataset
from codeq.training.data import encode, hold_out, require
from codeq.training.logps import Completions, completion_logps, detach_head
from codeq.training.policy import load_model
from codeq.training.reference import against_search, attach, score_all
from codeq.training.stops import BEST, Stops, exhausted

logger = logging.getLogger("codeq.training")

# Metrics that differ between equal trainings.
MEASURED = ("tokens_per_second", "peak_memory_gib")


class Fp32LogitsDPOTrainer(DPOTrainer):  # type: ignore[misc]
    """DPOTrainer whose log-probabilities, of policy and reference alike, come from float32 logits.

    The data sets carry token ids and pair ids (`codeq.training.batches.dataset`) and are used as they stand; their
    micro-batches keep their members (see `FixedBatches`), so that policy and stored reference see equal shapes.
    The reference is the model without its adapter. With `precompute_ref_log_probs` it is computed here only if the
    data sets do not bring it, and never cached: TRL's cache is keyed on data and weights alone, and silently reuses
    stale values when, say, `max_length` changes. The loss is the sigmoid loss of the paper (eq. 7).

    The model loses its output head (see `codeq.training.logps`). Raises TrainingError if there is no adapter, if the
    arguments ask for another loss, and at every stop of `codeq.training.stops`.
    """

    def __init__(
        self, model: Any, args: DPOConfig, peft_config: Any = None, patience: int | None = None, **options: Any
    ) -> None:
        if peft_config is None and not isinstance(model, PeftModel):
            raise TrainingError("the policy needs an adapter (peft_config); its reference is the policy without it")
        wanted = (["sigmoid"], "reverse_kl", None, False)
        if (args.loss_type, args.f_divergence_type, args.ld_alpha, args.use_weighting) != wanted:
            raise TrainingError("only the sigmoid loss of DPO, with reverse KL and without weights, is computed here")
        # Before super().__init__, which already precomputes the reference.
        self.head = detach_head(model)
        self.stops = Stops(patience)
        self.seconds = 0.0  # in training steps since the last log
        collator = PairCollator(pad_token_id=options["processing_class"].pad_token_id)
        super().__init__(model, args=args, peft_config=peft_config, data_collator=collator, **options)
        self.add_callback(self.stops)
        self.remove_callback(transformers.PrinterCallback)

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _set_signature_columns_if_needed(self) -> None:
        self._signature_columns = [*COLUMNS, *REFERENCE]

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        if not set(REFERENCE) <= set(dataset.column_names):
            device = self.accelerator.device
            to_device = transformers.BatchEncoding
            scores = score_all(
                pl.DataFrame(dataset.to_dict()),
                batch_size,
                self.processing_class.pad_token_id,
                lambda batch: self.compute_ref_log_probs(to_device(batch).to(device)),
            )
            for column, values in zip(REFERENCE, scores, strict=True):
                dataset = dataset.add_column(column, values)
        return dataset

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> FixedBatches:
        data = self.train_dataset if train_dataset is None else train_dataset
        return FixedBatches(len(data), self.args.train_batch_size, self.args.seed)

    def compute_ref_log_probs(self, inputs: Any) -> tuple[torch.Tensor, torch.Tensor]:
        # TRL precomputes outside autocast what training computes inside; enter it where it is switched on.
        with torch.no_grad(), self.accelerator.autocast(), self.model.disable_adapter():
            chosen, rejected = self._completions(self.model, inputs).logps.chunk(2)
        return chosen, rejected

    def _completions(self, model: Any, inputs: Any) -> Completions:
        ids = self._truncate_inputs(inputs["input_ids"], inputs["attention_mask"], inputs["completion_mask"])
        self.head = self.head.to(ids[0].device)
        return completion_logps(model, self.head, *ids)

    def _compute_loss(self, model: Any, inputs: dict[str, Any], return_outputs: bool) -> Any:
        done = self._completions(model, inputs)
        chosen, rejected = done.logps.chunk(2)
        stored = self.precompute_ref_logps
        reference = [inputs[name] for name in REFERENCE] if stored else self.compute_ref_log_probs(inputs)
        rewards = self.beta * (chosen - reference[0]), self.beta * (rejected - reference[1])
        margins = rewards[0] - rewards[1]
        losses = -logsigmoid(margins)
        if self.model.training:
            self.stops.see(self.args, self.state, inputs["pair_id"], losses.detach())
        tokens = inputs["attention_mask"].sum(1).float().chunk(2)
        self._record(
            {
                "rewards/chosen": rewards[0],
                "rewards/rejected": rewards[1],
                "rewards/margins": margins,
                "rewards/accuracies": (margins.sign() + 1) / 2,  # a tie is chance
                "logps/chosen": chosen,
                "logps/rejected": rejected,
                "entropy": torch.stack(done.entropy.chunk(2)).mean(0),
                "mean_token_accuracy": done.accuracy.chunk(2)[0],  # of the chosen completions
                "tokens": tokens[0] + tokens[1],
            }
        )
        return (losses.mean(), {}) if return_outputs else losses.mean()

    def _record(self, metrics: dict[str, torch.Tensor]) -> None:
        """Keep the values of each pair, shape (pairs,), of all processes; TRL's log averages them."""
        table = torch.stack([values.detach() for values in metrics.values()], dim=1)
        mode = "train" if self.model.training else "eval"
        for name, values in zip(metrics, self.accelerator.gather_for_metrics(table).T.tolist(), strict=True):
            self._metrics[mode][name] += values

    def training_step(self, *arguments: Any, **options: Any) -> torch.Tensor:
        start = time.perf_counter()
        loss: torch.Tensor = super().training_step(*arguments, **options)
        self.seconds += time.perf_counter() - start
        return loss

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        tokens = self._metrics["train"].get("tokens", [])
        if self.model.training and tokens:
            measured = dict(zip(MEASURED, (sum(tokens) / self.seconds, _peak_memory()), strict=True))
            logs = {**logs, "pairs": len(tokens), **measured}
            self.seconds = 0.0
        super().log(logs, start_time)

    def evaluation_loop(self, *arguments: Any, **options: Any) -> Any:
        # TRL logs its metrics but does not return them, where the choice of the best checkpoint would find them.
        output = super().evaluation_loop(*arguments, **options)
        output.metrics.update({f"eval_{key}": sum(each) / len(each) for key, each in self._metrics["eval"].items()})
        return output

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """TRL writes a card into every checkpoint; ours are temporary."""


def train(
    pairs: pl.DataFrame,
    reference: pl.DataFrame,
    base: Path,
    out: Path,
    settings: DpoSettings,
    seed: int,
    *,
    policy: str,
    checkpoint_directory: Path,
    minimum: int = 1,
    conditions: Mapping[str, object] | None = None,
) -> pl.DataFrame:
    """Train a LoRA adapter of the policy in `base` on the table `pairs`; returns the table `training_curve`.

    The adapter of the best evaluation on held-out problems (by reward accuracy, the earliest of equals) is
    saved in `out`. The curve holds every optimiser step and every evaluation; at step 0 the steps that are planned
    and the counts of pairs trained on, held out and dropped; at the kept step ``best/<metric>``. `reference` is the
    table of `codeq.training.reference` for the policy whose manifest has the digest `policy`.

    The base is frozen in `settings.dtype`, the adapter is float32, and autocast is off, so that the policy
    starts out equal to the reference. Gradient checkpointing is on where there is a GPU; on a CPU it
    would cost time (a second forward pass) to save memory that is not short.

    A checkpoint is written at every evaluation, below `checkpoint_directory`. A training that was killed goes on from
    the last one, if all that determines it is the same: pairs, policy, settings, seed, processes and `conditions`
    (versions of code and packages). The caller removes the directory when all is written.

    Under `accelerate launch`, every process calls this; the first one saves the adapter.

    Raises TrainingError, saving nothing, if fewer than `minimum` pairs can be trained on, problems are too few, the
    reference is stale, a value is not finite, reward accuracy is under chance, or training leaves the adapter
    unchanged.
    """
    tokenizer = tokenizers.load(base)
    encoded, dropped = encode(pairs, tokenizer, settings.max_length)
    require(encoded, minimum, dropped)
    training, held_out = attach(hold_out(encoded, settings.eval_fraction), reference, settings, policy)
    counts: dict[str, float] = {"train_pairs": training.height, "eval_pairs": held_out.height, **dropped}
    logger.info("pairs: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))
    counts |= against_search(pl.concat([training, held_out]), settings.reference_tolerance)

    transformers.set_seed(seed)  # the adapter is initialised at random
    determinants = [settings.determinants(), seed, policy, _processes(), reference.rows(), dict(conditions or {})]
    directory = (checkpoint_directory / digest("dpo", *determinants)[:16]).resolve()
    if _rank() == 0:
        checkpoints.clean(directory)
    state = checkpoints.state(directory)
    if state is None or not exhausted(state, settings.patience):
        trainer = Fp32LogitsDPOTrainer(
            load_model(base, settings.dtype),
            args=_arguments(settings, seed, str(directory), name=out.parent.as_posix()),
            train_dataset=dataset(training),
            eval_dataset=dataset(held_out),
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=settings.lora_r,
                lora_alpha=settings.lora_alpha,
                lora_dropout=settings.lora_dropout,
                target_modules=list(settings.target_modules),
                task_type="CAUSAL_LM",
            ),
            patience=settings.patience,
        )
        resumed = checkpoints.last(directory)
        if resumed:
            logger.info("goes on from %s", resumed)
        trainer.train(resume_from_checkpoint=str(resumed) if resumed else None)
        state = checkpoints.state(directory)
    assert state is not None
    if _rank() == 0:
        _save(Path(state.best_model_checkpoint), out)
    return _curve(counts, state)


def _arguments(settings: DpoSettings, seed: int, directory: str, name: str) -> DPOConfig:
    cuda = torch.cuda.is_available()
    together = settings.micro_batch_size * _processes()
    if settings.batch_size % together:
        raise TrainingError(
            f"dpo.batch_size {settings.batch_size} cannot be divided among {_processes()} processes in micro-batches "
            f"of {settings.micro_batch_size}: choose dpo.micro_batch_size so that it can"
        )
    if settings.logger != "none" and importlib.util.find_spec(settings.logger) is None:
        raise TrainingError(
            f"dpo.logger is {settings.logger!r}, but there is no such package here: pip install it, or set it to none"
        )
    return DPOConfig(
        output_dir=directory,
        beta=settings.beta,
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        warmup_steps=settings.warmup_ratio,  # below 1, a share of all steps
        per_device_train_batch_size=settings.micro_batch_size,
        per_device_eval_batch_size=settings.micro_batch_size,
        gradient_accumulation_steps=settings.batch_size // together,
        gradient_checkpointing=cuda,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        precompute_ref_log_probs=True,
        # TRL switches off the dropout of adapters too.
        disable_dropout=settings.lora_dropout == 0,
        max_length=settings.max_length,
        bf16=False,
        seed=seed,
        data_seed=seed,
        eval_strategy="steps",
        save_strategy="steps",
        eval_steps=settings.eval_steps,
        save_steps=settings.eval_steps,
        save_total_limit=2,  # the last and the best
        metric_for_best_model=BEST,
        greater_is_better=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        dataloader_pin_memory=cuda,
        report_to=settings.logger,
        project="codeq",
        run_name=name,
        disable_tqdm=True,
        use_cpu=not cuda,
    )


def _curve(counts: Mapping[str, float], state: transformers.TrainerState) -> pl.DataFrame:
    """The trainer's log as the table `training_curve`."""
    known = {**counts, "max_steps": state.max_steps}
    start = [{"step": 0, "metric": name, "value": float(count)} for name, count in known.items()]
    rows = [
        {"step": row["step"], "metric": name, "value": float(value)}
        for row in state.log_history
        for name, value in row.items()
        if name not in ("step", "epoch") and not name.endswith(("_runtime", "_samples_per_second", "_steps_per_second"))
    ]
    best = {"step": state.best_global_step, "metric": f"best/{BEST}", "value": state.best_metric}
    return tables.frame("training_curve", [*start, *rows, best])


def _save(checkpoint: Path, out: Path) -> None:
    """Write the adapter of a checkpoint so that equal adapters give equal bytes, wherever they were trained."""
    weights = load_file(checkpoint / "adapter_model.safetensors")
    if not any(weight.any() for name, weight in weights.items() if "lora_B" in name):
        raise TrainingError(
            f"step {checkpoint.name.removeprefix('checkpoint-')}: training left the adapter unchanged (every lora_B is "
            "zero): raise dpo.learning_rate or dpo.epochs; nothing was saved"
        )
    config = json.loads((checkpoint / "adapter_config.json").read_text())
    config["base_model_name_or_path"] = ""  # else a local path
    config["target_modules"] = sorted(config["target_modules"])  # a set, in any order
    out.mkdir(parents=True, exist_ok=True)
    save_file(weights, out / "adapter_model.safetensors", metadata={"format": "pt"})
    (out / "adapter_config.json").write_text(json.dumps(config, indent=2, sort_keys=True))


def _rank() -> int:
    return int(os.environ.get("RANK", 0))


def _processes() -> int:
    return int(os.environ.get("WORLD_SIZE", 1))


def _peak_memory() -> float:
    """Most memory in use so far, in GiB: of the GPU, or resident where there is none."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
