"""Time the engine on a model of the 7B's shape with random weights, on a GPU; nothing is downloaded.

    python benchmarks/engine.py --weights bf16 nf4            # Qwen2.5-7B's shape, on the GPU
    python benchmarks/engine.py --shape tiny --weights bf16   # the same code on a CPU

Compared are the driver, with an instant sandbox, against one tree at a time through `model.generate`; and, for equal
prompts and lengths, the engine's static batches against transformers' continuous batching, `generate_batch`. The end
tokens are a share of the vocabulary, so that completions end by chance, at 200 tokens in the mean.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import bitsandbytes
import torch
from mini_search import ROOT, STUDY, TimedEngine
from published_sampling import GenerateEngine
from search_cost import InstantSandbox, tasks
from transformers import GenerationConfig, Qwen2Config, Qwen2ForCausalLM

from codeq.config import SearchSettings
from codeq.identity import derive_seed
from codeq.models import Engine, SampleRequest, tokenizers
from codeq.models.transformers_engine import TransformersEngine
from codeq.search import MODES
from codeq.search.driver import drive

SHAPES: dict[str, dict[str, int]] = {
    "7b": {
        "hidden_size": 3584,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "intermediate_size": 18944,
        "vocab_size": 152064,
    },
    "tiny": {
        "hidden_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 256,
        "vocab_size": 2048,
    },
}
MEAN_LENGTH = 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="7b", help="shape of the model (default: 7b)")
    parser.add_argument("--weights", choices=("bf16", "nf4"), nargs="+", default=["bf16", "nf4"])
    parser.add_argument("--trees", type=int, default=128, help="trees of the driver (default: 128)")
    parser.add_argument("--alone", type=int, default=2, help="trees searched one at a time (default: 2)")
    parser.add_argument("--new-tokens", type=int, default=512, help="cap on one completion (default: 512)")
    parser.add_argument("--batch-tokens", type=int, default=STUDY.model.batch_tokens, help="as model.batch_tokens")
    parser.add_argument("--report", type=Path, default=ROOT / "benchmarks" / "engine.json", help="JSON file to write")
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    card = torch.cuda.get_device_name() if device == "cuda" else "CPU"
    report: dict[str, Any] = {"device": card, "shape": args.shape, "torch": torch.__version__, "tokens_per_second": {}}
    tokenizer = tokenizers.load(str(ROOT / STUDY.model.base))
    settings = SearchSettings(rollouts=2, max_new_tokens=args.new_tokens, critic="likelihood")
    for weights in args.weights:
        model = build(SHAPES[args.shape], device, weights == "nf4")
        found = compare(model, tokenizer, settings, args)
        report["tokens_per_second"][weights] = {name: round(value, 1) for name, value in found.items()}
        print(json.dumps({"weights": weights, **report["tokens_per_second"][weights]}), flush=True)
        del model  # before the next is built beside it
    args.report.write_text(json.dumps(report, indent=2) + "\n")


def compare(model: Any, tokenizer: Any, settings: SearchSettings, args: argparse.Namespace) -> dict[str, float]:
    """Tokens per second of every way."""
    engine = TransformersEngine(model, tokenizer, "random", args.batch_tokens)
    search(engine, 2, 2, settings)  # what the first call costs is no part of it
    requests = [
        SampleRequest(
            ({"role": "user", "content": task.buggy_code},),
            tuple(derive_seed("engine", task.bug_id, k) for k in range(settings.candidates)),
            *(settings.temperature, settings.top_p, settings.max_new_tokens),
        )
        for task in tasks(args.trees // 2)
    ]
    return {
        "driver": search(engine, args.trees, settings.live_trees, settings),
        "one tree at a time": search(GenerateEngine(engine, model, tokenizer), args.alone, 1, settings),
        "static batches": rate(lambda: static(engine, requests)),
        "generate_batch": rate(lambda: continuous(engine, model, requests)),
    }


def build(shape: dict[str, int], device: str, nf4: bool) -> Any:
    """A Qwen2 of that shape with random weights in bfloat16, its linear layers but the last in NF4 if asked for."""
    torch.manual_seed(0)
    config = Qwen2Config(**shape, max_position_embeddings=32768, tie_word_embeddings=False, pad_token_id=0)
    with torch.device(device):
        torch.set_default_dtype(torch.bfloat16)
        model = Qwen2ForCausalLM(config)
        torch.set_default_dtype(torch.float32)
    for layer in model.model.layers if nf4 else ():
        for block in (layer.self_attn, layer.mlp):
            for name, linear in list(block.named_children()):
                if isinstance(linear, torch.nn.Linear):
                    setattr(block, name, quantized(linear, device))
    ends = range(1, shape["vocab_size"], MEAN_LENGTH)
    model.generation_config = GenerationConfig(eos_token_id=list(ends), pad_token_id=0)
    return model.eval()


def quantized(linear: torch.nn.Linear, device: str) -> Any:
    biased = linear.bias is not None
    made = bitsandbytes.nn.Linear4bit(
        linear.in_features, linear.out_features, biased, compute_dtype=torch.bfloat16, quant_type="nf4"
    )
    made.weight = bitsandbytes.nn.Params4bit(linear.weight.data.cpu(), requires_grad=False, quant_type="nf4")
    if biased:
        made.bias = linear.bias
    return made.to(device)


def search(engine: Engine, trees: int, live_trees: int, settings: SearchSettings) -> float:
    """Tokens per second of the driver over so many trees."""
    timed = TimedEngine(engine)
    searches = (MODES["mcts"](task, settings, "minimal", False) for task in tasks(trees))

    def run() -> int:
        for _ in drive(searches, timed, InstantSandbox(), live_trees):
            pass
        return timed.tokens

    return rate(run)


def rate(run: Callable[[], int]) -> float:
    """Tokens, which `run` returns, per second."""
    started = time.perf_counter()
    tokens = run()
    return tokens / (time.perf_counter() - started)


def static(engine: Engine, requests: Sequence[SampleRequest]) -> int:
    return sum(len(completion.token_ids) for answer in engine.sample(requests) for completion in answer)


def continuous(engine: Engine, model: Any, requests: Sequence[SampleRequest]) -> int:
    """The same prompts by `generate_batch`, which has a seed for all but not for each."""
    inputs = [list(engine.render(request.prompt).token_ids) for request in requests for _ in request.seeds]
    first = requests[0]
    config = GenerationConfig(
        do_sample=True,
        temperature=first.temperature,
        top_p=first.top_p,
        top_k=0,
        max_new_tokens=first.max_new_tokens,
        eos_token_id=model.generation_config.eos_token_id,
        pad_token_id=0,
    )
    answers = model.generate_batch(inputs, generation_config=config)
    return sum(len(answer.generated_tokens) for answer in answers.values())


if __name__ == "__main__":
    main()
