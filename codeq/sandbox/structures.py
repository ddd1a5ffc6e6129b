"""LeetCode's data structures: built from plain arguments, and read back from what a program returns.

Loaded inside the sandbox by path, beside `candidate`; standard library only. A program may define these
classes anew, so results are read by their attributes (``val``, ``next``, ...), whatever their class.
Plain forms are LeetCode's: a linked list is the list of its values; a binary tree is listed level by level,
None where a child is missing and no None at the end; None is the empty list and the empty tree.
"""

import typing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence

MOST_NODES = 100_000  # of one result; a tree with a cycle never ends

_Node = typing.Any  # of the class below, or of a program's own
_Plain = typing.Any


class ListNode:
    def __init__(self, val: _Plain = 0, next: _Node = None) -> None:
        self.val, self.next = val, next


class TreeNode:
    def __init__(self, val: _Plain = 0, left: _Node = None, right: _Node = None) -> None:
        self.val, self.left, self.right = val, left, right


class Node:
    """Of a tree with any number of children per node."""

    def __init__(self, val: _Plain = None, children: "list[_Node] | None" = None) -> None:
        self.val, self.children = val, children


class QuadNode:
    """The ``Node`` of problems on quad trees."""

    def __init__(  # the names that LeetCode gives them
        self,
        val: _Plain,
        isLeaf: _Plain,  # noqa: N803
        topLeft: _Node,  # noqa: N803
        topRight: _Node,  # noqa: N803
        bottomLeft: _Node,  # noqa: N803
        bottomRight: _Node,  # noqa: N803
    ) -> None:
        self.val, self.isLeaf = val, isLeaf
        self.topLeft, self.topRight, self.bottomLeft, self.bottomRight = topLeft, topRight, bottomLeft, bottomRight


class CustomFunction:
    """A hidden function of two positive numbers, strictly increasing in both, by its number 1..9."""

    _FORMULAS: tuple[Callable[[int, int], int], ...] = (
        lambda x, y: x + y,
        lambda x, y: x * y,
        lambda x, y: x * x + y,
        lambda x, y: x + y * y,
        lambda x, y: x * x + y * y,
        lambda x, y: (x + y) ** 2,
        lambda x, y: x**3 + y**3,
        lambda x, y: x * x * y,
        lambda x, y: x * y * y,
    )

    def __init__(self, number: int) -> None:
        if not 1 <= number <= len(self._FORMULAS):
            raise ValueError(f"there is no function {number}, only 1 to {len(self._FORMULAS)}")
        self._formula = self._FORMULAS[number - 1]

    def f(self, x: int, y: int) -> int:
        return self._formula(x, y)


def linked_list(values: Sequence[_Plain]) -> ListNode | None:
    head = None
    for value in reversed(values):
        head = ListNode(value, head)
    return head


def linked_lists(lists: Sequence[Sequence[_Plain]]) -> list[ListNode | None]:
    return [linked_list(values) for values in lists]


def cyclic_list(pair: tuple[Sequence[_Plain], int]) -> ListNode | None:
    """From ``[values, position]``: the last node leads back to the one at `position`, or to none if that is -1."""
    values, position = pair
    if not -1 <= position < len(values):
        raise ValueError(f"a list of {len(values)} nodes has none at {position}")
    head = linked_list(values)
    if position >= 0:
        nodes = list(_chain(head))
        nodes[-1].next = nodes[position]
    return head


def binary_tree(levels: Sequence[_Plain]) -> TreeNode | None:
    if not levels:
        return None
    nodes = [] if levels[0] is None else [TreeNode(levels[0])]
    rest = iter(levels[1:])
    for node in nodes:  # goes on while the list grows
        for side in ("left", "right"):
            value = next(rest, None)
            if value is not None:
                nodes.append(TreeNode(value))
                setattr(node, side, nodes[-1])
    if not nodes or next(rest, levels) is not levels:
        raise ValueError("a tree lists children of no node")
    return nodes[0]


def wide_tree(levels: Sequence[_Plain]) -> Node | None:
    """From the root's value, then the values of each node's children, a None before each node's group."""
    if not levels:
        return None
    nodes = [Node(levels[0], [])]
    parents = iter(nodes)  # goes on while the list grows
    parent = None
    for value in levels[1:]:
        if value is None:
            parent = next(parents, None)
        elif parent is None or parent.children is None:
            raise ValueError("a tree lists children of no node")
        else:
            nodes.append(Node(value, []))
            parent.children.append(nodes[-1])
    return nodes[0]


def _chain(head: _Node) -> Iterator[_Node]:
    """The nodes of a linked list. Raises ValueError if it does not end."""
    seen: set[int] = set()
    while head is not None:
        if id(head) in seen:
            raise ValueError("the linked list has a cycle")
        if len(seen) == MOST_NODES:
            raise ValueError(f"the linked list has more than {MOST_NODES} nodes")
        seen.add(id(head))
        yield head
        head = head.next


