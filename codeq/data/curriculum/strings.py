"""Characters and strings."""

from codeq.data.curriculum.inputs import choices, integers, one_of, palindromes, with_shuffled, words
from codeq.data.curriculum.problem import problem


@problem("easy", examples=[["Banana"], [""], ["xyz"], ["EIO"]], inputs=[words(0, 10, "aeiouAEIOUbcdxyz")])
def count_vowels(text):
    """Return how many of the letters a, e, i, o and u a text has, in either case."""
    return sum(1 for letter in text.lower() if letter in "aeiou")


@problem(
    "easy", examples=[["racecar"], ["ab"], [""], ["abca"]], inputs=[one_of(palindromes(7, "abc"), words(1, 6, "ab"))]
)
def is_palindrome(text):
    """Tell whether a text reads the same backwards."""
    return text == text[::-1]


@problem("hard", examples=[["aaabcc"], [""], ["xyz"]], inputs=[words(0, 9, "aab")])
def run_length_encode(text):
    """Write each run of equal characters as the character and the run's length: "aab" becomes "a2b1"."""
    code = ""
    start = 0
    while start < len(text):
        end = start
        while text[end : end + 1] == text[start]:
            end += 1
        code += text[start] + str(end - start)
        start = end
    return code


@problem(
    "medium",
    examples=[["a3b1"], [""], ["x0y2"]],
    inputs=[lambda rng: "".join(rng.choice("abc") + str(rng.randint(0, 5)) for _ in range(rng.randint(0, 4)))],
)
def run_length_decode(code):
    """Undo a run-length code of letters, each followed by one digit: "a2b1" becomes "aab"."""
    return "".join(letter * int(count) for letter, count in zip(code[::2], code[1::2]))


@problem(
    "medium", examples=[["xyz", 3], ["Hi, abc!", 1], ["", 5]], inputs=[words(0, 9, "abcxyzABC !"), integers(0, 25)]
)
def caesar_cipher(text, shift):
    """Move every lower-case letter the given number of places along the alphabet, from z back to a;
    leave other characters."""
    result = ""
    for letter in text:
        if "a" <= letter <= "z":
            letter = chr((ord(letter) - 97 + shift) % 26 + 97)
        result += letter
    return result


@problem("easy", examples=[["abc", "cab"], ["aab", "abb"], ["", ""]], inputs=with_shuffled(words(1, 4, "abc")))
def are_anagrams(first, second):
    """Tell whether two texts consist of the same letters in any order."""
    return sorted(first) == sorted(second)


@problem("easy", examples=[["hello"], [""], ["aabb"], ["abcab"]], inputs=[words(0, 10, "abcde")])
def remove_repeated_letters(text):
    """Keep only the first occurrence of every character."""
    kept = []
    for letter in text:
        if letter not in kept:
            kept.append(letter)
    return "".join(kept)


@problem("medium", examples=[["swiss"], ["aabb"], [""], ["zaz"]], inputs=[words(0, 9, "abcd")])
def first_unique_letter(text):
    """Return the first character that occurs only once, or None if there is none."""
    for letter in text:
        if text.count(letter) == 1:
            return letter
    return None


@problem(
    "medium",
    examples=[["(a(b))"], ["())("], [""], ["(("]],
    inputs=[one_of(words(1, 6, "()"), choices("()()", "(())", "((()))", "()(())", "(()())", "a(b)c", "x", "(y)(z)"))],
)
def parentheses_balanced(text):
    """Tell whether every closing parenthesis closes an earlier open one and none stays open."""
    depth = 0
    for sign in text:
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
        if depth < 0:
            return False
    return depth == 0


@problem(
    "hard",
    examples=[["([]())"], ["(]"], ["(("], ["]"]],
    inputs=[one_of(words(1, 3, "()[]"), choices("[()]", "()[]", "[[]]()", "[(])", "[(]", "[[]]", "()[", "][", "(())"))],
)
def brackets_match(text):
    """Tell whether round and square brackets are closed in the right order; there are no other characters."""
    pairs = {")": "(", "]": "["}
    stack = []
    for sign in text:
        if sign not in pairs:
            stack.append(sign)
        elif not stack or stack.pop() != pairs[sign]:
            return False
    return not stack


@problem("easy", examples=[["Hello World"], ["aB3"], [""]], inputs=[words(0, 9, "abcXYZ 12")])
def swap_letter_case(text):
    """Make small letters capital and capital letters small."""
    return "".join(c.lower() if c.isupper() else c.upper() for c in text)


@problem("easy", examples=[["abcdef", 2], ["abc", 0], ["abc", 5]], inputs=[words(1, 8), integers(0, 12)])
def rotate_text_left(text, places):
    """Move the first characters of a non-empty text to its end, as many as places says (going round if more)."""
    cut = places % len(text)
    return text[cut:] + text[:cut]


@problem(
    "medium", examples=[["flower", "flow"], ["abc", "xbc"], ["", "a"]], inputs=[words(0, 6, "aab"), words(0, 6, "aab")]
)
def common_prefix(first, second):
    """Return the longest text that both texts begin with."""
    length = 0
    for a, b in zip(first, second):
        if a != b:
            break
        length += 1
    return first[:length]


