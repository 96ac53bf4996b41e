"""Runs at URLs: any file system that fsspec opens; here one in memory and a web server on this machine."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import fsspec
import pytest
from pandas.testing import assert_frame_equal

import evalwidget as ew
from evalwidget.images import ImageFolders, encoded_image
from evalwidget.locations import located

DEMO = Path(str(files("evalwidget") / "demo" / "grounding"))


@pytest.fixture
def in_memory() -> Iterator[str]:
    """The demo run in fsspec's file system in memory."""
    memory = fsspec.filesystem("memory")
    memory.put(f"{DEMO}/", "/runs/demo/", recursive=True)
    yield "memory://runs/demo"
    memory.rm("/runs", recursive=True)


@pytest.fixture
def web() -> Iterator[str]:
    """A web server over the demo run; it lists no folder that fsspec could walk."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=DEMO)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_run_folder_in_memory(in_memory: str) -> None:
    here, there = ew.demo_run("grounding"), ew.open_run(in_memory)
    assert_frame_equal(there.summary(), here.summary())
    assert there.name == here.name
    image = encoded_image(there._data.found_image(0))
    assert (image.state, image.data) == ("ok", encoded_image(here._data.found_image(0)).data)
    assert "images missing" not in repr(there)


def test_a_training_output_folder_in_memory(in_memory: str) -> None:
    memory = fsspec.filesystem("memory")
    memory.pipe("/runs/out/checkpoint-500/found.jsonl", (DEMO / "predictions/step-000500.jsonl").read_bytes())
    run = ew.open_run("memory://runs/out", ground_truth=f"{in_memory}/ground_truth.jsonl")
    assert run.summary()["f1"].tolist() == ew.demo_run().summary(500)["f1"].tolist()


def test_files_from_the_web(web: str) -> None:
    run = ew.open_run(
        ground_truth=f"{web}/ground_truth.jsonl",
        predictions={500: f"{web}/predictions/step-000500.jsonl"},
        images=f"{web}/images",
        steps_per_epoch=100,
    )
    assert_frame_equal(run.summary(), ew.demo_run().summary(500))
    assert encoded_image(run._data.found_image(0)).state == "ok"


def test_what_is_not_there(web: str, in_memory: str) -> None:
    for missing in ("http://127.0.0.1:9/x.json", f"{web}/nowhere.jsonl", f"{in_memory}/nowhere.jsonl"):
        with pytest.raises(ew.EvalWidgetError, match=r"no such file|cannot be opened"):
            ew.open_run(ground_truth=missing, predictions={1: f"{in_memory}/predictions/step-000500.jsonl"})
    with pytest.raises(ew.EvalWidgetError, match="no such folder"):
        ew.open_run(f"{in_memory}/nowhere")
    with pytest.raises(ew.EvalWidgetError, match=r"nonsense://a: "):
        ew.open_run("nonsense://a")


def test_an_image_that_is_not_there_is_missing(web: str) -> None:
    run = ew.open_run(
        ground_truth=f"{web}/ground_truth.jsonl",
        predictions={500: f"{web}/predictions/step-000500.jsonl"},
        images=f"{web}/predictions",
    )
    assert encoded_image(run._data.found_image(0)).state == "missing"


def test_no_name_leads_out_of_a_remote_root(web: str, in_memory: str) -> None:
    for root in (f"{web}/images", f"{in_memory}/images"):
        store = ImageFolders([located(root)])
        for name in ("../run.json", "%2e%2e/run.json", "x/../../run.json", "/run.json"):
            assert encoded_image(store.find(name)).state == "missing"


def test_a_file_system_that_needs_another_package_says_which() -> None:
    with pytest.raises(ew.EvalWidgetError, match=r"s3://bucket/run: opening a URL needs another package: .*s3fs"):
        ew.open_run("s3://bucket/run")


def test_inspecting_and_saving(in_memory: str, tmp_path: Path) -> None:
    assert ew.inspect(in_memory).exit_status == 0
    with pytest.raises(ew.EvalWidgetError, match="expected a folder on this machine"):
        ew.demo_run().save("memory://saved")
    run = ew.open_run(in_memory)
    assert json.loads((run.save(tmp_path / "saved") / "run.json").read_text())["images"] == [f"{in_memory}/images"]
    assert encoded_image(ew.open_run(tmp_path / "saved")._data.found_image(0)).state == "ok"
