"""Searches for a fix: each mode a generator without input or output, all run by one driver."""

from codeq.config import Mode
from codeq.search.best_of_n import best_of_n
from codeq.search.line_edits import line_edits
from codeq.search.mcts import mcts, mcts_no_critic
from codeq.search.refine import refine
from codeq.search.requests import SearchMode
from codeq.search.single_pass import single_pass

MODES: dict[Mode, SearchMode] = {
    "single_pass": single_pass,
    "best_of_n": best_of_n,
    "line_edits": line_edits,
    "refine": refine,
    "mcts_no_critic": mcts_no_critic,
    "mcts": mcts,
}
