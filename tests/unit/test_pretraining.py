"""Pretraining of the mini model, on models small enough to learn in a second."""

import itertools
import math
from dataclasses import replace

import pytest
import torch

from codeq.models.mini import pretraining
from codeq.models.mini.pretraining import IGNORE, Recipe, batches, copy_examples, new_model, pretrain, repair_examples
from codeq.models.mini.tokenizer import train

PAIRS = [
    ("def f(x):\n    return x - 1", "def f(x):\n    return x + 1"),
    ("def g(a, b):\n    return b", "def g(a, b):\n    return a"),
    ("def h(n):\n    return n", "def h(n):\n    return n * 2"),
    ("x = [1, 2", "x = [1, 2]"),
    ("y = 'a", "y = 'a'"),
    ("while z\n    z -= 1", "while z:\n    z -= 1"),
]
TINY = Recipe(vocabulary=290, hidden=32, intermediate=64, layers=2, heads=2, context=128, batch=4, pool=2)


@pytest.fixture(scope="module")
def tokenizer():
    return train([text for pair in PAIRS for text in pair] * 3, TINY.vocabulary)


def recipe(**changes) -> Recipe:
    return replace(TINY, **changes)


def test_the_default_recipe_is_a_model_of_three_to_eight_million_parameters(tokenizer):
    model = new_model(Recipe(), tokenizer)
    assert 3e6 < model.num_parameters() < 8e6
    assert model.config.tie_word_embeddings
    assert (model.config.pad_token_id, model.config.eos_token_id) == (0, 3)
    # Per layer: attention 4 d^2 and its 3 d of bias, feed-forward 3 d f, two norms; then the embeddings and a norm.
    d, f = 256, 704
    assert model.num_parameters() == 4 * (4 * d * d + 3 * d + 3 * d * f + 2 * d) + 1536 * d + d


