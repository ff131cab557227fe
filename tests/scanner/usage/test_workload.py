"""Whether child processes are started, decided by what was counted so far."""

import pytest

from venvdash.scanner.usage.workload import TooMuchError, Workload


def looked_at(trees: int, *, directories: int, files: int) -> tuple[int, int]:
    """Return how many equal trees are counted to the end, and how many directories in all."""
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1

    workload = Workload(trees, look)
    for done in range(trees):
        try:
            for _ in range(directories):
                workload.directory()
        except TooMuchError:
            return done, looks
        workload.ended(files)
    return trees, looks


@pytest.mark.parametrize(
    ("trees", "directories", "files"), [(1000, 11, 4), (4, 300, 3_000), (1, 50_000, 400_000)]
)
def test_few_files_or_one_tree_need_no_child(trees: int, directories: int, files: int) -> None:
    assert looked_at(trees, directories=directories, files=files) == (trees, trees * directories)


@pytest.mark.parametrize(
    ("trees", "directories", "files"), [(12, 1_200, 7_500), (2, 50_000, 400_000), (10_000, 11, 4)]
)
def test_many_files_are_noticed_before_much_was_counted(
    trees: int, directories: int, files: int
) -> None:
    done, looks = looked_at(trees, directories=directories, files=files)
    assert done < trees // 2
    assert looks <= 2_048
