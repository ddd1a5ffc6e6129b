"""Ids, seeds and code keys depend on content alone."""

import ast
import contextlib
import dataclasses
import hashlib
import inspect
import json
import os
import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeq.data import curriculum
from codeq.identity import code_key, content_id, derive_seed, digest

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(), lambda inner: st.lists(inner, max_size=4)
)

PROGRAM = "def f(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    "same",
    [
        "def f(a, b):\n  return a + b",
        "# adds\ndef f(a, b):  # two numbers\n    # here\n    return a + b",
        "def f(a,b): return a+b",
        "\n\ndef f(\n    a,\n    b,\n):\n    return (a + b)\n\n",
    ],
)
def test_comments_and_layout_do_not_change_the_key_of_a_program(same):
    assert code_key(same) == code_key(PROGRAM)
    assert code_key(PROGRAM).startswith("ast-")


@pytest.mark.parametrize(
    "other",
    [
        "def f(a, b):\n    return a - b\n",
        "def f(a, b):\n    return b + a\n",
        "def f(b, a):\n    return a + b\n",
        "def g(a, b):\n    return a + b\n",
        "def f(a, b):\n    a + b\n",
        'def f(a, b):\n    """Add."""\n    return a + b\n',
    ],
)
def test_another_program_has_another_key(other):
    assert code_key(other) != code_key(PROGRAM)


def test_constants_of_another_type_make_another_program():
    keys = {code_key(f"x = {value}") for value in ("1", "1.0", "True", "'1'", "b'1'", "1j")}
    assert len(keys) == 6


def test_programs_that_do_not_parse_are_equal_when_they_differ_in_white_space_only():
    broken = "def f(a, b)\n    return a + b"
    assert code_key(broken).startswith("text-")
    assert code_key("  def f(a, b)\n\n\treturn  a + b \n") == code_key(broken)
    assert code_key("def f(a, b)\n    return a+b") != code_key(broken)
    assert code_key("def f(a, b) # add\n    return a + b") != code_key(broken)


@pytest.mark.parametrize("text", ["", "\x00", "x = '\ud800'", "(" * 5000, "-" * 20_000 + "1", "x = " + "9" * 5000])
def test_any_text_has_a_key(text):
    assert code_key(text) == code_key(text)
    assert code_key(text) != code_key(text + ";y")


def test_keys_of_the_curriculum_differ_and_ignore_its_layout():
    codes = [problem.code for problem in curriculum.problems(0)]
    assert len({code_key(code) for code in codes}) == len(codes)
    tabbed = [code.replace("    ", "\t") + "\n# end" for code in codes]
    assert [code_key(code) for code in tabbed] == [code_key(code) for code in codes]


def test_programs_share_a_key_exactly_if_ast_dump_says_the_same_of_them():
    """Of the curriculum and of the functions of Python's `dataclasses`, whole and without each of their lines."""
    functions = [each for each in vars(dataclasses).values() if inspect.isfunction(each)]
    own = [inspect.getsource(each) for each in functions if each.__module__ == "dataclasses"]
    found = set()
    for text in [*own, *(problem.code for problem in curriculum.problems(0))]:
        lines = text.splitlines()
        for left_out in range(len(lines) + 1):
            code = "\n".join(lines[:left_out] + lines[left_out + 1 :])
            with contextlib.suppress(SyntaxError):
                found.add((code_key(code), ast.dump(ast.parse(code))))
    keys, dumps = zip(*found, strict=True)
    assert len(found) > 1000
    assert len(set(keys)) == len(set(dumps)) == len(found)


def sha256_of(*parts: object) -> str:
    """The definition, written out: SHA-256 of compact JSON with sorted keys, in UTF-8."""
    text = json.dumps(list(parts), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def test_the_digest_is_that_of_compact_json():
    assert digest() == hashlib.sha256(b"[]").hexdigest()
    assert digest("a", 1, None, ["é"]) == hashlib.sha256('["a",1,null,["é"]]'.encode()).hexdigest()
    assert digest({"b": 1, "a": 2}) == hashlib.sha256(b'[{"a":2,"b":1}]').hexdigest()


def test_a_seed_is_the_upper_63_bits_of_the_digest():
    expected = int.from_bytes(hashlib.sha256(b'["seed",0,"is-prime","bug",7]').digest()[:8], "big") // 2
    assert derive_seed(0, "is-prime", "bug", 7) == expected == 5943919761578349189


def test_an_id_is_its_kind_and_64_bits_of_the_digest():
    expected = hashlib.sha256(b'["bug","is-prime","return 1"]').hexdigest()
    assert content_id("bug", "is-prime", "return 1") == f"bug-{expected[:16]}"


@settings(max_examples=50)
@given(st.lists(PLAIN, max_size=5))
def test_seeds_fit_in_63_bits_and_ids_follow_the_definition(parts):
    seed = derive_seed(*parts)
    assert 0 <= seed < 2**63
    assert seed == int(sha256_of("seed", *parts)[:16], 16) >> 1
    assert content_id("x", *parts) == "x-" + sha256_of("x", *parts)[:16]


@settings(max_examples=50)
@given(st.dictionaries(st.text(), PLAIN, max_size=6), st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_a_dict(values, rng: random.Random):
    items = list(values.items())
    rng.shuffle(items)
    assert content_id("x", dict(items)) == content_id("x", values)
    assert derive_seed({"inner": [dict(items)]}) == derive_seed({"inner": [values]})


@settings(max_examples=50)
@given(PLAIN, PLAIN)
def test_different_parts_get_different_seeds(one, other):
    if json.dumps(one) != json.dumps(other):
        assert derive_seed(one) != derive_seed(other)


def test_parts_are_kept_apart():
    assert len({derive_seed("ab", "c"), derive_seed("a", "bc"), derive_seed("abc"), derive_seed(["ab", "c"])}) == 4
    assert len({derive_seed(1), derive_seed("1"), derive_seed(1.0), derive_seed(True)}) == 4


def test_seeds_spread_evenly():
    """Chi-squared over 64 bins: 4,096 consecutive requests, 99.9 % quantile of 63 degrees of freedom is 103.4."""
    counts = [0] * 64
    for number in range(4096):
        counts[derive_seed(0, "bug", number) >> 57] += 1
    assert sum((count - 64) ** 2 / 64 for count in counts) < 103.4


def test_another_process_with_another_hash_seed_agrees():
    command = "from codeq.identity import *; print(derive_seed({'b': 1, 'a': 2}), code_key('x = {1, 2}'))"
    run = subprocess.run(
        [sys.executable, "-c", command], env={**os.environ, "PYTHONHASHSEED": "5"}, capture_output=True, check=True
    )
    assert run.stdout.decode().split() == [str(derive_seed({"b": 1, "a": 2})), code_key("x = {1, 2}")]
