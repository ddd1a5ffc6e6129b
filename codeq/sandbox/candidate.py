"""The candidate's side of the wall: run one request and write one line per step.

Loaded inside the sandbox by path, beside `codeq/values.py`; standard library only. The code under
test shares this process and may change anything in it, so nothing written here is believed by the
host. What the candidate can replace (``json``, ``os``, builtins) is bound before it starts, so that
an honest value still leaves unharmed.
"""

import builtins
import importlib
import json
import os
import random
import sys
import types
import typing

FILE = "<candidate>"
RECURSION_LIMIT = 10_000  # about what 64 MiB of stack carry through functions written in C
MESSAGE_CHARACTERS = 500

# As on LeetCode, these modules need no import, and neither do the public names of the first seven.
_OPENED = ("typing", "collections", "math", "heapq", "bisect", "functools", "itertools")
_MODULES = (*_OPENED, "copy", "operator", "random", "re", "string", "sys")
_SIZED = (str, list, tuple, dict, set, frozenset)


def prelude() -> None:
    """Prepare what every candidate starts from: the recursion limit, and names.

    The names that LeetCode solutions take for granted become builtins, not globals: a candidate's own
    globals then hold what it defined and nothing else, and no name that Python has (``pow``) is replaced.
    """
    modules = {name: importlib.import_module(name) for name in _MODULES}
    sys.setrecursionlimit(RECURSION_LIMIT)
    names: dict[str, object] = dict(modules)
    for module in (modules[name] for name in _OPENED):
        public = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        names.update({name: getattr(module, name) for name in public if name not in names})
    names["deepcopy"] = modules["copy"].deepcopy
    for name, value in names.items():
        if not hasattr(builtins, name):
            setattr(builtins, name, value)


class MissingError(Exception):
    """The program defines no such entry point."""


class Harness:
    """Runs one request; `values` is the module of that name."""

    def __init__(self, values: types.ModuleType, descriptor: int, frame_bytes: int) -> None:
        self._encode, self._decode = values.encode, values.loads
        self._unsupported = values.UnsupportedValue
        self._dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
        self._seed = random.seed
        self._write, self._descriptor, self._frame_bytes = os.write, descriptor, frame_bytes

    def run(self, request: dict[str, typing.Any]) -> None:
        """Load the program, call it on each list of arguments, say that all is done."""
        self._seed(0)  # Python seeds anew after a fork
        call = self._load(request["code"], request["entry_point"], request["kind"])
        if call is None:
            return
        step = 0
        for arguments in request["arguments"]:
            step += 1
            try:
                value = call(self._decode(arguments))
            except BaseException as error:
                self._send(step, "error", _describe(error))
            else:
                self._send_value(step, value)
        self._send(step + 1, "end", None)

    def _load(self, code: str, entry_point: str, kind: str) -> typing.Callable[[list[typing.Any]], object] | None:
        """Compile and execute the program; None, after saying why, when there is nothing to call."""
        try:
            compiled = compile(code, FILE, "exec", dont_inherit=True)
        except BaseException as error:  # SyntaxError; ValueError, RecursionError or MemoryError on odd text
            line = error.lineno if isinstance(error, SyntaxError) else None
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            self._send(0, "syntax_error", [type(error).__name__, message[:MESSAGE_CHARACTERS], line])
            return None
        module = types.ModuleType("__candidate__")
        sys.modules["__candidate__"] = module
        try:
            exec(compiled, module.__dict__)
            call = _caller(module.__dict__, entry_point, kind)
        except MissingError as error:
            self._send(0, "missing", str(error))
            return None
        except BaseException as error:
            self._send(0, "failed", _describe(error))
            return None
        self._send(0, "loaded", None)
        return call

    def _send_value(self, step: int, value: object) -> None:
        if type(value) in _SIZED and len(value) > self._frame_bytes:  # type: ignore[arg-type]
            self._send(step, "oversize", None)
            return
        try:
            detail = self._encode(value)
            line = self._dumps([step, "value", detail]) if _fits(detail, self._frame_bytes) else ""
        except self._unsupported as error:
            self._send(step, "unsupported", str(error)[:MESSAGE_CHARACTERS])
        except MemoryError:
            self._send(step, "oversize", None)
        except BaseException:  # a type that misbehaves while it is looked at
            self._send(step, "unsupported", "the value cannot be read")
        else:
            if 0 < len(line) <= self._frame_bytes:
                self._put(line)
            else:
                self._send(step, "oversize", None)

    def _send(self, step: int, outcome: str, detail: object) -> None:
        self._put(self._dumps([step, outcome, detail]))

    def _put(self, line: str) -> None:
        data = memoryview(line.encode() + b"\n")
        while data:
            data = data[self._write(self._descriptor, data) :]


def _fits(data: object, budget: int) -> bool:
    """Whether encoded data can be shorter than so many bytes; looks no further than it must."""
    rest = [data]
    while rest and budget >= 0:
        item = rest.pop()
        if type(item) is str:
            budget -= len(item)
        elif type(item) is list:
            budget -= len(item)
            rest += item if budget >= 0 else ()
        elif type(item) is dict:
            rest.append(item["v"])
    return budget >= 0


def _caller(names: dict[str, typing.Any], entry_point: str, kind: str) -> typing.Callable[[list[typing.Any]], object]:
    """A function of the argument list that does what the kind of program asks for."""
    owner = "Solution" if kind == "method" else entry_point
    if owner not in names or (kind == "method" and not hasattr(names[owner], entry_point)):
        what = {"function": "function", "method": "method Solution.", "operations": "class"}[kind]
        raise MissingError(f"the program defines no {what}{'' if kind == 'method' else ' '}{entry_point}")
    target = names[owner]
    if kind == "function":
        return lambda arguments: target(*arguments)
    if kind == "method":
        return lambda arguments: getattr(target(), entry_point)(*arguments)
    return lambda arguments: _operate(target, *arguments)


def _operate(target: typing.Any, names: list[str], argument_lists: list[list[object]]) -> list[object]:
    instance = target(*argument_lists[0])
    calls = zip(names[1:], argument_lists[1:], strict=True)
    return [None, *(getattr(instance, name)(*arguments) for name, arguments in calls)]


def _describe(error: BaseException) -> list[object]:
    """Type, message and line of an exception; each of them may be the candidate's own code."""
    line = None
    try:
        traceback = error.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == FILE:
                line = traceback.tb_lineno
            traceback = traceback.tb_next
        message = str.__getitem__(str(error), slice(MESSAGE_CHARACTERS))
        return [str.__getitem__(type(error).__name__, slice(MESSAGE_CHARACTERS)), message, line]
    except BaseException:
        return ["Exception", "its message cannot be read", line]
