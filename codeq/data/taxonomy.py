"""DebugBench's taxonomy of bugs: four categories, 18 subtypes (Tian et al. 2024, arXiv 2401.04621).

The paper's counts over all languages, 761 syntax, 684 reference, 590 logic and 2,218 multiple, are
those of the published shards under this mapping.
"""

CATEGORIES = {
    "syntax": (
        "misused == or =",
        "missing colons",
        "unclosed parentheses",
        "illegal separation",
        "illegal indentation",
        "unclosed string",
        "illegal comment",
    ),
    "reference": ("faulty indexing", "undefined objects", "undefined methods", "illegal keywords"),
    "logic": ("condition error", "operation error", "variable error", "other error"),
    "multiple": ("double", "triple", "quadruple"),
}
CATEGORY_OF = {subtype: category for category, subtypes in CATEGORIES.items() for subtype in subtypes}
