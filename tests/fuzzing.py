"""Valid values and files with a few things wrong, and all that a user does with a run of them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

import evalwidget as ew
from evalwidget.widget.server import answer, run_info

FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])

STRANGE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**30, 10**400, -(10**400), 1e308, -1e308, float("nan"), float("inf"), 1e-320, 0, -1, 1.5]),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["", "a.jpg", "../b", "\x00", "\ud800", "cat", "2", "<b>"]),
    st.just([]),
    st.just({}),
    st.lists(st.none() | st.integers(-5, 5) | st.floats() | st.text(max_size=2), max_size=5),
    st.lists(st.lists(st.floats(-2, 2), max_size=4), max_size=4),
    st.dictionaries(
        st.sampled_from(["x", "y", "width", "height", "phrase", "box", "id", "whole"]),
        st.integers() | st.none(),
        max_size=4,
    ),
)
#: What things are called besides, so that a field may take another's place.
NAMES = [
    *("answer", "answers", "area", "asset", "bbox", "box", "boxes", "caption", "captions", "categories", "category_id"),
    *("contents", "crowd", "file_name", "height", "id", "image", "image_id", "images", "item", "label", "output"),
    *("phrase", "phrases", "question", "questions", "raw_output", "result", "score", "scores", "specimen", "width"),
]
#: Bytes that mean something in one format or another.
PIECES = [
    *(b"", b"[", b"}", b'"', b",", b"\xff", b"\x00", b"\n", b"1e999", b"9" * 30, b"null", b"NaN", b"-", b"\\ud800"),
    *(b"</", b"&x;", b"\t", b";", b": ", b"- ", b"\xef\xbb\xbf", b"\xc3\xa9", b"..", b"0.5"),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else []
    return [(value, key) for key in keys] + [found for key in keys for found in places(value[key])]


def mutated(draw: Any, value: Any) -> Any:
    """A copy of a JSON value with a few things replaced, removed, renamed, repeated or added."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(0, 3))):
        found = places(value)
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        deed = draw(st.sampled_from(["replace", "replace", "remove", "rename", "repeat", "add"]))
        if deed == "replace":
            container[key] = draw(STRANGE)
        elif deed == "remove":
            del container[key]
        elif isinstance(container, list):
            container.append(container[key] if deed == "repeat" else draw(STRANGE))
        elif deed == "rename":
            container[draw(st.sampled_from(NAMES))] = container.pop(key)
        else:
            container[draw(st.sampled_from(NAMES))] = draw(STRANGE)
    return value


def mutated_bytes(draw: Any, content: bytes, most: int = 4) -> bytes:
    """``content`` with a few bytes cut, put in, or put in the place of others."""
    found = bytearray(content)
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(found)))
        end = min(len(found), start + draw(st.sampled_from([0, 1, 1, 2, 8, 10**9])))
        found[start:end] = draw(st.sampled_from(PIECES) | st.binary(max_size=3))
    return bytes(found)


def use(folder: Path, **settings: Any) -> None:
    """Do with a folder all that a user does, and let only EvalWidgetError pass."""
    assert outcome(lambda: ew.open_run(folder, **settings))


def outcome(opened: Callable[[], ew.Run]) -> str:
    """What is wrong with a run, "a run" where nothing is. All that a user does with it must end so, all that it shows
    must be text that UTF-8 can carry, and all that the browser gets must be JSON."""
    try:
        run = opened()
        shown = [repr(run)]
        run.load()
        if not run._data.has_text:
            run.conventions()
        frames = [run.summary(), run.scores(), run.matches(), run.join_report()]
        assert len(frames[1]) == len(run.steps) * len(run.specimens)
        shown += [*(frame.to_csv() for frame in frames), *replies(run), repr(run), run._repr_html_()]
    except ew.EvalWidgetError as error:
        shown = [str(error)]
        message = str(error)
    else:
        message = "a run"
    assert "\n".join(shown).encode()
    return message


def replies(run: ew.Run) -> list[str]:
    """What the browser gets when all of a run is looked at."""
    info = run_info(run._evaluation, run.notes)
    rows, steps, score = list(range(len(run.specimens))), run.steps, info["scores"][0]["name"]
    asked: list[dict[str, Any]] = [
        {"kind": "names", "rows": rows},
        {"kind": "ranks"},
        {"kind": "summary", "steps": steps, "score": score},
        *({"kind": "scores", "step": step, "score": score} for step in steps),
        *({"kind": "specimen", "index": row, "all_steps": True, "image": True} for row in rows),
    ]
    found = [json.dumps(info, allow_nan=False, ensure_ascii=False)]
    for request in asked:
        reply, _ = answer({"id": "1", **request}, run._evaluation)
        assert reply["kind"] == request["kind"], reply["message"]
        found.append(json.dumps(reply, allow_nan=False, ensure_ascii=False))
    return found
