"""The garbage collector is as it was once every pause is over."""

import gc
from collections.abc import Iterator
from threading import Event, Thread

import pytest

from evalwidget.garbage import collection_paused


@pytest.fixture(autouse=True)
def enabled() -> Iterator[None]:
    assert gc.isenabled()
    yield
    gc.enable()


def test_pauses_may_be_in_one_another() -> None:
    with collection_paused():
        with collection_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_failure_ends_a_pause() -> None:
    with pytest.raises(ValueError, match="so"), collection_paused():
        raise ValueError("so")
    assert gc.isenabled()


def test_what_was_off_stays_off() -> None:
    gc.disable()
    with collection_paused():
        pass
    assert not gc.isenabled()


def test_pauses_of_two_threads_may_overlap() -> None:
    begun, ended = Event(), Event()

    def pause() -> None:
        with collection_paused():
            begun.set()
            ended.wait(10)

    thread = Thread(target=pause)
    with collection_paused():
        thread.start()
        assert begun.wait(10)
    assert not gc.isenabled()
    ended.set()
    thread.join()
    assert gc.isenabled()
