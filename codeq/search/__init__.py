"""Searches for a fix: each mode a generator without input or output, all run by one driver."""

from codeq.search.best_of_n import best_of_n
from codeq.search.mcts import mcts
from codeq.search.requests import SearchMode
from codeq.search.single_pass import single_pass

MODES: dict[str, SearchMode] = {"single_pass": single_pass, "best_of_n": best_of_n, "mcts": mcts}
