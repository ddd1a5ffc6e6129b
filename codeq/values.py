"""Python values as type-tagged JSON, the only form in which values cross the sandbox's wall.

``None``, booleans, strings, integers and lists stand for themselves; every other type is an
object ``{"$": tag, "v": ...}``, so that ``1`` and ``1.0``, ``(1,)`` and ``[1]`` stay apart.
This module is also loaded inside the sandbox: it imports the standard library only.
"""

import json
import math
from typing import Any

MAX_DEPTH = 64
_PLAIN = {int, bool, str, type(None)}  # stand for themselves in JSON, but for an int beyond 64 bits


class UnsupportedValue(ValueError):  # noqa: N818 - says what the value is, not what went wrong
    """The value is of a type (or nested more deeply) than the format carries."""


def encode(value: Any, depth: int = 0) -> Any:
    """Turn a value into JSON-serialisable form; exact types only, no subclasses.

    Raises UnsupportedValue for any other type and for nesting deeper than MAX_DEPTH.
    """
    if depth > MAX_DEPTH:
        raise UnsupportedValue(f"nested deeper than {MAX_DEPTH}")
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        # JSON readers limit the digits of an int; hexadecimal is exact and unlimited.
        return value if -(2**63) <= value < 2**63 else {"$": "int", "v": hex(value)}
    if kind is float:
        return {"$": "float", "v": repr(value)}
    if kind is list:
        if set(map(type, value)) == {int} and min(value) >= -(2**63) and max(value) < 2**63 and depth < MAX_DEPTH:
            return value[:]  # the same as below, at once
        return [encode(item, depth + 1) for item in value]
    if kind is tuple:
        return {"$": "tuple", "v": [encode(item, depth + 1) for item in value]}
    if kind is dict:
        return {"$": "dict", "v": [[encode(k, depth + 1), encode(v, depth + 1)] for k, v in value.items()]}
    if kind in (set, frozenset):
        items = [encode(item, depth + 1) for item in value]
        return {"$": kind.__name__, "v": sorted(items, key=lambda item: json.dumps(item, sort_keys=True))}
    raise UnsupportedValue(f"type {kind.__name__} cannot leave the sandbox")


def decode(data: Any, depth: int = 0) -> Any:
    """The inverse of `encode`. Raises UnsupportedValue on anything `encode` cannot have written."""
    if depth > MAX_DEPTH:
        raise UnsupportedValue(f"nested deeper than {MAX_DEPTH}")
    if data is None or isinstance(data, (bool, str, int)):
        return data
    if isinstance(data, list):
        if _PLAIN.issuperset(map(type, data)) and depth < MAX_DEPTH:
            return data[:]
        return [decode(item, depth + 1) for item in data]
    if isinstance(data, dict) and set(data) == {"$", "v"}:
        tag, body = data["$"], data["v"]
        try:
            if tag == "int" and isinstance(body, str):
                return int(body, 16)
            if tag == "float" and isinstance(body, str):
                return float(body)
            if tag in ("tuple", "set", "frozenset") and isinstance(body, list):
                items = [decode(item, depth + 1) for item in body]
                return {"tuple": tuple, "set": set, "frozenset": frozenset}[tag](items)
            if tag == "dict" and isinstance(body, list):
                return {decode(k, depth + 1): decode(v, depth + 1) for k, v in body}
        except (TypeError, ValueError) as error:
            raise UnsupportedValue(f"malformed {tag}: {error}") from error
    raise UnsupportedValue(f"not an encoded value, but a {type(data).__name__}")


def dumps(value: object) -> str:
    """`encode` and write as one line of JSON."""
    return json.dumps(encode(value), ensure_ascii=False, separators=(",", ":"))


def loads(text: str) -> Any:
    """Read what `dumps` wrote. Raises UnsupportedValue on malformed text."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also an int of too many digits
        raise UnsupportedValue(f"not JSON: {error}") from error
    return decode(data)


def same(left: Any, right: Any) -> bool:
    """Equality with exact types at every level; NaN equals NaN, ``1`` does not equal ``True``."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return left == right or bool(math.isnan(left) and math.isnan(right))
    if isinstance(left, (list, tuple)):
        types = list(map(type, left))
        if _PLAIN.issuperset(types):
            return bool(left == right) and types == list(map(type, right))
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, (dict, set, frozenset)):
        return canonical(left) == canonical(right)
    return bool(left == right)


def canonical(value: object) -> str:
    """A text that two values share exactly when they are the `same`."""
    return json.dumps(_sorted(encode(value)))


def _sorted(data: Any) -> Any:
    """Order the entries of encoded dicts, whose insertion order carries no meaning, and unify the zeros."""
    if isinstance(data, list):
        return [_sorted(item) for item in data]
    if isinstance(data, dict):
        body = "0.0" if data == {"$": "float", "v": "-0.0"} else _sorted(data["v"])
        ordered = data["$"] not in ("dict", "set", "frozenset")
        return {"$": data["$"], "v": body if ordered else sorted(body, key=json.dumps)}
    return data
