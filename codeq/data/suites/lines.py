"""Constraint lines in words and signs: `Reader` turns each into facts.

A line is a chain of comparisons ("1 <= k <= nums.length <= 105") or prose of a known form ("All the values of nums
are unique"). A tree counts as the list of its values, of which "Node.val" is any.
"""

import ast
import re
import string
from collections.abc import Callable, Iterator, Sequence

from codeq.data.suites import terms
from codeq.data.suites.facts import Comparison, Fact, Property, comparisons, solved
from codeq.data.suites.terms import UnreadTerm

_FIELDS = re.compile(r"\b(\w+)\[i\] ?= ?\[(\w+(?:, ?\w+)*)\]")
_TREE = re.compile(r"TreeNode")
_LIST = re.compile(r"^(?:Optional\[)?ListNode")
_NODE = re.compile(r"Node\b")

# Words for alphabets, the longer ones first; what is left of a description must be filler.
_ALPHABETS = (
    (r"(?:uppercase and lowercase |lowercase and uppercase )English letters?", string.ascii_letters),
    (r"(?:lowercase English|English lowercase|lowercase) letters?", string.ascii_lowercase),
    (r"(?:uppercase English|English uppercase|uppercase) letters?", string.ascii_uppercase),
    (r"English letters?", string.ascii_letters),
    (r"digits?(?: 0-9)?", string.digits),
    (r"(?:round )?brackets?|parentheses", "()"),
    (r"any valid ascii characters?", "".join(map(chr, range(32, 127)))),
    (r"spaces?", " "),
)
_FILLER = re.compile(r"(?:only|and|or|and/or|one of the|symbols?|characters?|either|a|of|[\s,:/])*")

# (form of the line, property, whether it holds for the terms together). `t` holds the terms.
_PROSE: tuple[tuple[str, str, bool], ...] = (
    (r"All (?:the )?(?:values of )?(?P<t>\w+)\[i\] are (?:unique|distinct)", "distinct", False),
    (r"All (?:the )?pairs (?P<t>\w+)\[i\] are unique", "distinct", False),
    (r"All (?:the )?pairs \((?P<t>\w+)\[i\]\[0\], \w+\[i\]\[1\]\) are distinct", "distinct", False),
    (r"All (?:the )?(?P<t>points|pairs) are unique|No two (?P<u>pairs|points) are exactly the same", "distinct", False),
    (r"All (?:the )?(?:values|strings|integers) of (?P<t>\w+ and \w+) combined are unique", "distinct", True),
    (r"All values of (?P<t>\w+ and \w+) are unique, and each value can appear only in one.*", "distinct", True),
    (
        r"(?:All )?(?:the )?(?:values|integers|strings|numbers|elements) (?:of|in) (?P<t>\w+(?: and \w+)?)(?: array)? "
        r"are (?:unique|distinct)",
        "distinct",
        False,
    ),
    (r"(?P<t>\w+(?: and \w+)?) consist of unique values", "distinct", False),
    (r"Each (?P<t>\S+) does not contain any duplicate values", "distinct", False),
    (r"Each value (?P<t>\w+)\[i\]\[j\] is unique", "distinct cells", False),
    (r"No letter occurs more than once in any string of (?P<t>\w+ or \w+)", "distinct letters", False),
    (r"There are no (?:repeated|duplicate) (?P<t>edges)", "distinct edges", False),
    (r"The graph is directed and (?P<t>)acyclic", "acyclic", False),
    (r"(?P<t>\w+) represents a valid tree", "tree", False),
    (
        r"(?:Both )?(?P<t>.+) (?:is|are) (?:sorted in )?(?:an? )?(?:ascending order|non-decreasing(?: order)?)",
        "rising",
        False,
    ),
    (
        r"(?:Both )?(?P<t>.+) (?:is|are) (?:sorted in )?(?:an? )?(?:descending order|non-increasing(?: order)?)",
        "falling",
        False,
    ),
    (r"(?P<t>\w+)\[i\] < \w+\[j\] for 1 <= i < j <= \w+\.length", "strictly rising", False),
    (r"(?P<t>.+) (?:does|do|will) not (?:have|contain) any leading (?:zeros|0's)", "no leading zeros", False),
    (r"(?P<t>.+) (?:do not |does not )have leading zeros|(?P<u>.+) have no leading zeros", "no leading zeros", False),
    (r"(?P<t>.+) is (?:an )?even(?: integer)?", "even", False),
    (r"(?P<t>.+) is a power of 2", "power of two", False),
    (
        r"(?P<t>\w+ is in \w+)|It is guaranteed that (?P<v>\w+ exists in \w+)|(?P<u>\w+ equals to an element of \w+)",
        "member",
        True,
    ),
    (r"There are no two adjacent flowers in (?P<t>\w+)", "no adjacent ones", False),
    (r"All the integers of (?P<t>\w+ also appear in \w+)|Each value of (?P<u>\w+ also appears in \w+)", "part", True),
    (r"(?P<t>\w+ is an anagram of \w+)", "anagram", True),
    (
        r"(?:It's guaranteed|The test cases are generated such) that you can reach (?P<t>\w+)\[n - 1\]",
        "end reachable",
        False,
    ),
    (r"There is at least a common string between (?P<t>\w+ and \w+)", "common element", True),
    (r"There will be at most two digits after the decimal point in (?P<t>\w+)", "cents", False),
    (r"Test data are generated such that at least two houses have different (?P<t>colors)", "not all equal", False),
    (r"There is single space between consecutive words", "words", False),
    (
        r"(?P<t>\w+) consists of words separated by a single space without any leading or trailing spaces",
        "words",
        False,
    ),
    (
        r"(?P<t>\w+) begins with a capital letter and then contains lowercase letters and single space.*",
        "sentence",
        False,
    ),
)
# The same for what only the statement says, wherever it says so.
_STATED = (
    (r"two sorted arrays (?P<t>\w+ and \w+)", "rising"),
    (r"(?P<t>head) of a singly linked list where elements are sorted in ascending order", "rising"),
    (r"array of unique strings (?P<t>\w+)", "distinct"),
    (r"All the strings of (?P<t>\w+) are of the same length", "equally long"),
    (r"The (?P<t>order) of the alphabet is some permutation", "distinct"),
    (
        r"\b(?:Given an|There is an|exists an) undirected (?:and unrooted )?tree|cities form a tree|There is a tree",
        "tree",
    ),
    (r"binary search trees?", "search tree"),
)
_FORMS = tuple((re.compile(form, re.I), name, joint) for form, name, joint in _PROSE)
_JOINED = re.compile(
    r",\s*and\s+|,\s*|\s+and\s+|\s+or\s+| is in | exists in | equals to an element of "
    r"| also appears? in | is an anagram of "
)


