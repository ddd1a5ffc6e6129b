"""The mini model's tokenizer: byte-exact, with four special tokens and a template that shows the program alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer, Qwen2Config

from codeq.data import curriculum
from codeq.models import mini, tokenizers
from codeq.models.mini.tokenizer import BUG, END, FIX, PAD, train

CODES = [problem.code for problem in curriculum.problems(0)]
VOCABULARY = 700
SPECIAL = (PAD, BUG, FIX, END)


@pytest.fixture(scope="module")
def tokenizer():
    return train(CODES, VOCABULARY)


def save(tokenizer, directory):
    """As in a model directory: the type of the model stands beside the tokenizer."""
    tokenizer.save_pretrained(directory)
    Qwen2Config().save_pretrained(directory)


@pytest.fixture(scope="module", params=["trained", "loaded"])
def either(request, tokenizer, tmp_path_factory):
    """The tokenizer, and the same one saved and loaded again."""
    if request.param == "trained":
        return tokenizer
    directory = tmp_path_factory.mktemp("tokenizer")
    save(tokenizer, directory)
    return tokenizers.load(directory)


def round_trip(tokenizer, text: str) -> str:
    return tokenizer.decode(tokenizer.encode(text, add_special_tokens=False))


def test_every_curriculum_program_comes_back_byte_for_byte(either):
    for code in CODES:
        assert round_trip(either, code) == code


@given(text=st.text(max_size=80).filter(lambda text: not any(word in text for word in SPECIAL)))
def test_any_text_without_a_special_token_comes_back_byte_for_byte(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert all(4 <= token < VOCABULARY for token in ids)
    assert tokenizer.decode(ids) == text


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\t\tx", "a  b ,c . d !", "x\r\ny", "it 's n't", "é→🙂", "_" * 9, "a\n\n\n  b"]
)
def test_blanks_and_signs_are_kept(either, text):
    assert round_trip(either, text) == text


def test_special_tokens_are_the_first_four_ids_and_one_token_each(either):
    for number, token in enumerate(("<pad>", "<bug>", "<fix>", "<end>")):
        assert either.convert_tokens_to_ids(token) == number
        assert either.encode(token, add_special_tokens=False) == [number]
    assert (either.pad_token_id, either.eos_token_id) == (0, 3)
    assert set(either.all_special_ids) == {0, 1, 2, 3}
    assert len(either) == VOCABULARY


def test_nothing_is_added_to_a_text_and_special_tokens_can_be_left_out(either):
    ids = either.encode("x = 1")
    assert not set(ids) & {0, 1, 2, 3}
    assert either.decode([1, *ids, 2, *ids, 3, 0, 0], skip_special_tokens=True) == "x = 1x = 1"


def test_indentation_is_one_token_per_depth_and_digits_stand_alone(either):
    for depth in range(4):
        assert len(either.encode("\n" + "    " * depth)) == 1
    assert [either.decode([token]) for token in either.encode("x10 = 234")] == ["x", "1", "0", " =", " ", "2", "3", "4"]
    names = either.encode("return numbers")
    assert [either.decode([token]) for token in names] == ["return", " numbers"]


def test_the_vocabulary_is_deterministic(tokenizer):
    assert train(CODES, VOCABULARY).get_vocab() == tokenizer.get_vocab()


PROGRAM = "def f(x):\n    return {{ x }}  # {% if %}"


def test_the_prompt_is_the_program_between_bug_and_fix(either):
    prompt = either.apply_chat_template(
        [{"role": "user", "content": PROGRAM}], tokenize=False, add_generation_prompt=True
    )
    assert prompt == f"<bug>{PROGRAM}<fix>"
    encoded = either.apply_chat_template(
        [{"role": "user", "content": PROGRAM}], add_generation_prompt=True, return_dict=True
    )
    assert encoded["input_ids"] == [1, *either.encode(PROGRAM), 2]


def test_only_the_last_user_message_is_shown(either):
    messages = [
        {"role": "system", "content": "Repair it."},
        {"role": "user", "content": "def f(): first"},
        {"role": "assistant", "content": "def f(): second"},
        {"role": "user", "content": PROGRAM},
    ]
    assert either.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) == f"<bug>{PROGRAM}<fix>"
    assert either.apply_chat_template(messages, tokenize=False) == f"<bug>{PROGRAM}"


def test_a_loaded_tokenizer_gives_the_ids_of_training(tokenizer, tmp_path):
    save(tokenizer, tmp_path)
    loaded = tokenizers.load(tmp_path)
    for code in CODES:
        assert loaded(code)["input_ids"] == tokenizer(code)["input_ids"]


def test_auto_tokenizer_agrees_on_the_shipped_model_and_on_what_is_saved_from_it(tokenizer, tmp_path):
    """Servers load with AutoTokenizer, which would take Qwen2's pre-tokenizer for the file's."""
    shipped = Path(mini.__file__).parent / "weights"
    ours = tokenizers.load(shipped)
    save(ours, tmp_path / "merged")
    save(tokenizer, tmp_path / "trained")
    for directory, reference in ((shipped, ours), (tmp_path / "merged", ours), (tmp_path / "trained", tokenizer)):
        theirs = AutoTokenizer.from_pretrained(directory)
        for code in CODES:
            prompt = f"<bug>{code}<fix>"
            assert theirs(prompt)["input_ids"] == reference(prompt, add_special_tokens=False)["input_ids"]
