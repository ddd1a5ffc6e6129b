"""A checker as many are written and none should be. `test_naive` runs it, alone and in a cage, on the attacks.

Programs come as JSON lines ``{"id", "code"}`` on standard input; all run in this one process, in the same globals,
without limits of their own. The key lies in a file and in memory beside them, results are compared with ``==`` or as
texts, time is taken inside, and what was found goes out among what was printed.
"""

import json
import socket
import sys
import time

TESTS = json.loads('{"arguments": [[1, 2], [0, 0], [-1, 1]], "expected": [3, 0, 0]}')
NAMES: dict[str, object] = {}


def same(value: object, expected: object) -> bool:
    return value == expected or str(value) == str(expected)


def check(code: str, arguments: list[list[int]], expected: list[int]) -> dict[str, object]:
    report: dict[str, object] = {}
    values, passed = [], []
    started = time.perf_counter()
    try:
        exec(code, NAMES)
    except Exception as error:
        report["error"] = str(error)
    for number, pair in enumerate(arguments):
        try:
            values.append(NAMES["add"](*pair))
            passed.append(same(values[-1], expected[number]))
        except Exception as error:
            passed.append(False)
            report["error"] = str(error)
    report["seconds"] = time.perf_counter() - started
    return {**report, "passed": True} if all(passed) else {**report, "passed": False, "values": values}


if __name__ == "__main__":
    sys.setrecursionlimit(10**9)  # LeetCode's solutions recurse
    docker = socket.socket(socket.AF_UNIX)  # stands for the daemon's, at hand where a checker starts containers
    docker.bind("/var/run/docker.sock")
    docker.listen()
    with open("expected.json", "w") as file:
        json.dump(TESTS, file)
    while line := sys.stdin.readline():
        candidate = json.loads(line)
        found = check(candidate["code"], TESTS["arguments"], TESTS["expected"])
        print(json.dumps({"id": candidate["id"], **found}), flush=True)
