"""Build the mini model from nothing but the installed Python: corpus, tokenizer, copying, repair.

The shipped weights took 66 minutes of training on one CPU core. The functions of the curriculum
and their near-duplicates are kept out of the corpus.
"""

import copy
import csv
import logging
import random
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from codeq import lineage, stage

if TYPE_CHECKING:
    from codeq.models.mini import pretraining

HELD_OUT = 256  # functions kept for measuring repair


def repairs(codes: list[str], seed: int) -> Iterator[tuple[str, str]]:
    """An endless stream of (buggy, fixed): one bug in five of eight, two in two, three in one."""
    from codeq.data.bugs import inject

    rng = random.Random(seed)
    while True:
        code = rng.choice(codes)
        bug = inject(code, rng.choice((1, 1, 1, 1, 1, 2, 2, 3)), rng)
        if bug is not None:
            yield bug.code, code


def build(recipe: "pretraining.Recipe", out: Path) -> None:
    """Corpus, tokenizer, both phases of training; the model in bfloat16 and its training log."""
    import torch

    from codeq.data import curriculum
    from codeq.data.bugs import inject
    from codeq.models.mini import corpus, pretraining, tokenizer

    log = logging.getLogger("codeq.mini")
    texts = (path.read_text(errors="replace") for path in corpus.source_files())
    own = [problem.code for problem in curriculum.problems(0)]
    codes = corpus.build(texts, exclude=own, min_chars=30, max_chars=260)
    random.Random(recipe.seed).shuffle(codes)
    held_out, codes = codes[:HELD_OUT], codes[HELD_OUT:]
    log.info("corpus: %d functions, %d more held out", len(codes), len(held_out))
    words = tokenizer.train(codes, recipe.vocabulary)
    model = pretraining.new_model(recipe, words)
    log.info("model: %.2f M parameters", model.num_parameters() / 1e6)

    rng = random.Random(1)
    probes = [(bug.code, code) for code in held_out if (bug := inject(code, 1, rng))]

    def save() -> None:
        """Write what there is so far, in bfloat16; training goes on in float32."""
        copy.deepcopy(model).to(torch.bfloat16).save_pretrained(out)
        words.save_pretrained(out)

    def repaired() -> float:
        save()
        return pretraining.repaired(model, words, probes)

    rows = pretraining.pretrain(model, words, repairs(codes, recipe.seed), recipe, repaired)
    save()
    with (out / "training_log.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    lineage.write_manifest(out)


def main() -> None:
    parser = stage.parser(__doc__, settings=False)
    parser.add_argument("--model", type=Path, required=True, help="manifest.json to write; the model lies beside it")
    parser.add_argument("--repair-tokens", type=int, help="tokens of the repair phase (default: the recipe's)")
    parser.add_argument("--copy-tokens", type=int, help="tokens of the copy phase (default: the recipe's)")
    args = parser.parse_args()

    from codeq.models.mini import pretraining

    budgets = {key: value for key, value in vars(args).items() if key.endswith("_tokens") and value is not None}
    recipe = replace(pretraining.Recipe(), **budgets)
    with lineage.record(
        script=__file__, inputs={}, outputs={"model": args.model}, settings=asdict(recipe), seed=recipe.seed
    ):
        build(recipe, args.model.parent)


if __name__ == "__main__":
    stage.run(main)
