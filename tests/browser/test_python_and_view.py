"""Python and the view follow each other, also while a cell runs; closing and running again leave nothing behind."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import expect

import evalwidget as ew


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """The process stands still inside the ``with`` block."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_step_and_specimen_go_both_ways(lab_page):
    run = ew.demo_run("grounding")
    first, second = run.specimens[:2]
    lab_page.open("01-quickstart.ipynb").run_all().painted(first, run.steps[-1])
    lab_page.run_cell(f"widget.step = {run.steps[2]}")
    lab_page.painted(first, run.steps[2])
    lab_page.run_cell(f"widget.specimen = {second!r}")
    lab_page.painted(second, run.steps[2])
    lab_page.part("specimen-title").click()
    lab_page.page.keyboard.press("ArrowRight")
    lab_page.painted(second, run.steps[3])
    assert lab_page.run_cell("print(widget.step)") == str(run.steps[3])
    lab_page.root.locator('[data-row="4"]').click()
    lab_page.painted(run.specimens[4], run.steps[3])
    assert lab_page.run_cell("print(widget.specimen)") == run.specimens[4]
    refused = lab_page.run_cell("try:\n    widget.step = 7\nexcept Exception as error:\n    print(error)")
    assert refused == f"step 7 is not recorded; the run has {run.steps}"


def test_specimens_open_while_a_cell_runs_and_sets_the_step(lab_page):
    run = ew.demo_run("grounding")
    gate = lab_page.lab.root / "training-is-over"
    gate.unlink(missing_ok=True)
    notebook = lab_page.lab.write_notebook(
        "training.ipynb",
        [
            "import evalwidget as ew\nrun = ew.demo_run('grounding')\nwidget = run.compare()\nwidget",
            "import itertools, pathlib, time\n"
            "for step in itertools.cycle(run.steps[-2:]):\n"
            "    widget.step = step\n"
            "    time.sleep(0.05)\n"
            "    if pathlib.Path('training-is-over').exists():\n"
            "        break\n"
            "widget.step = run.steps[0]",
        ],
    )
    lab_page.open(notebook).run_all()
    expect(lab_page.root).to_have_attribute("data-state", "ready")
    for row in (20, 35):
        lab_page.part("list").evaluate("(list, row) => { list.scrollTop = row * 30; }", row)
        lab_page.root.locator(f'[data-row="{row}"]').click()
        expect(lab_page.part("specimen-title")).to_have_text(run.specimens[row])
        expect(lab_page.root).to_have_attribute("data-state", "ready")
    expect(lab_page.page.get_by_text("[*]:")).to_be_visible()
    gate.touch()
    expect(lab_page.part("step-label").first).to_contain_text(f"step {run.steps[0]}")


def test_a_view_that_waits_for_the_kernel_says_so(lab_page):
    """A kernel that cannot answer at all: its process is stopped, and goes on later."""
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.idle()
    process = int(lab_page.run_cell("import os; print(os.getpid())"))
    with stopped(process):
        lab_page.root.locator('[data-row="12"]').click()
        expect(lab_page.part("status")).to_contain_text("waiting for the kernel")
        lab_page.screenshot("waiting")
        # what is in the browser goes on working
        lab_page.root.locator('[data-row="0"]').click()
        lab_page.painted(run.specimens[0], run.steps[-1])
        lab_page.part("specimen-title").click()
        lab_page.page.keyboard.press("ArrowLeft")
        lab_page.painted(run.specimens[0], run.steps[-2])
        lab_page.root.locator('[data-row="12"]').click()
    lab_page.painted(run.specimens[12], run.steps[-2])


def test_running_a_cell_again_shows_one_widget_and_close_removes_it(lab_page):
    run = ew.demo_run("grounding")
    notebook = lab_page.lab.write_notebook(
        "again.ipynb", ["import evalwidget as ew\nrun = ew.demo_run('grounding')", "widget = run.compare()\nwidget"]
    )
    lab_page.open(notebook)
    for count in (2, 4, 6):
        lab_page.run_all()
        expect(lab_page.page.locator(".jp-InputPrompt", has_text=f"[{count}]")).to_be_visible()
        lab_page.painted(run.specimens[0], run.steps[-1])
    expect(lab_page.page.locator(".ew-root")).to_have_count(1)
    lab_page.run_cell("widget.close()")
    expect(lab_page.page.locator(".ew-root")).to_have_count(0)


def test_two_views_of_one_widget_agree(lab_page):
    run = ew.demo_run("grounding")
    notebook = lab_page.lab.write_notebook(
        "twice.ipynb",
        ["import evalwidget as ew\nrun = ew.demo_run('grounding')\nwidget = run.compare()\nwidget", "widget"],
    )
    lab_page.open(notebook).run_all()
    views = lab_page.page.locator(".ew-root")
    expect(views).to_have_count(2)
    for view in views.all():
        expect(view).to_have_attribute("data-painted", f"{run.specimens[0]}|{run.steps[-1]}")
    views.nth(1).locator('[data-row="3"]').click()
    for view in views.all():
        expect(view).to_have_attribute("data-painted", f"{run.specimens[3]}|{run.steps[-1]}")


def test_a_view_whose_kernel_was_restarted_says_so_and_comes_back_with_its_cell(lab_page):
    run = ew.demo_run("grounding")
    lab_page.open("01-quickstart.ipynb").run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.idle()
    kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    lab_page.page.evaluate(f"() => {kernel}.restart()")
    lab_page.root.locator('[data-row="12"]').click()
    expect(lab_page.part("status")).to_contain_text("the kernel of this view is gone: run the cell again")
    lab_page.run_all().painted(run.specimens[0], run.steps[-1])