def levels(root: _Node, children: Callable[[_Node], Sequence[_Node]]) -> Iterator[_Node]:
    """The nodes of a tree level by level, missing children included. Raises ValueError if there is no end to them."""
    waiting = deque([root])
    for _ in range(2 * MOST_NODES):
        if not waiting:
            return
        node = waiting.popleft()
        yield node
        if node is not None:
            waiting.extend(children(node))
    raise ValueError(f"the tree has a cycle, or more than {MOST_NODES} nodes")


def list_values(head: _Node) -> list[_Plain]:
    return [node.val for node in _chain(head)]


def tree_values(root: _Node) -> list[_Plain]:
    nodes = list(levels(root, lambda node: (node.left, node.right)))
    while nodes and nodes[-1] is None:
        nodes.pop()
    return [None if node is None else node.val for node in nodes]


def quad_values(root: _Node) -> list[_Plain]:
    """A quad tree as ``[isLeaf, val]`` per node, level by level; a leaf's four missing children are left out.

    Both are 0 or 1; the value of an inner node, which is free, is 1.
    """

    def children(node: _Node) -> Sequence[_Node]:
        below = (node.topLeft, node.topRight, node.bottomLeft, node.bottomRight)
        return () if node.isLeaf and below == (None,) * 4 else below

    return [
        None if node is None else [int(bool(node.isLeaf)), int(bool(node.val or not node.isLeaf))]
        for node in levels(root, children)
    ]


def as_json(value: _Plain) -> _Plain:
    """What JSON makes of a result: tuples are lists, at every level; None is an empty list at the top."""

    def lists(item: _Plain) -> _Plain:
        return [lists(each) for each in item] if isinstance(item, list | tuple) else item

    return [] if value is None else lists(value)


def listed(value: _Plain) -> _Plain:
    """A list of whatever can be iterated, as LeetCode reads it; a text, a dict and the rest stay as they are."""
    return list(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes | dict) else value


def nested_lists(value: _Plain) -> _Plain:
    """The same, two levels deep."""
    rows = listed(value)
    return [listed(row) for row in rows] if isinstance(rows, list) else rows


def without_void(methods: Sequence[str]) -> Callable[[_Plain, list[_Plain]], _Plain]:
    """Reads what operations after the constructor returned; a void method's result is None, whatever it was."""
    return lambda returned, arguments: [
        None if name in methods else result for name, result in zip(arguments[0][1:], returned, strict=True)
    ]


BUILDERS: dict[str, Callable[[_Plain], _Plain]] = {
    "": lambda plain: plain,
    "ListNode": linked_list,
    "ListNode[]": linked_lists,
    "CyclicListNode": cyclic_list,
    "TreeNode": binary_tree,
    "Node": wide_tree,
    "CustomFunction": CustomFunction,
}
#: Functions of what the program returned and of its arguments, which it may have changed.
READERS: dict[str, Callable[[_Plain, list[_Plain]], _Plain]] = {
    "": lambda returned, arguments: returned,
    "[]": lambda returned, arguments: listed(returned),
    "[][]": lambda returned, arguments: nested_lists(returned),
    "list": lambda returned, arguments: as_json(returned),
    "boolean": lambda returned, arguments: bool(returned),
    "boolean[]": lambda returned, arguments: [bool(item) for item in returned],
    "ListNode": lambda returned, arguments: list_values(returned),
    "ListNode[]": lambda returned, arguments: [list_values(head) for head in returned],
    "TreeNode": lambda returned, arguments: tree_values(returned),
    "QuadNode": lambda returned, arguments: quad_values(returned),
    "argument 0": lambda returned, arguments: arguments[0],
    # LeetCode looks at that prefix alone: a count beyond the end of the argument makes no difference.
    "prefix 0": lambda returned, arguments: arguments[0][:returned],
}


class Signature:
    """How a program's arguments are built and its result is read, by the names of `Program`."""

    def __init__(self, parameters: Sequence[str], returns: str) -> None:
        """Raises ValueError for a name that is not among `BUILDERS` or `READERS`.

        For operations, "void" and names in `returns` say which methods return nothing, as LeetCode declares them.
        """
        for name in parameters:
            if name not in BUILDERS:
                raise ValueError(f"unknown type of parameter {name!r}; use one of {sorted(BUILDERS)}")
        word, *void = returns.split(" ")
        if returns not in READERS and word != "void":
            raise ValueError(f"unknown type of result {returns!r}; use one of {sorted(READERS)} or 'void METHOD ...'")
        self._builders = [BUILDERS[name] for name in parameters]
        self.result = without_void(void) if word == "void" else READERS[returns]
        #: What the program may use without a definition: the nodes of lists and binary trees, and of its own problem.
        self.names: dict[str, type] = {"ListNode": ListNode, "TreeNode": TreeNode}
        if "Node" in parameters or returns == "QuadNode":
            self.names["Node"] = QuadNode if returns == "QuadNode" else Node

    def arguments(self, plain: list[_Plain]) -> list[_Plain]:
        """Raises ValueError or TypeError for arguments that cannot be built, or are not as many as the parameters."""
        if not self._builders:
            return plain
        return [build(argument) for build, argument in zip(self._builders, plain, strict=True)]