@problem(
    "easy",
    examples=[["karolin", "kathrin"], ["", ""], ["ab", "ba"]],
    inputs=lambda rng: [words(size, size, "abc")(rng) for size in [rng.randint(1, 7)] for _ in range(2)],
)
def hamming_distance(first, second):
    """Return at how many positions two texts of the same length differ."""
    return sum(a != b for a, b in zip(first, second))


@problem(
    "easy",
    examples=[["abc", "b", "xy"], ["aaa", "a", "b"], ["abc", "z", "q"]],
    inputs=[words(0, 8, "abc"), choices("a", "b"), choices("x", "yz", "")],
)
def replace_letter(text, old, new):
    """Replace every occurrence of one character by another text."""
    parts = []
    for letter in text:
        parts.append(new if letter == old else letter)
    return "".join(parts)


@problem("easy", examples=[["abcde", 2], ["abcdef", 3], ["", 4]], inputs=[words(0, 10), integers(1, 4)])
def split_into_blocks(text, size):
    """Cut a text into pieces of the given size; the last piece may be shorter."""
    return [text[start : start + size] for start in range(0, len(text), size)]


@problem(
    "easy",
    examples=[["abab", "ab"], ["aaaa", "aa"], ["abc", "x"]],
    inputs=[words(1, 10, "ab"), choices("a", "ab", "aa", "aba", "bb")],
)
def count_overlapping(text, pattern):
    """Return how often a pattern occurs in a text; occurrences may overlap."""
    count = 0
    for start in range(len(text)):
        if text.startswith(pattern, start):
            count += 1
    return count


@problem("hard", examples=[["abcabcbb"], [""], ["bbbb"], ["abba"]], inputs=[words(1, 10, "abcd")])
def longest_unique_run(text):
    """Return the length of the longest piece of a text in which no character occurs twice."""
    best = 0
    run = ""
    for letter in text:
        run = run[run.find(letter) + 1 :] + letter
        best = max(best, len(run))
    return best


@problem("easy", examples=[["a1b22"], ["abc"], ["007"]], inputs=[words(0, 10, "ab123")])
def digits_only(text):
    """Return the digits of a text, in order, as text."""
    return "".join(filter(str.isdigit, text))


@problem(
    "easy",
    examples=[["hi", 7, "*"], ["abc", 3, "-"], ["x", 4, "."], ["long", 2, "+"]],
    inputs=[words(0, 6), integers(0, 12), choices("*", "-", ".")],
)
def pad_both_sides(text, width, fill):
    """Centre a text by filling both sides up to the width; an odd fill goes to the right. Longer texts stay."""
    missing = max(0, width - len(text))
    left = missing // 2
    return fill * left + text + fill * (missing - left)


@problem("medium", examples=[["a", "b"], ["az", "by"], ["abc", "xy"]], inputs=[words(0, 5), words(0, 5)])
def interleave_texts(first, second):
    """Take characters of two texts in turn, beginning with the first, and append what is left of the longer one."""
    shared = min(len(first), len(second))
    mixed = "".join(a + b for a, b in zip(first, second))
    return mixed + first[shared:] + second[shared:]


@problem("medium", examples=[["helloWorld"], ["aBC"], ["plain"]], inputs=[words(1, 9, "abcdXYZ")])
def camel_to_snake(name):
    """Put an underscore before every capital letter and make it small: "aBc" becomes "a_bc"."""
    result = ""
    for letter in name:
        if letter.isupper():
            result += "_" + letter.lower()
        else:
            result += letter
    return result


@problem(
    "easy",
    examples=[["my_long_name"], ["x"], ["a_b"]],
    inputs=[lambda rng: "_".join(words(1, 4)(rng) for _ in range(rng.randint(1, 4)))],
)
def snake_to_camel(name):
    """Drop the underscores of a name and capitalise each part but the first: "my_name" becomes "myName"."""
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


@problem(
    "medium",
    examples=[["1.2.10", "1.2.9"], ["2.0", "2.0"], ["1.0", "1.1"]],
    inputs=lambda rng: [".".join(str(rng.choice([0, 1, 2, 10, 11])) for _ in range(2)) for _ in range(2)],
)
def compare_versions(left, right):
    """Compare two version numbers part by part as numbers: return -1, 0 or 1 as left is older, equal or newer."""
    a = [int(part) for part in left.split(".")]
    b = [int(part) for part in right.split(".")]
    return (a > b) - (a < b)


@problem("easy", examples=[["abc"], ["z"], [""]], inputs=[words(0, 8)])
def letter_score(word):
    """Add up the letters of a small-letter word, where a counts 1, b counts 2 and so on."""
    return sum(ord(letter) - ord("a") + 1 for letter in word)


@problem("hard", examples=[["abcb"], ["aab"], [""], ["xyz"]], inputs=[words(1, 8, "abc")])
def longest_palindrome(text):
    """Return the length of the longest piece of a text that reads the same backwards."""
    best = 0
    for start in range(len(text)):
        for end in range(start + best + 1, len(text) + 1):
            part = text[start:end]
            if part == part[::-1]:
                best = end - start
    return best


@problem(
    "medium",
    examples=[["ab", "xaybz"], ["ba", "ab"], ["", "abc"], ["aa", "ab"]],
    inputs=[words(0, 3, "ab"), words(1, 7, "abc")],
)
def is_subsequence(short, text):
    """Tell whether the characters of short occur in text in the same order, perhaps with others between."""
    position = 0
    for letter in text:
        if position < len(short) and letter == short[position]:
            position += 1
    return position == len(short)
