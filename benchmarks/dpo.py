"""Time and memory of DPO, CodeQ's trainer against plain TRL: same model, same pairs, stored reference.

On a CPU: a small model whose vocabulary is as large against its width as that of Qwen2.5-7B. Each measurement is a
process of its own, so that its peak memory is its own; the trainers alternate in rounds, and a figure is the median.

With --gpu: a model of the shape of Qwen2.5-7B with random weights, LoRA of rank 32, synthetic pairs of about 700
tokens a sequence, each option by itself. Minutes per round are extrapolated from a few optimiser steps: 2 epochs over
1,352 pairs in batches of 16, the reference of all pairs, and 7 evaluations of a tenth. --tiny runs the same on a CPU
with a tiny shape, to see that it works.
"""

import argparse
import json
import math
import multiprocessing
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import polars as pl
import torch
import transformers
from peft import LoraConfig
from tokenizers import Tokenizer, models
from trl import DPOConfig, DPOTrainer

from codeq.config import DpoSettings
from codeq.lineage.environment import machine
from codeq.training.batches import dataset
from codeq.training.dpo import Fp32LogitsDPOTrainer, _peak_memory

HERE = Path(__file__).parent
ROUNDS, PAIRS, EPOCHS, EVALUATIONS = 3, 1352, 2, 7
PUBLISHED = "published: 19 minutes and 30 to 35 GB on an H100"
CPU = {"vocab_size": 16384, "hidden_size": 256, "intermediate_size": 1024, "num_hidden_layers": 4, "heads": 4}
TINY = {"vocab_size": 512, "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "heads": 2}
QWEN = {"vocab_size": 152064, "hidden_size": 3584, "intermediate_size": 18944, "num_hidden_layers": 28, "heads": 28}


class PlainTRL(DPOTrainer):
    """TRL's trainer on pairs that are encoded."""

    def _prepare_dataset(self, dataset: Any, *_: Any) -> Any:
        return dataset

    # Its own logic hashes 15 GB of weights and keeps a cache; the loop over batches is the same.
    _precompute_ref_logps = Fp32LogitsDPOTrainer._precompute_ref_logps


class Clock(transformers.TrainerCallback):
    """When each optimiser step ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_step_end(self, *_: Any, **__: Any) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
            self.times.append(time.perf_counter())
        else:  # of one thread; unlike the time on the clock, not that of other programs
            self.times.append(time.process_time())


def synthetic(count: int, vocabulary: int, tokens: int) -> pl.DataFrame:
    """Encoded random pairs of about `tokens` tokens a sequence, 55 % of them the prompt; sorted as for training."""
    rng = random.Random(0)

    def ids(mean: float) -> list[int]:
        return [rng.randrange(4, vocabulary) for _ in range(round(mean * rng.uniform(0.8, 1.2)))]

    rows = [
        {
            "pair_id": f"pair-{index}",
            "prompt_ids": ids(0.55 * tokens),
            "chosen_ids": [*ids(0.45 * tokens), 3],
            "rejected_ids": [*ids(0.45 * tokens), 3],
        }
        for index in range(count)
    ]
    return pl.DataFrame(rows).sort(pl.col("prompt_ids").list.len() + pl.col("chosen_ids").list.len())


def measure(
    ours: bool, shape: dict[str, int], dtype: str, steps: int, batch: int, tokens: int, options: dict[str, Any]
) -> dict[str, float]:
    """Seconds per optimiser step (median, without the first), peak memory, seconds of the reference per pair."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        torch.set_num_threads(1)
    shape = dict(shape)
    heads = shape.pop("heads")
    config = transformers.Qwen2Config(
        **shape, num_attention_heads=heads, num_key_value_heads=max(1, heads // 7), tie_word_embeddings=False,
        max_position_embeddings=4096,
    )  # fmt: skip
    torch.manual_seed(0)
    with torch.device(device):
        model = transformers.AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype))
    words = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel({"<pad>": 0, "<end>": 3}, unk_token="<pad>")),
        pad_token="<pad>",
        eos_token="<end>",
    )
    settings = DpoSettings()
    micro = options.get("micro_batch_size", 1)
    pairs = synthetic(batch * steps, shape["vocab_size"], tokens)
    stored = options.get("stored_reference", True)
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with tempfile.TemporaryDirectory() as out:
        clock = Clock()
        made = (Fp32LogitsDPOTrainer if ours else PlainTRL)(
            model,
            args=DPOConfig(
                output_dir=out,
                learning_rate=settings.learning_rate,
                per_device_train_batch_size=micro,
                gradient_accumulation_steps=batch // micro,
                gradient_checkpointing=options.get("gradient_checkpointing", device == "cuda"),
                gradient_checkpointing_kwargs={"use_reentrant": False},
                precompute_ref_log_probs=stored,
                max_length=2048,
                max_steps=steps,
                bf16=False,
                save_strategy="no",
                report_to="none",
                logging_steps=1,
                disable_tqdm=True,
                dataloader_pin_memory=device == "cuda",
                use_cpu=device == "cpu",
            ),
            train_dataset=dataset(pairs),
            processing_class=words,
            peft_config=LoraConfig(
                r=settings.lora_r,
                lora_alpha=settings.lora_alpha,
                target_modules=list(settings.target_modules),
                task_type="CAUSAL_LM",
            ),
            callbacks=[clock],
        )
        made.train()
        peak = _peak_memory()
        reference = math.nan
        if ours:
            batches = [made._prepare_inputs(each) for each in made.get_train_dataloader()]
            start = time.perf_counter()
            for each in batches:
                made.compute_ref_log_probs(each)[0].tolist()
            reference = (time.perf_counter() - start) / pairs.height
    each = [after - before for before, after in zip(clock.times, clock.times[1:], strict=False)]
    return {"seconds_per_step": statistics.median(each), "peak_gib": peak, "reference_seconds_per_pair": reference}


