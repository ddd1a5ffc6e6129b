"""The candidate's side of the wall: run one request and write one line per step.

Loaded inside the sandbox by path, beside `codeq/values.py` and `structures`; standard library only. The
code under test shares this process and may change anything in it, so nothing written here is believed by the
host. What the candidate can replace (``json``, ``os``, builtins) is bound before it starts, so that
an honest value still leaves unharmed.
"""

import builtins
import importlib
import io
import json
import os
import random
import sys
import types
import typing

FILE = "<candidate>"
# What 64 MiB of stack carry through most functions written in C (map, lru_cache: over 60,000). Deeper recursion, or
# 12,000 levels through a sort's key, ends the process, which is an error too.
RECURSION_LIMIT = 50_000
OVERFLOWS = 3  # of the recursion limit, at about 0.3 s each, after which the remaining tests are not run
MESSAGE_CHARACTERS = 500

# As on LeetCode, these modules need no import, and neither do their public names: of two with one name the later
# module's, and a module rather than a function. LeetCode has typing last, but its Counter is a lesser one.
_OPENED = (
    *("typing", "string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random"),
    *("statistics", "itertools", "functools", "operator", "io", "sys", "json"),
)
_SIZED = (str, list, tuple, dict, set, frozenset)


class _CallableModule(types.ModuleType):
    """A module that is also the function of its name."""

    def __call__(self, *arguments: typing.Any, **named: typing.Any) -> object:
        return vars(self)[self.__name__](*arguments, **named)


def prelude() -> None:
    """Prepare what every candidate starts from: the recursion limit, stdout, and names.

    The names that LeetCode solutions take for granted become builtins, not globals: a candidate's own
    globals then hold what it defined and nothing else, and no name that Python has (``pow``) is replaced.
    """
    sys.setrecursionlimit(RECURSION_LIMIT)
    sys.stdout = io.TextIOWrapper(io.BufferedWriter(_stdout), "utf-8")
    modules = {name: importlib.import_module(name) for name in _OPENED}
    names: dict[str, object] = {}
    for module in modules.values():
        public = getattr(module, "__all__", None) or [name for name in vars(module) if not name.startswith("_")]
        names.update({name: getattr(module, name) for name in public})
    names.update(modules)
    names["bisect"] = _CallableModule("bisect")
    vars(names["bisect"]).update(vars(modules["bisect"]))
    for name, value in names.items():
        if not hasattr(builtins, name):
            setattr(builtins, name, value)


class _Stdout(io.FileIO):
    """Descriptor 1; it remembers whether anything was written to it."""

    written = False

    def write(self, data: typing.Any) -> int:
        self.written = True
        return super().write(data)


_stdout = _Stdout(1, "w", closefd=False)


class MissingError(Exception):
    """The program defines no such entry point."""


class Harness:
    """Runs one request; `values` and `structures` are the modules of these names."""

    def __init__(
        self, values: types.ModuleType, structures: types.ModuleType, descriptor: int, frame_bytes: int
    ) -> None:
        self._encode, self._decode = values.encode, values.loads
        self._unsupported = values.UnsupportedValue
        self._signature = structures.Signature
        self._dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
        self._seed = random.seed
        self._write, self._descriptor, self._frame_bytes = os.write, descriptor, frame_bytes
        self._stdout, self._flush, self._marks = _stdout, sys.stdout.flush, 0

    def run(self, request: dict[str, typing.Any]) -> None:
        """Load the program, call it on each list of arguments, say that all is done."""
        self._seed(0)  # Python seeds anew after a fork
        signature = self._signature(request["parameters"], request["returns"])
        vars(builtins).update(signature.names)
        call = self._load(request["code"], request["entry_point"], request["kind"], signature)
        if call is None:
            return
        step = overflows = 0
        for arguments in request["arguments"]:
            step += 1
            try:
                value = call(self._decode(arguments))
            except BaseException as error:
                self._send(step, "error", _describe(error))
                overflows += isinstance(error, RecursionError)
                if overflows == OVERFLOWS:
                    return
            else:
                self._send_value(step, value)
        self._send(step + 1, "end", None)

    def _load(
        self, code: str, entry_point: str, kind: str, signature: typing.Any
    ) -> typing.Callable[[list[typing.Any]], object] | None:
        """Compile and execute the program; None, after saying why, when there is nothing to call."""
        try:
            compiled = compile(code, FILE, "exec", dont_inherit=True)
        except BaseException as error:  # SyntaxError; ValueError, RecursionError or MemoryError on odd text
            line = error.lineno if isinstance(error, SyntaxError) else None
            message = error.msg if isinstance(error, SyntaxError) else str(error)
            self._send(0, "syntax_error", [type(error).__name__, message[:MESSAGE_CHARACTERS], line])
            return None
        module = types.ModuleType("__main__")  # as on LeetCode: what a program does as a script, it does
        sys.modules["__main__"] = module
        try:
            exec(compiled, module.__dict__)
            call = _caller(module.__dict__, entry_point, kind, signature)
        except MissingError as error:
            self._send(0, "missing", str(error))
            return None
        except BaseException as error:
            self._send(0, "failed", _describe(error))
            return None
        self._send(0, "loaded", None)
        return call

    def _end_output(self, step: int) -> None:
        """Write what the step printed, if anything; then a mark, and one for each silent step before it."""
        try:
            self._flush()
            if self._stdout.written:
                self._stdout.written = False
                self._write(1, b"\x1e" * (step + 1 - self._marks))
                self._marks = step + 1
        except BaseException:  # a stream that the candidate closed or replaced
            pass

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
                self._end_output(step)
                self._put(line)
            else:
                self._send(step, "oversize", None)

    def _send(self, step: int, outcome: str, detail: object) -> None:
        self._end_output(step)
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
            rest += [part for part in item if type(part) in (str, list, dict)] if budget >= 0 else ()
        elif type(item) is dict:
            rest.append(item["v"])
    return budget >= 0


def _caller(
    names: dict[str, typing.Any], entry_point: str, kind: str, signature: typing.Any
) -> typing.Callable[[list[typing.Any]], object]:
    """A function of the plain arguments that does what the kind of program and its signature ask for."""
    owner = "Solution" if kind == "method" else entry_point
    if owner not in names or (kind == "method" and not hasattr(names[owner], entry_point)):
        what = {"function": "function", "method": "method Solution.", "operations": "class"}[kind]
        raise MissingError(f"the program defines no {what}{'' if kind == 'method' else ' '}{entry_point}")
    target = names[owner]

    def call(plain: list[typing.Any]) -> object:
        arguments = signature.arguments(plain)
        function = getattr(target(), entry_point) if kind == "method" else target
        return signature.result(function(*arguments), arguments)

    def operate(plain: list[typing.Any]) -> object:
        methods, argument_lists = plain
        instance = target(*argument_lists[0])
        calls = zip(methods[1:], argument_lists[1:], strict=True)
        results = [getattr(instance, name)(*arguments) for name, arguments in calls]
        return [None, *signature.result(results, plain)]

    return operate if kind == "operations" else call


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
