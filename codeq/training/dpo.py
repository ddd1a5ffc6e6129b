"""Direct Preference Optimization (Rafailov et al. 2023) of a LoRA adapter, with exact log-probabilities.

Written against TRL 0.29.1. Its DPOTrainer takes log-probabilities at three places (the policy and the
inline reference in `_compute_loss`, the precomputed reference in `compute_ref_log_probs`), all from the
logits as the model returns them: in bfloat16 they are rounded to about three digits, so that the loss
does not even start at ln 2. `Fp32LogitsDPOTrainer` raises the logits to float32 where they are made.
"""

import logging
import math
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import torch
import transformers
from datasets import Dataset
from peft import LoraConfig, PeftModel
from torch.utils.data import DataLoader
from trl import DPOConfig, DPOTrainer

from codeq import tables
from codeq.config import DpoSettings
from codeq.errors import TrainingError
from codeq.models import tokenizers
from codeq.training.data import encode, hold_out
from codeq.training.policy import load_model

logger = logging.getLogger("codeq.training")

BEST = "eval_rewards/accuracies"  # the metric that chooses the checkpoint


class Fp32LogitsDPOTrainer(DPOTrainer):  # type: ignore[misc]
    """DPOTrainer whose log-probabilities, of policy and reference alike, come from float32 logits.

    The data set carries token ids (`prompt_ids`, `chosen_ids`, `rejected_ids`) and is used as it stands; its
    micro-batches keep their members (see `FixedBatches`), so that policy and precomputed reference see equal shapes.
    The reference is the model without its adapter, or `ref_model`. Precomputed reference log-probabilities
    are never cached: TRL's cache is keyed on data and weights alone, and silently reuses stale values when,
    say, `max_length` changes.

    Raises TrainingError if neither an adapter nor `ref_model` is given (TRL would then load a reference of
    its own, out of this class's reach), or if a reference log-probability is not finite.
    """

    def __init__(self, model: Any, ref_model: Any = None, peft_config: Any = None, **arguments: Any) -> None:
        if ref_model is None and peft_config is None and not isinstance(model, PeftModel):
            raise TrainingError("the policy needs an adapter (peft_config), or a ref_model to be compared with")
        # Before super().__init__, which already precomputes the reference.
        for network in (model, ref_model):
            if network is not None:
                network.get_output_embeddings().register_forward_hook(_raise_to_fp32)
        super().__init__(model, ref_model=ref_model, peft_config=peft_config, **arguments)

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, name: str, batch_size: int) -> Dataset:
        loader = self.accelerator.prepare(DataLoader(dataset, batch_size, collate_fn=self.data_collator))
        batches = [self.accelerator.gather_for_metrics(self.compute_ref_log_probs(batch)) for batch in loader]
        for column, parts in zip(("ref_chosen_logps", "ref_rejected_logps"), zip(*batches, strict=True), strict=True):
            logps = torch.cat(parts).cpu()
            if not logps.isfinite().all():
                raise TrainingError(
                    f"step 0: {int((~logps.isfinite()).sum())} of {len(logps)} reference log-probabilities of the "
                    f"{name} pairs are NaN or infinite: the weights of the policy are damaged; rebuild it"
                )
            dataset = dataset.add_column(column, logps.numpy())
        return dataset

    def _get_train_sampler(self, train_dataset: Dataset | None = None) -> "FixedBatches":
        data = self.train_dataset if train_dataset is None else train_dataset
        return FixedBatches(len(data), self.args.train_batch_size, self.args.seed)

    def compute_ref_log_probs(self, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        # TRL precomputes outside autocast what training computes inside; enter it where it is switched on.
        with self.accelerator.autocast():
            return super().compute_ref_log_probs(inputs)  # type: ignore[no-any-return]

    def evaluation_loop(self, *arguments: Any, **options: Any) -> Any:
        # TRL logs its metrics but does not return them, where the choice of the best checkpoint would find them.
        output = super().evaluation_loop(*arguments, **options)
        output.metrics.update({f"eval_{key}": sum(each) / len(each) for key, each in self._metrics["eval"].items()})
        return output

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """TRL writes a card into every checkpoint; ours are temporary."""


def _raise_to_fp32(module: torch.nn.Module, inputs: Any, logits: torch.Tensor) -> torch.Tensor:
    return logits.float()


class FixedBatches(torch.utils.data.Sampler[int]):
    """Indices 0..length-1 in blocks of `size` neighbours; each epoch shuffles the blocks, never their members.

    The rounding of a sequence's log-probability depends on the padding of its batch. With fixed blocks the
    reference is computed on the very batches of training, and neighbours of similar length waste little
    padding. A last, shorter block stays last.
    """

    def __init__(self, length: int, size: int, seed: int) -> None:
        self.length, self.size, self.seed, self.epoch = length, size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[int]:
        full = self.length // self.size
        order = random.Random(f"{self.seed} {self.epoch}").sample(range(full), full)
        for block in [*order, full]:
            yield from range(block * self.size, min((block + 1) * self.size, self.length))


class Watch(transformers.TrainerCallback):  # type: ignore[misc]
    """Keeps the training curve, logs it, and stops training at the first value that is not finite."""

    def __init__(self) -> None:
        self.rows: list[dict[str, object]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        # Without times, so that equal trainings give equal curves.
        values = {
            name: float(value)
            for name, value in logs.items()
            if not name.endswith(("_runtime", "_per_second", "_flos", "epoch"))
        }
        self.rows += [{"step": state.global_step, "metric": name, "value": value} for name, value in values.items()]
        logger.info(
            "step %d/%d: %s", state.global_step, state.max_steps, ", ".join(f"{k} {v:.4g}" for k, v in values.items())
        )
        for name in ("loss", "grad_norm", "eval_loss"):
            if not math.isfinite(values.get(name, 0.0)):
                raise TrainingError(
                    f"step {state.global_step}: {name} is {values[name]}. Try a lower dpo.learning_rate, a higher "
                    "dpo.warmup_ratio or dpo.dtype float32; nothing was saved"
                )


def train(pairs: pl.DataFrame, base: Path, out: Path, settings: DpoSettings, seed: int) -> pl.DataFrame:
    """Train a LoRA adapter of the policy in `base` on the table `pairs`; returns the table `training_curve`.

    The adapter of the best evaluation on held-out problems (by reward accuracy, the earliest of equals) is
    saved in `out`. The curve holds every optimiser step and every evaluation; at step 0 the counts of pairs
    trained on, held out and dropped, and at the kept step ``best/<metric>``.

    The base is frozen in `settings.dtype`, the adapter is float32, and autocast is off, so that the policy
    starts out equal to the reference. Gradient checkpointing is on where there is a GPU; on a CPU it
    would cost time (a second forward pass) to save memory that is not short.

    Raises TrainingError, saving nothing, if pairs or problems are too few, if a value is not finite, or if
    training leaves the adapter unchanged.
    """
    tokenizer = tokenizers.load(base)
    encoded, dropped = encode(pairs, tokenizer, settings.max_length)
    training, held_out = hold_out(encoded, settings.eval_fraction)
    counts = {"train_pairs": training.height, "eval_pairs": held_out.height, **dropped}
    logger.info("pairs: %s", ", ".join(f"{name} {count}" for name, count in counts.items()))

    transformers.set_seed(seed)  # the adapter is initialised at random
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="codeq-dpo-") as checkpoints:
        trainer = Fp32LogitsDPOTrainer(
            load_model(base, settings.dtype),
            args=_arguments(settings, seed, checkpoints, training.height, held_out.height),
            train_dataset=_dataset(training),
            eval_dataset=_dataset(held_out),
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=settings.lora_r,
                lora_alpha=settings.lora_alpha,
                lora_dropout=settings.lora_dropout,
                target_modules=list(settings.target_modules),
                task_type="CAUSAL_LM",
            ),
            callbacks=[watch],
        )
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        best = {"step": trainer.state.best_global_step, "metric": f"best/{BEST}", "value": trainer.state.best_metric}
    _save(trainer.model, out)
    start = [{"step": 0, "metric": name, "value": float(count)} for name, count in counts.items()]
    return tables.frame("training_curve", [*start, *watch.rows, best])