def test_initial_weights_depend_on_the_seed_alone(tokenizer):
    one, same, other = (new_model(recipe(seed=seed), tokenizer).get_input_embeddings().weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_copy_examples_are_random_tokens_and_their_copy_with_loss_on_the_copy_only(tokenizer):
    lengths = set()
    for ids, labels in itertools.islice(copy_examples(TINY, tokenizer), 300):
        middle = ids.index(2)
        body = ids[1:middle]
        assert ids == [1, *body, 2, *body, 3]
        assert labels == [IGNORE] * (len(body) + 2) + [*body, 3]
        assert all(4 <= token < TINY.vocabulary for token in body)
        lengths.add(len(body))
    assert lengths == set(range(8, 49))


def test_copy_examples_depend_on_the_seed(tokenizer):
    def first(seed):
        return next(copy_examples(recipe(seed=seed), tokenizer))

    assert first(3) == first(3) != first(4)


def test_repair_examples_are_bug_and_fix_with_loss_on_everything(tokenizer):
    found = list(repair_examples(iter(PAIRS), tokenizer))
    assert [tokenizer.decode(ids) for ids, _ in found] == [f"<bug>{buggy}<fix>{fixed}<end>" for buggy, fixed in PAIRS]
    assert all(ids == labels for ids, labels in found)


def test_batches_hold_every_example_once_padded_on_the_right_and_masked():
    examples = [([10 + n] * n, [IGNORE] * (n - 1) + [10 + n]) for n in (3, 9, 4, 1, 8, 2, 5, 7, 6, 10)]
    found = list(batches(iter(examples), recipe(batch=3, pool=3), pad=0))
    seen = []
    for ids, labels in found:
        assert ids.shape == labels.shape
        assert ids.dtype == labels.dtype == torch.int64
        assert (ids != 0).any(dim=0).all()  # no wider than the longest
        for row, label in zip(ids.tolist(), labels.tolist(), strict=True):
            length = row[0] - 10
            assert row == [10 + length] * length + [0] * (len(row) - length)
            assert label == [IGNORE] * (length - 1) + [10 + length] + [IGNORE] * (len(row) - length)
            seen.append(length)
    assert sorted(seen) == list(range(1, 11))
    assert sorted(len(ids) for ids, _ in found) == [1, 3, 3, 3]


def test_similar_lengths_share_a_batch():
    """Nine examples of a pool are sorted, then cut in three."""
    examples = [([1] * n, [1] * n) for n in (9, 1, 5, 2, 8, 4, 3, 7, 6)]
    widths = sorted(ids.shape[1] for ids, _ in batches(iter(examples), recipe(batch=3, pool=3), pad=0))
    assert widths == [3, 6, 9]


def test_batches_come_in_an_order_given_by_the_seed():
    examples = [([n], [n]) for n in range(1, 33)]

    def order(seed):
        return [ids.flatten().tolist() for ids, _ in batches(iter(examples), recipe(batch=1, pool=32, seed=seed), 0)]

    assert order(1) == order(1) != order(2)
    assert sorted(order(1)) == [[n] for n in range(1, 33)]


def endless():
    return itertools.cycle(PAIRS)


def test_the_learning_rate_warms_up_stays_and_falls_to_zero(tokenizer, monkeypatch):
    rates = []

    class Watched(torch.optim.AdamW):
        def step(self, closure=None):
            rates.append(self.param_groups[0]["lr"])
            return super().step(closure)

    monkeypatch.setattr(torch.optim, "AdamW", Watched)
    short = recipe(copy_tokens=1500, repair_tokens=4500, warmup_steps=5, learning_rate=0.01)
    pretrain(new_model(short, tokenizer), tokenizer, endless(), short, lambda: 0.0)

    expected, done = [], 0
    phases = ((copy_examples(short, tokenizer), 1500), (repair_examples(endless(), tokenizer), 4500))
    for examples, tokens in phases:
        limit = done + tokens
        for ids, _ in batches(examples, short, 0):
            left = (6000 - done) / 2000  # the last third
            expected.append(0.01 * min((len(expected) + 1) / 5, 1, left))
            done += int((ids != 0).sum())
            if done >= limit:
                break
    assert rates == pytest.approx(expected)
    assert rates[:5] == pytest.approx([0.002, 0.004, 0.006, 0.008, 0.01])
    assert rates.count(0.01) > len(rates) / 3
    assert rates[-1] < 0.001


def test_the_loss_is_that_of_next_tokens_without_padding_and_prompts_of_copies(tokenizer):
    """The first logged loss equals cross entropy summed by hand over the tokens that carry loss."""
    once = recipe(copy_tokens=1, repair_tokens=0, batch=3, pool=1)
    model = new_model(once, tokenizer)
    total, count = 0.0, 0
    model.train()
    with torch.no_grad():
        for ids, labels in itertools.islice(copy_examples(once, tokenizer), 3):
            logprobs = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
            for position, label in enumerate(labels[1:]):
                if label != IGNORE:
                    total, count = total - logprobs[position, label].item(), count + 1
    rows = pretrain(new_model(once, tokenizer), tokenizer, iter(()), once, lambda: 0.0)
    assert rows[0]["loss"] == pytest.approx(total / count, abs=2e-4)


@pytest.fixture(scope="module")
def trained(tokenizer):
    """A model that has learned some of the pairs by heart, and its training log."""
    short = recipe(copy_tokens=400, repair_tokens=14_000, warmup_steps=10, learning_rate=6e-3)
    model = new_model(short, tokenizer)
    asked = []

    def evaluate():
        asked.append(1)
        return pretraining.repaired(model, tokenizer, PAIRS)

    rows = pretrain(model, tokenizer, endless(), short, evaluate, every=2000)
    return model, rows, len(asked)


def test_a_tiny_model_learns_and_its_log_says_so(trained):
    model, rows, asked = trained
    copying, repairing = ([row for row in rows if row["phase"] == phase] for phase in ("copy", "repair"))
    assert len(copying) + len(repairing) == len(rows)
    assert copying[0]["loss"] == pytest.approx(math.log(TINY.vocabulary), rel=0.1)
    assert repairing[-1]["loss"] < 0.35 * repairing[0]["loss"]
    assert repairing[-1]["repaired"] > repairing[0]["repaired"]
    assert asked == len(repairing)
    tokens = [row["tokens"] for row in rows]
    assert tokens == sorted(tokens)
    assert 14_400 <= tokens[-1] < 14_400 + 4 * 100
    assert {tuple(row) for row in rows} == {("phase", "tokens", "seconds", "loss", "repaired")}
    assert model.lm_head.weight.data_ptr() == model.model.embed_tokens.weight.data_ptr()


@pytest.mark.parametrize("batch", [1, 4, 64])
def test_what_counts_as_repaired_is_what_greedy_decoding_writes(trained, tokenizer, batch):
    """Unseen bugs keep the share below one, bugs learned by heart above zero."""
    model, _, _ = trained
    unseen = [("def k(x):\n    return x", "def k(x):\n    return x + 12"), ("x = [1, 2", "x = [1, 2}"), ("", "x")]
    probes = [*PAIRS, *unseen]
    hits = 0
    model.eval()
    for buggy, fixed in probes:
        prompt = torch.tensor([[1, *tokenizer.encode(buggy), 2]])
        target = [*tokenizer.encode(fixed), 3]
        written = model.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=len(target) + 4, do_sample=False
        )
        hits += written[0, prompt.shape[1] :].tolist() == target
    assert 0 < hits < len(probes)
    assert pretraining.repaired(model, tokenizer, probes, batch) == hits / len(probes)
