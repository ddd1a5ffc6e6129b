"""One problem of the curriculum, and the decorator that makes a function or class into one."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal, TypeVar

from codeq import values
from codeq.data.curriculum.inputs import Draw
from codeq.errors import DataError
from codeq.identity import derive_seed

Level = Literal["easy", "medium", "hard"]
Arguments = list[Any]
Reference = TypeVar("Reference", bound=Callable[..., Any])

HIDDEN, FEWEST_HIDDEN = 16, 12
_DRAWS = 500


@dataclass(frozen=True)
class Problem:
    """A function (or class) to repair, with the inputs of its tests.

    `public` and `hidden` hold one argument list per test; of kind "operations" an argument list is
    ``[names, arglists]``, where the first name is the class and the first arglist its constructor's.
    """

    problem_id: str
    statement: str
    level: Level
    code: str
    entry_point: str
    kind: Literal["function", "operations"]
    public: tuple[Arguments, ...]
    hidden: tuple[Arguments, ...]
    module: str
    reference: Callable[..., Any] = field(repr=False, compare=False)
    draw: Callable[[Random], Arguments] = field(repr=False, compare=False)

    def with_hidden(self, seed: int) -> "Problem":
        """This problem with HIDDEN distinct hidden inputs, none of them public, drawn from (seed, problem_id).

        Raises DataError where the generators yield fewer than FEWEST_HIDDEN.
        """
        rng = Random(derive_seed(seed, self.problem_id))
        seen = {values.dumps(arguments) for arguments in self.public}
        hidden: list[Arguments] = []
        for _ in range(_DRAWS):
            arguments = self.draw(rng)
            if (key := values.dumps(arguments)) not in seen:
                seen.add(key)
                hidden.append(arguments)
            if len(hidden) == HIDDEN:
                break
        if len(hidden) < FEWEST_HIDDEN:
            raise DataError(f"{self.module}: {self.entry_point} has {len(hidden)} hidden inputs; widen its generators")
        return replace(self, hidden=tuple(hidden))


REGISTRY: dict[str, Problem] = {}


def problem(
    level: Level, *, examples: Sequence[Arguments], inputs: Sequence[Draw] | Draw
) -> Callable[[Reference], Reference]:
    """Register the decorated function or class as a problem; its docstring is the statement.

    `examples` are the arguments of the public tests. `inputs` generate the hidden ones: one generator
    per parameter, or a single generator of whole argument lists (always so for a class).
    Raises DataError, when the module is imported, if the docstring is missing, the name is taken, or
    there are not 2 to 4 different examples.
    """

    def register(reference: Reference) -> Reference:
        name, module = reference.__name__, reference.__module__
        slug, statement = slug_of(name), inspect.getdoc(reference) if reference.__doc__ else None
        if not statement:
            raise DataError(f"{module}: {name} has no docstring; state the problem in one or two sentences")
        if slug in REGISTRY:
            raise DataError(f"{module}: {name} is already a problem of {REGISTRY[slug].module}; rename one")
        if not 2 <= len({values.dumps(arguments) for arguments in examples}) == len(examples) <= 4:
            raise DataError(f"{module}: {name} has {len(examples)} examples; give 2 to 4 different ones")
        draw = inputs if callable(inputs) else _each(inputs)
        kind: Literal["function", "operations"] = "operations" if inspect.isclass(reference) else "function"
        REGISTRY[slug] = Problem(
            problem_id=slug,
            statement=" ".join(statement.split()),
            level=level,
            code=canonical_code(inspect.getsource(reference)),
            entry_point=name,
            kind=kind,
            public=tuple(examples),
            hidden=(),
            module=module,
            reference=reference,
            draw=draw,
        )
        return reference

    return register


def slug_of(name: str) -> str:
    """``bank_account`` and ``BankAccount`` both become ``bank-account``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().replace("_", "-")


def canonical_code(source: str) -> str:
    """One definition without decorators, docstrings and comments, laid out by `ast.unparse`."""
    definition = ast.parse(textwrap.dedent(source)).body[0]
    for node in ast.walk(definition):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            node.decorator_list = []
            if ast.get_docstring(node) is not None:
                del node.body[0]
    return ast.unparse(definition)


def run(reference: Callable[..., Any], kind: str, arguments: Arguments) -> Any:
    """What a trusted function returns, or the results of the operations on a trusted class (None first).

    The arguments are copied first, so a function that changes them leaves the test as it was.
    """
    arguments = deepcopy(arguments)
    if kind == "function":
        return reference(*arguments)
    names, arglists = arguments
    instance = reference(*arglists[0])
    calls = zip(names[1:], arglists[1:], strict=True)
    return [None, *(getattr(instance, name)(*each) for name, each in calls)]


def _each(inputs: Sequence[Draw]) -> Callable[[Random], Arguments]:
    return lambda rng: [part(rng) for part in inputs]