def _arguments(settings: DpoSettings, seed: int, checkpoints: str, training: int, held_out: int) -> DPOConfig:
    cuda = torch.cuda.is_available()
    steps = math.ceil(settings.epochs * math.ceil(training / settings.batch_size))
    eval_steps = min(settings.eval_steps, steps)
    # TRL averages metrics over batches: only equal batches give the mean over pairs.
    eval_batch = max(size for size in range(1, settings.micro_batch_size + 1) if held_out % size == 0)
    return DPOConfig(
        output_dir=checkpoints,
        beta=settings.beta,
        learning_rate=settings.learning_rate,
        num_train_epochs=settings.epochs,
        warmup_steps=settings.warmup_ratio,  # below 1, a share of all steps
        per_device_train_batch_size=settings.micro_batch_size,
        per_device_eval_batch_size=eval_batch,
        gradient_accumulation_steps=settings.batch_size // settings.micro_batch_size,
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
        eval_steps=eval_steps,
        save_steps=eval_steps,
        save_total_limit=1,
        save_only_model=True,
        load_best_model_at_end=True,
        metric_for_best_model=BEST,
        greater_is_better=True,
        logging_steps=1,
        logging_nan_inf_filter=False,
        dataloader_pin_memory=cuda,
        report_to="none",
        disable_tqdm=True,
    )


def _dataset(pairs: pl.DataFrame) -> Dataset:
    return Dataset.from_dict(pairs.select("prompt_ids", "chosen_ids", "rejected_ids").to_dict(as_series=False))


def _save(model: PeftModel, out: Path) -> None:
    """Write the adapter so that equal adapters give equal bytes, wherever they were trained."""
    if not any(weight.any() for name, weight in model.named_parameters() if "lora_B" in name):
        raise TrainingError(
            "training left the adapter unchanged (every lora_B is zero): raise dpo.learning_rate or dpo.epochs; "
            "nothing was saved"
        )
    config = model.peft_config["default"]
    config.base_model_name_or_path = ""  # None would be filled in with a local path
    config.target_modules = sorted(config.target_modules)  # a set would be written in any order
    model.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)  # PEFT's blank model card, which names a local path