def _child(queue: Any, arguments: tuple[Any, ...]) -> None:
    queue.put(measure(*arguments))


def alone(*arguments: Any) -> dict[str, float]:
    """`measure` in a new process."""
    processes = multiprocessing.get_context("spawn")
    queue = processes.SimpleQueue()
    child = processes.Process(target=_child, args=(queue, arguments))
    child.start()
    child.join()
    if child.exitcode:
        raise SystemExit(f"a measurement ended with exit code {child.exitcode}")
    found: dict[str, float] = queue.get()
    return found


def on_cpu() -> dict[str, Any]:
    rounds: dict[str, list[dict[str, float]]] = {"CodeQ": [], "plain TRL": []}
    for number in range(ROUNDS):
        names = list(rounds) if number % 2 == 0 else list(rounds)[::-1]
        for name in names:
            rounds[name].append(alone(name == "CodeQ", CPU, "float32", 4, 2, 700, {}))
            print(number, name, rounds[name][-1], flush=True)
    ways = {
        name: {key: statistics.median(each[key] for each in found) for key in ("seconds_per_step", "peak_gib")}
        for name, found in rounds.items()
    }
    ratios = {key: ways["CodeQ"][key] / ways["plain TRL"][key] for key in ("seconds_per_step", "peak_gib")}
    return {"shape": CPU, "rounds": rounds, "ways": ways, "ratios": ratios}


def on_gpu(tiny: bool) -> dict[str, Any]:
    shape, dtype, steps, batch, tokens = (TINY, "float32", 2, 4, 60) if tiny else (QWEN, "bfloat16", 4, 16, 700)
    options: dict[str, tuple[bool, dict[str, Any]]] = {
        "CodeQ": (True, {}),
        "CodeQ, micro-batches of 2": (True, {"micro_batch_size": 2}),
        "CodeQ, micro-batches of 4": (True, {"micro_batch_size": 4}),
        "CodeQ, no gradient checkpointing": (True, {"gradient_checkpointing": False}),
        "CodeQ, reference not stored": (True, {"stored_reference": False}),
        "plain TRL": (False, {}),
        "plain TRL, micro-batches of 4": (False, {"micro_batch_size": 4}),
    }
    ways: dict[str, Any] = {}
    for name, (ours, chosen) in options.items():
        found = alone(ours, shape, dtype, steps, batch, tokens, chosen)
        stored = chosen.get("stored_reference", True)
        reference = found["reference_seconds_per_pair"] if ours else ways["CodeQ"]["reference_seconds_per_pair"]
        forward = (PAIRS if stored else 0) + EVALUATIONS * PAIRS / 10
        found["minutes_per_round"] = (found["seconds_per_step"] * EPOCHS * PAIRS / 16 + forward * reference) / 60
        ways[name] = found
        print(name, found, flush=True)
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU, tiny shape"
    return {"shape": shape, "gpu": gpu, "torch": torch.__version__, "ways": ways}


def markdown(report: dict[str, Any]) -> str:
    host, cpu, gpu = report["machine"], report["cpu"], report.get("gpu")
    lines = [
        f"A Qwen2 with a vocabulary of {cpu['shape']['vocab_size']:,} and a width of {cpu['shape']['hidden_size']}, "
        f"float32, pairs of about 700 tokens a sequence, one thread on an {host['cpu']}; medians of {ROUNDS} "
        "alternating rounds:",
        "",
        "| trainer | CPU seconds per optimiser step | peak memory |",
        "| --- | ---: | ---: |",
    ]
    lines += [f"| {n} | {w['seconds_per_step']:.2f} | {w['peak_gib']:.2f} GiB |" for n, w in cpu["ways"].items()]
    ratios = cpu["ratios"]
    lines += [
        "",
        f"CodeQ against plain TRL: {ratios['seconds_per_step']:.2f} times the time, {ratios['peak_gib']:.2f} times the "
        "memory, that of Python and its libraries included.",
    ]
    if gpu:
        lines += [
            "",
            f"The shape of Qwen2.5-7B in bfloat16 with random weights, LoRA of rank 32, on {gpu['gpu']} (torch "
            f"{gpu['torch']}); minutes per round of {PAIRS:,} pairs extrapolated from a few steps ({PUBLISHED}):",
            "",
            "| option | seconds per optimiser step | minutes per round | peak memory |",
            "| --- | ---: | ---: | ---: |",
        ]
        lines += [
            f"| {n} | {w['seconds_per_step']:.2f} | {w['minutes_per_round']:.1f} | {w['peak_gib']:.1f} GiB |"
            for n, w in gpu["ways"].items()
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gpu", action="store_true", help="measure the published shape instead, on a GPU")
    parser.add_argument("--tiny", action="store_true", help="with --gpu: a tiny shape on a CPU; nothing is written")
    parser.add_argument("--out", type=Path, default=HERE / "dpo.json", help="file to write; the .md lies beside it")
    args = parser.parse_args()
    report = json.loads(args.out.read_text()) if args.out.exists() else {}
    if args.gpu:
        report["gpu"] = on_gpu(args.tiny)
        if args.tiny:
            return
    else:
        report |= {"machine": machine(), "cpu": on_cpu()}
    args.out.write_text(json.dumps(report, indent=1) + "\n")
    if "cpu" in report:
        args.out.with_suffix(".md").write_text(markdown(report))


if __name__ == "__main__":
    main()
