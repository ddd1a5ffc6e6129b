"""Words, lines and sentences."""

from codeq.data.curriculum.inputs import choices, integers, lists, sentences, words
from codeq.data.curriculum.problem import problem


@problem("easy", examples=[["the quick fox"], [""], ["one"]], inputs=[sentences(words(1, 4), 1, 5)])
def reverse_words(sentence):
    """Return the words of a sentence in reverse order, joined by single spaces."""
    return " ".join(reversed(sentence.split()))


@problem("easy", examples=[["a longer word"], [""], ["tie two"]], inputs=[sentences(words(1, 5), 0, 5)])
def longest_word(sentence):
    """Return the longest word of a sentence, the first of equally long ones, or an empty text if there is no word."""
    best = ""
    for word in sentence.split():
        if len(word) > len(best):
            best = word
    return best


@problem("easy", examples=[["portable network graphics"], ["x"], [""]], inputs=[sentences(words(1, 5), 1, 5)])
def make_acronym(phrase):
    """Return the first letters of the words of a phrase as one capital word."""
    return "".join(word[0] for word in phrase.split()).upper()


@problem("medium", examples=[["hello my world"], ["a"], [""]], inputs=[sentences(words(1, 5), 1, 4)])
def capitalize_each_word(sentence):
    """Make the first letter of every word capital and leave all other letters as they are."""
    result = []
    for word in sentence.split(" "):
        result.append(word[:1].upper() + word[1:])
    return " ".join(result)


@problem(
    "medium",
    examples=[["the cat the dog"], [""], ["a b a b"]],
    inputs=[sentences(choices("red", "blue", "up", "down"), 1, 6)],
)
def most_frequent_word(text):
    """Return the word that occurs most often, the alphabetically first of several, or None for an empty text."""
    words = text.split()
    if not words:
        return None
    return min(words, key=lambda word: (-words.count(word), word))


@problem("medium", examples=[["apple"], ["string"], ["my"]], inputs=[words(1, 7, "aeioubcdst")])
def pig_latin(word):
    """Move the letters before the first vowel (a, e, i, o, u) of a word to its end and add "ay"."""
    cut = 0
    while cut < len(word) and word[cut] not in "aeiou":
        cut += 1
    return word[cut:] + word[:cut] + "ay"


@problem(
    "hard",
    examples=[["the quick brown fox", 10], ["a bb ccc", 4], ["word", 4], ["aa bb", 5]],
    inputs=[sentences(words(1, 5), 1, 7), integers(5, 12)],
)
def wrap_words(text, width):
    """Break a text between words into a list of lines, each as full as fits the width; no word is longer than it."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = (lines[-1] + " " + word).strip()
    return lines


@problem(
    "easy",
    examples=[["a=1;b=2"], ["x="], [""]],
    inputs=[lambda rng: ";".join(rng.choice("abcd") + "=" + str(rng.randint(0, 99)) for _ in range(rng.randint(1, 4)))],
)
def parse_settings(line):
    """Read "name=value" parts separated by semicolons into a dict of texts; parts without "=" are skipped."""
    settings = {}
    for part in line.split(";"):
        if "=" in part:
            name, value = part.split("=", 1)
            settings[name] = value
    return settings


@problem(
    "easy",
    examples=[["7,x,3"], [""], ["-2,5"]],
    inputs=[
        lambda rng: ",".join(rng.choice(["a", "", "x1", *map(str, range(-9, 30))]) for _ in range(rng.randint(1, 6)))
    ],
)
def sum_valid_numbers(text):
    """Add up the whole numbers of a comma-separated text, skipping parts that are not numbers."""
    total = 0
    for part in text.split(","):
        try:
            total += int(part)
        except ValueError:
            continue
    return total


@problem(
    "easy", examples=[["so it goes", 3], ["a bb", 2], ["", 1]], inputs=[sentences(words(1, 5), 1, 6), integers(1, 4)]
)
def words_at_least(sentence, length):
    """Return the list of words that have at least the given length."""
    return [word for word in sentence.split() if len(word) >= length]


@problem(
    "easy",
    examples=[["some.user@mail.org"], ["no address"], ["@x"]],
    inputs=[lambda rng: words(0, 3)(rng) + rng.choice(["@", "@", ""]) + words(0, 4)(rng)],
)
def email_domain(address):
    """Return what follows the at sign of an address, or None if there is no at sign."""
    name, at, domain = address.partition("@")
    return domain if at else None


@problem(
    "medium",
    examples=[["bad word here", ["bad"]], ["all fine", []], ["no no", ["no", "so"]]],
    inputs=[sentences(choices("oh", "cat", "blue", "no"), 1, 5), lists(choices("oh", "cat", "blue"), 0, 2)],
)
def mask_words(sentence, banned):
    """Replace every banned word of a sentence by as many stars as it has letters."""
    shown = []
    for word in sentence.split():
        shown.append("*" * len(word) if word in banned else word)
    return " ".join(shown)


@problem(
    "easy", examples=[["Ada", "Lovelace"], ["", "Curie"], ["Jo", ""]], inputs=[words(0, 3, "abc"), words(0, 3, "xyz")]
)
def initials_of(first, last):
    """Return the capital initials of two names, each followed by a dot; an empty name has none."""
    return "".join(f"{name[0].upper()}." for name in (first, last) if name)


@problem("medium", examples=[[["a", "b", "c"]], [["x"]], [[]], [["p", "q"]]], inputs=[lists(words(1, 3), 1, 5)])
def join_with_and(names):
    """Join names by commas, with "and" before the last: "a, b and c"; no names give an empty text."""
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


@problem("medium", examples=[["aa bb a"], [""], ["one two six"]], inputs=[sentences(words(1, 4, "ab"), 0, 6)])
def words_by_length(sentence):
    """Return a dict from each word length to the list of words of that length, in order."""
    groups = {}
    for word in sentence.split():
        groups.setdefault(len(word), []).append(word)
    return groups


@problem(
    "hard",
    examples=[["3 4 +"], ["5 1 2 + -"], ["7"]],
    inputs=[
        choices(
            "1 2 +",
            "9 4 -",
            "2 3 +",
            "8 2 - 3 +",
            "4 5 6 + -",
            "1 2 3 + +",
            "7 7 - 1 +",
            "2 2 2 - -",
            "9 1 - 2 -",
            "5",
            "10 3 - 4 +",
            "6 2 + 3 -",
            "3 6 2 - +",
            "0 4 -",
            "2 9 - 5 +",
            "1 1 + 1 1 + +",
        )
    ],
)
def evaluate_postfix(text):
    """Compute an expression of numbers and the operators + and -, each written after its two operands."""
    stack = []
    for token in text.split():
        if token in "+-":
            top = stack.pop()
            stack[-1] += top if token == "+" else -top
        else:
            stack.append(int(token))
    return stack[0]
