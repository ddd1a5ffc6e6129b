from pathlib import Path

import pytest

from codeq.sandbox.isolation import MemoryGroup


@pytest.mark.parametrize(
    "text",
    [
        "low 0\nhigh 0\nmax 31\noom 4\noom_kill {}\noom_group_kill 0\n",  # memory.events of cgroups v2
        "oom_kill_disable 0\nunder_oom 0\noom_kill {}\n",  # memory.oom_control of v1
    ],
)
def test_oom_kills_are_counted_on_either_version_of_cgroups(text: str, tmp_path: Path) -> None:
    file = tmp_path / "counter"
    file.write_text(text.format(3))
    group = MemoryGroup([str(tmp_path / "absent"), str(file)])
    assert group.known
    assert group.oom_kills() == 3
    with file.open("r+") as changing:
        changing.write(text.format(5))
    assert group.oom_kills() == 5


def test_without_a_cgroup_nothing_is_known_of_kills(tmp_path: Path) -> None:
    group = MemoryGroup([str(tmp_path / "absent")])
    assert not group.known
    assert group.oom_kills() == 0