_Forms = tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], list[Fact]]], ...]


class UnreadLine(ValueError):  # noqa: N818 - says what the line is, not what went wrong
    """No known form fits the line, or it names what is not known."""


class Reader:
    """Reads lines in the scope of one problem."""

    def __init__(self, names: Sequence[str], annotations: Sequence[str], statement: str) -> None:
        self.names = tuple(names)
        self.symbols: dict[str, ast.expr] = {}
        self._trees = [name for name, kind in zip(names, annotations, strict=False) if _TREE.search(kind)]
        self._lists = [name for name, kind in zip(names, annotations, strict=False) if _LIST.search(kind)]
        self._nodes = [name for name, kind in zip(names, annotations, strict=False) if _NODE.search(kind)]
        self._fields = {
            field.strip(): f"{array}[i][{place}]"
            for array, fields in _FIELDS.findall(statement)
            for place, field in enumerate(fields.split(","))
            if array in names
        }
        self._special: _Forms = (
            (
                re.compile(
                    r"The (?:total )?number of (?:the )?nodes (?P<where>.*?)(?:is|will be) (?P<what>n|in the range .*)"
                ),
                self._sizes,
            ),
            (re.compile(r"Each node has a unique value"), self._unique_nodes),
            (re.compile(r"A node with a value of (?P<name>\w+) exists in the tree"), self._present),
            (re.compile(r"The sum of (?P<term>\S+) will not exceed (?P<most>.+)"), self._sum),
            (re.compile(r"(?P<t>\w+)\[i\]\[[01]\] will (?:not )?exist in (?P<to>\w+) when .*"), self._replaced),
            (re.compile(r"Each word consists of (?P<what>.+) and is non-empty"), self._word_letters),
            (re.compile(r"(?P<name>\w+) == 2x where 0 <= x <= (?P<most>\d+)"), self._power),
        )
        # These would fit lines of other forms as well.
        self._general: _Forms = (
            (re.compile(r"(?P<t>.+?) only contains? (?P<what>.+)"), self._alphabet),
            (
                re.compile(r"(?P<t>.+?) (?:consists?|contains?)(?: only)?(?: of)?(?: only)? (?P<what>.+)"),
                self._alphabet,
            ),
            (re.compile(r"All characters in (?P<t>.+) are (?P<what>.+)"), self._alphabet),
            (re.compile(r"(?P<t>.+?) (?:is|are) (?:either )?(?P<what>.+)"), self._choice),
        )

    def define(self, line: str) -> None:
        """Enter the symbols that the equalities of a line give."""
        try:
            found = [fact for fact in self._chain(self._spelled(line)) if fact.sign == "=="]
        except (UnreadTerm, UnreadLine):
            return
        for left, right in [pair for fact in found for pair in ((fact.left, fact.right), (fact.right, fact.left))]:
            got = solved(left, right)
            known = got and terms.names(got[1]) - terms.index_names(got[1]) <= set(self.names)
            if got and known and got[0].isidentifier() and got[0] not in {*self.names, *self.symbols}:
                self.symbols[got[0]] = got[1]

    def facts(self, line: str) -> list[Fact]:
        """What a line says. Raises UnreadLine or UnreadTerm."""
        if not self.names:
            raise UnreadLine(line)
        text = self._spelled(line)
        for form, build in self._special:
            if found := form.fullmatch(text):
                return build(found)
        naming = re.fullmatch(r"(\w+) == \w+\[i\]\[\d\]|\w+\[i\]\[\d\] == (\w+)", line.rstrip())
        if naming and self._fields.keys() & {*naming.groups()}:
            return []  # names a field once more
        for form, name, joint in _FORMS:
            if found := form.fullmatch(text):
                return self._property(found, name, joint)
        if re.search(r"<|==|!=", text):
            return [*self._in_scope(self._chain(text))]
        for form, build in self._general:
            if found := form.fullmatch(text):
                return build(found)
        raise UnreadLine(line)

    def stated(self, statement: str) -> list[tuple[str, Fact]]:
        """What the statement says of the arguments in known words, each with these words."""
        found: list[tuple[str, Fact]] = []
        for form, name in _STATED:
            if said := re.search(form, statement):
                if name == "search tree":
                    about = [f"{tree}.levels" for tree in self._trees]
                elif name == "tree":
                    about = [array for array in ("edges", "roads") if array in self.names]
                else:
                    about = [term for term in _terms(said["t"]) if term in self.names]
                found += [(said[0], Property(name, (terms.read(term),))) for term in about]
        return found

    def _spelled(self, line: str) -> str:
        """The line without its full stop, fields written as subscripts, "Node.val" as values of a parameter."""
        text = line.rstrip(". ").replace("≤", "<=").replace("≥", ">=")
        for field, term in self._fields.items():
            text = re.sub(rf"(?<![\w.'\"]){re.escape(field)}(?!\w)", term, text)
        text = re.sub(r" for (?:all valid i|(?:all|each|every) node.*)$", "", text)
        text = text.replace("Node.val", ", ".join(f"{name}[node]" for name in self._nodes) or "Node.val")
        return re.sub(
            r"(\w+\[i\]) where i is (even|odd)", lambda found: f"{found[1][:-3]}[{int(found[2] == 'odd')}::2]", text
        )

    def _chain(self, text: str) -> list[Comparison]:
        pieces = re.split(r"(<=|>=|==|!=|<|>)", text)
        if len(pieces) < 3:
            raise UnreadLine(text)
        parts = [[terms.read(term) for term in _terms(piece)] for piece in pieces[::2]]
        return list(comparisons(parts, pieces[1::2]))

    def _in_scope(self, facts: Sequence[Comparison]) -> list[Comparison]:
        """The comparisons whose index letters have a range; "nums[i + 1] <= 9" has none, "nums[i] <= 9" says it too.

        Those of two numbers are left out. Raises UnreadLine if a name has no value, or if nothing is left.
        """
        scope = {*self.names, *self.symbols}
        kept: list[Comparison] = []
        for fact in facts:
            named = terms.names(fact.left) | terms.names(fact.right)
            letters = terms.letters(fact.left) | terms.letters(fact.right)
            used = terms.index_names(fact.left) | terms.index_names(fact.right)
            unknown = named - scope - used
            if unknown or any(not base <= scope for side in (fact.left, fact.right) for base in _bases(side)):
                raise UnreadLine(ast.unparse(fact.left))
            if named and used <= letters | scope:
                kept.append(fact)
        if not kept:
            raise UnreadLine(ast.unparse(facts[0].left))
        return kept

    def _term(self, text: str) -> ast.expr:
        """A term in scope. Raises UnreadLine."""
        node = terms.read(text)
        if not terms.names(node) - terms.index_names(node) <= {*self.names, *self.symbols}:
            raise UnreadLine(text)
        return node

    def _property(self, found: re.Match[str], name: str, joint: bool) -> list[Fact]:
        groups = found.groupdict()
        text = next((text for text in groups.values() if text), None)
        if text is None:  # the line names no argument: it is about the only one of its kind
            text = "edges" if name == "acyclic" else self.names[0]
        nodes = [self._term(term) for term in _terms(text)]
        return [Property(name, tuple(nodes))] if joint else [Property(name, (node,)) for node in nodes]

    def _sizes(self, found: re.Match[str]) -> list[Fact]:
        where, what = found["where"], found["what"]
        named = [name for name in self._nodes if re.search(rf"\b{name}\b", where)]
        chosen = named or (self._lists if "list" in where else self._trees if "tree" in where else self._nodes)
        if not chosen:
            raise UnreadLine(found[0])
        lengths = [terms.read(f"{name}.length") for name in chosen]
        if what == "n":
            self.symbols.setdefault("n", lengths[0])
            return []
        ends = re.fullmatch(r"in the range \[(.+), (.+)\]", what)
        if ends is None:
            raise UnreadLine(found[0])
        low, high = terms.read(ends[1]), terms.read(ends[2])
        return list(comparisons([[low], lengths, [high]], ["<=", "<="]))

    def _unique_nodes(self, found: re.Match[str]) -> list[Fact]:
        return [Property("distinct", (self._term(name),)) for name in self._nodes]

    def _present(self, found: re.Match[str]) -> list[Fact]:
        return [Property("member", (self._term(found["name"]), self._term(name))) for name in self._trees]

    def _sum(self, found: re.Match[str]) -> list[Fact]:
        return [Comparison(self._term(f"sum({found['term']})"), "<=", self._term(found["most"]))]

    def _power(self, found: re.Match[str]) -> list[Fact]:
        name = self._term(found["name"])
        return [Property("power of two", (name,)), Comparison(name, "<=", ast.Constant(2 ** int(found["most"])))]

    def _replaced(self, found: re.Match[str]) -> list[Fact]:
        return [Property("replaceable", (self._term(found["to"]), self._term(found["t"])))]

    def _word_letters(self, found: re.Match[str]) -> list[Fact]:
        return [Property("among", (terms.read(self.names[0]),), (" ", *sorted(_alphabet(found["what"]))))]

    def _alphabet(self, found: re.Match[str]) -> list[Fact]:
        what, others = found["what"], list[Fact]()
        nodes = [self._term(term) for term in _terms(re.sub(r"^Each string of ", "", found["t"]))]
        if ended := re.fullmatch(r"(.*) and does not contain leading zeros", what):
            what, others = ended[1], [Property("no leading zeros", (node,)) for node in nodes]
        allowed = _alphabet(what)
        return [Property("among", (node,), tuple(sorted(allowed))) for node in nodes] + others

    def _choice(self, found: re.Match[str]) -> list[Fact]:
        text = found["t"].removeprefix("The values in ")
        what = re.sub(r" \(0-indexed\)$", "", found["what"]).replace("0's or 1's", "0 or 1")
        if ranged := re.fullmatch(r"a digit from '(\d)' to '(\d)'", what):
            allowed: Sequence[object] = [str(digit) for digit in range(int(ranged[1]), int(ranged[2]) + 1)]
        elif re.fullmatch(r"\d+((, | or |, or )\d+)+", what):
            allowed = [int(number) for number in re.findall(r"\d+", what)]
        else:
            allowed = sorted(_alphabet(what))
        return [Property("among", (self._term(term),), tuple(allowed)) for term in _terms(text)]


