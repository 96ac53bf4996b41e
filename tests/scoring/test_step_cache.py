"""Steps are made once and together, and only the settings asked for last are kept."""

import threading

from evalwidget.scoring.step_cache import StepCache


def test_missing_steps_are_made_together_and_once() -> None:
    made: list[tuple[list[int], str]] = []

    def make(steps: list[int], settings: str) -> list[str]:
        made.append((steps, settings))
        return [f"{settings}{step}" for step in steps]

    cache = StepCache(make)
    assert cache.at([3, 1, 3], "a") == ["a3", "a1", "a3"]
    assert cache.at([1, 2, 3], "a") == ["a1", "a2", "a3"]
    assert cache.at([], "b") == []
    assert cache.at([1], "b") == ["b1"]
    assert made == [([3, 1], "a"), ([2], "a"), ([1], "b")]
    assert cache.kept("a") == {1: "a1", 2: "a2", 3: "a3"}
    assert cache.kept("c") == {}


def test_the_settings_asked_for_least_lately_go_first() -> None:
    cache = StepCache(lambda steps, threshold: [step * threshold for step in steps])
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.1, 0.5):
        cache.at([1, 2], threshold)
    assert cache.kept(0.2) == {}
    assert [len(cache.kept(threshold)) for threshold in (0.1, 0.3, 0.4, 0.5)] == [2, 2, 2, 2]


def test_threads_share_what_one_of_them_makes() -> None:
    made = []
    together = threading.Barrier(4)

    def make(steps: list[int], settings: None) -> list[int]:
        made.extend(steps)
        return steps

    cache = StepCache(make)

    def ask() -> None:
        together.wait()
        assert cache.at([1, 2, 3], None) == [1, 2, 3]

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1, 2, 3]
