"""A real JupyterLab in a real Chromium, shared by the browser tests of a session."""

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocket, expect, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: A cell that imports pandas on a busy machine takes its time.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
#: Of a request that a view makes, and of its answer.
REQUEST_ID = re.compile(r'"id": ?"(\w+:\d+)"')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.fspath).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


class Lab:
    """A running server whose root holds copies of the project's notebooks and of the tests'."""

    def __init__(self, url: str, token: str, root: Path) -> None:
        self.url, self.token, self.root = url, token, root

    def end_sessions(self) -> None:
        """Shut down every kernel."""
        for session in json.loads(self._request("GET", "sessions")):
            self._request("DELETE", f"sessions/{session['id']}")

    def _request(self, method: str, path: str) -> bytes:
        asked = Request(f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"})
        with urlopen(asked, timeout=60) as answered:
            return bytes(answered.read())

    def write_notebook(self, name: str, cells: list[str]) -> str:
        """Write a notebook of code cells into the server's root; returns its name."""
        notebook = {
            "cells": [
                {
                    "cell_type": "code",
                    "id": f"c{i}",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                    "source": c,
                }
                for i, c in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        (self.root / name).write_text(json.dumps(notebook), "utf-8")
        return name


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("lab")
    for notebook in [*(ROOT / "notebooks").glob("*.ipynb"), *(Path(__file__).parent / "notebooks").glob("*.ipynb")]:
        shutil.copy(notebook, root)
    settings = tmp_path_factory.mktemp("jupyter")
    (settings / "config" / "labconfig").mkdir(parents=True)
    no_news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (settings / "config" / "labconfig" / "page_config.json").write_text(json.dumps(no_news), "utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(settings / "config"),
        "JUPYTER_DATA_DIR": str(settings / "data"),
        "JUPYTER_RUNTIME_DIR": str(settings / "runtime"),
        "IPYTHONDIR": str(settings / "ipython"),
        "EVALWIDGET_REAL_DATA": str(
            Path(os.environ.get("EVALWIDGET_REAL_DATA") or ROOT.parent / "shared/data").resolve()
        ),
    }
    log = (settings / "server.log").open("w+")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"),
            *(f"--ServerApp.root_dir={root}", f"--ServerApp.port={port}", f"--IdentityProvider.token={token}"),
            *("--ServerApp.ip=127.0.0.1", "--ServerApp.port_retries=0"),
            # what is built, not what was installed when the environment was made
            f"--LabServerApp.extra_labextensions_path={ROOT / 'evalwidget' / 'labextensions'}",
            "--JupyterNotebookApp.expose_app_in_browser=True",
            *(
                f"--LabApp.user_settings_dir={settings / 'settings'}",
                f"--LabApp.workspaces_dir={settings / 'workspaces'}",
            ),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )
    assert server.stderr is not None
    for line in server.stderr:
        log.write(line)
        if re.search(r"is running at", line):
            break
    else:
        log.seek(0)
        pytest.fail(f"JupyterLab did not start:\n{log.read()}")
    drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
    yield Lab(f"http://127.0.0.1:{port}", token, root)
    server.terminate()
    server.wait()
    server.stderr.close()
    drain.wait()
    log.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if executable is None:
        pytest.fail(f"no browser: install chromium (found none of {', '.join(CHROMIUM_NAMES)} on PATH)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def text_of(frame: str | bytes) -> str:
    return frame if isinstance(frame, str) else frame.decode("utf-8", "replace")


class LabPage:
    """A notebook open in JupyterLab, and the first widget in it."""

    def __init__(self, page: Page, lab: Lab) -> None:
        self.page, self.lab = page, lab
        self.errors: list[str] = []
        #: Notebook 7.6 has errors of its own when it opens a notebook
        self.has_foreign_errors = False
        page.on("pageerror", lambda error: self.errors.append(f"{error}\n{error.stack}"))
        #: what the page has sent to kernels, message by message
        self.frames_sent: list[str | bytes] = []
        self._asked: set[str] = set()
        self._answered: set[str] = set()
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        def sent(frame: str | bytes) -> None:
            self.frames_sent.append(frame)
            self._asked.update(REQUEST_ID.findall(text_of(frame)))

        socket.on("framesent", sent)
        socket.on("framereceived", lambda frame: self._answered.update(REQUEST_ID.findall(text_of(frame))))

    @property
    def root(self) -> Locator:
        return self.page.locator(".ew-root").first

    def part(self, testid: str) -> Locator:
        return self.root.locator(f'[data-testid="{testid}"]')

    def open(self, notebook: str, app: str = "lab/tree") -> "LabPage":
        """Open a notebook in JupyterLab, or in Notebook 7 ("notebooks"), and wait for its kernel."""
        if app == "notebooks":
            self.has_foreign_errors = True
        self.page.goto(f"{self.lab.url}/{app}/{notebook}?reset&token={self.lab.token}")
        self.page.wait_for_function(
            "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        )
        return self

    def run_all(self) -> "LabPage":
        """Run all cells, and wait for none."""
        self.page.wait_for_function("() => window.jupyterapp.commands.isEnabled('notebook:run-all-cells')")
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        return self

    def run_cell(self, source: str) -> str:
        """Run code in the notebook's kernel, as a cell would; returns what it prints. Raises on an error."""
        return str(
            self.page.evaluate(
                """async (code) => {
                  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                  const future = kernel.requestExecute({code, store_history: false});
                  let text = '';
                  future.onIOPub = (msg) => {
                    if (msg.header.msg_type === 'stream') text += msg.content.text;
                    if (msg.header.msg_type === 'error') text += msg.content.traceback.join('\\n');
                  };
                  const reply = await future.done;
                  if (reply.content.status !== 'ok') throw new Error(text);
                  return text;
                }""",
                source,
            )
        ).strip()

    def expect_said(self, source: str, expected: str) -> None:
        """Wait until code in the kernel prints this: what the view tells Python takes its way through a queue."""
        assert self.until(lambda: self.run_cell(source), lambda said: said == expected) == expected

    def until(self, get: Callable[[], Any], is_right: Callable[[Any], bool]) -> Any:
        """What ``get`` returns once it is right, or at last."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not is_right(found := get()) and time.monotonic() < end:
            self.page.evaluate("() => new Promise(requestAnimationFrame)")
        return found

    def painted(self, specimen: str, step: int) -> "LabPage":
        """Wait until this specimen at this step is on the screen."""
        expect(self.root).to_have_attribute("data-painted", f"{specimen}|{step}")
        return self

    def hide_chips(self) -> None:
        """Take labels and scores off the boxes, in the open menu: then a pixel of an edge is the box's own."""
        for name in ("show-labels", "show-scores"):
            self.part(name).uncheck()

    def idle(self) -> None:
        """Wait until the widget has what it wants to have ready: its neighbours, and the scores of all steps. What
        comes in parts is asked for again in idle moments, until all of it is there."""
        end = time.monotonic() + PATIENCE_MS / 1000
        sent = -1
        while sent != len(self.frames_sent) or not self._asked <= self._answered:
            assert time.monotonic() < end, f"not answered: {self._asked - self._answered}"
            sent = len(self.frames_sent)
            self.page.evaluate(
                """async () => {
                  for (let time = 0; time < 5; time++) await new Promise((done) => requestIdleCallback(done));
                }"""
            )

    def texts_sent(self, since: int = 0) -> list[str]:
        """What the page has sent to kernels after the first ``since`` messages."""
        return [text_of(frame) for frame in self.frames_sent[since:]]

    def sent_of_view(self, since: int) -> list[str]:
        """Of the messages after the first ``since``, those that set a trait or ask for the first specimen, as opposed
        to neighbours and scores, which are asked for ahead in idle moments."""
        return [text for text in self.texts_sent(since) if '"method":"update"' in text or '"index":0' in text]

    def canvas(self, side: str) -> Locator:
        """The canvas of boxes on the side ``truth``, ``prediction`` or ``compared``."""
        return self.part(f"canvas-{side}")

    def pixels(self, side: str, points: list[tuple[float, float]]) -> list[list[int]]:
        """Colours on the canvas of boxes at ``points``, in pixels of the original image."""
        return list(
            self.canvas(side).evaluate(
                """(canvas, points) => {
                  const {scale, offsetX, offsetY} = canvas.dataset;
                  const at = (v, offset) => Math.floor((v * Number(scale) + Number(offset)) * devicePixelRatio);
                  const context = canvas.getContext('2d');
                  return points.map(([x, y]) => {
                    const data = context.getImageData(at(x, offsetX), at(y, offsetY), 1, 1).data;
                    return [...data.slice(0, 3)];
                  });
                }""",
                points,
            )
        )

    def ink(self, side: str) -> int:
        """How many pixels of the canvas of boxes are not transparent."""
        return int(
            self.canvas(side).evaluate(
                """(canvas) => {
                  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                  let count = 0;
                  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count++;
                  return count;
                }"""
            )
        )

    def screenshot(self, name: str, of: Locator | Page | None = None) -> None:
        """Keep a picture of the widget, a part of it or the page, where ``EVALWIDGET_SCREENSHOTS`` asks for one."""
        folder = os.environ.get("EVALWIDGET_SCREENSHOTS")
        if folder:
            (of or self.root).screenshot(path=Path(folder) / f"{name}.png")


@pytest.fixture
def lab_page(lab: Lab, chromium: Browser) -> Iterator[Any]:
    context = chromium.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    opened = LabPage(page, lab)
    yield opened
    context.close()
    # only now: a page that is still open would start a kernel anew
    lab.end_sessions()
    ours = ("/extensions/evalwidget/", "blob:")
    errors = [e for e in opened.errors if not opened.has_foreign_errors or any(place in e for place in ours)]
    assert errors == []