def _terms(text: str) -> list[str]:
    """The terms of an enumeration, split outside parentheses."""
    depth, cut = 0, ""
    for mark in text:
        depth += (mark in "([") - (mark in ")]")
        cut += ";" if mark == "," and depth else mark
    return [piece.replace(";", ",").strip() for piece in _JOINED.split(cut) if piece.strip()]


def _bases(node: ast.expr) -> Iterator[set[str]]:
    """The names of what is subscripted or measured, without index letters."""
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript | ast.Attribute):
            yield terms.names(part.value) - terms.index_names(part.value)


def _alphabet(text: str) -> set[str]:
    """The characters that a description allows. Raises UnreadLine."""
    quoted = re.findall(r"\"([^\"]+)\"|'(.)'", text)
    allowed = set("".join(part for pair in quoted for part in pair))
    rest = re.sub(r"from the set \{.*\}", "", text)
    if rest != text:  # a subset of what is said before
        return allowed
    rest = re.sub(r"\"[^\"]+\"|'.'", "", text)
    for words, characters in _ALPHABETS:
        left = re.sub(words, "", rest, flags=re.I)
        if left != rest:
            rest = left
            allowed |= set(characters)
    if not allowed or not _FILLER.fullmatch(rest):
        raise UnreadLine(text)
    return allowed
