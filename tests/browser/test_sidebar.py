"""The sidebar of JupyterLab: evaluations of open notebooks, one of them mounted there, tabs, and run folders."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

import evalwidget as ew

MAKE = 'import evalwidget as ew\nrun = ew.demo_run("grounding")'
SHOW = "w = run.compare(step=100)\nw"
OTHER = 'import evalwidget as ew\nv = ew.demo_run("vqa").compare()\nv'


class Sidebar:
    """The panel in the left bar of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.panel = page.locator("#evalwidget-sidebar")
        self.rows = self.panel.get_by_role("list", name="Evaluations").get_by_role("button")
        self.folders = self.panel.get_by_role("list", name="Run folders").get_by_role("button")
        self.empty = self.panel.get_by_text("No open notebook has an evaluation")
        self.root = self.panel.locator(".ew-root")
        self.tab = page.locator("[id^=evalwidget-tab]")

    @property
    def icon(self) -> Locator:
        return self.page.locator('.jp-SideBar [data-id="evalwidget-sidebar"]')

    def open(self) -> "Sidebar":
        self.page.evaluate("() => window.jupyterapp.commands.execute('evalwidget:show')")
        expect(self.panel).to_be_visible()
        return self

    def choose(self, place: int = 0) -> "Sidebar":
        # its cell has a number once it has been run to its end
        expect(self.rows.nth(place)).to_contain_text("]")
        self.rows.nth(place).click()
        expect(self.root).to_have_attribute("data-state", "ready")
        return self

    def all_evaluations(self) -> "Sidebar":
        self.panel.get_by_role("button", name="‹ All").click()
        return self

    def widen(self, width: int) -> "Sidebar":
        """Drag the edge of the panel, as its user would."""
        box = self.panel.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] + 2, 500)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + width + 2, 500, steps=4)
        self.page.mouse.up()
        self.page.wait_for_function(
            "(width) => Math.abs(document.querySelector('#evalwidget-sidebar').clientWidth - width) < 4", arg=width
        )
        return self


def command(page: Page, name: str, arguments: dict | None = None) -> None:
    page.evaluate("([name, args]) => window.jupyterapp.commands.execute(name, args)", [name, arguments or {}])


def go_to(page: Page, notebook: str) -> None:
    command(page, "docmanager:open", {"path": notebook})
    page.wait_for_function(
        "(path) => window.jupyterapp.shell.currentWidget?.context?.path === path && "
        "window.jupyterapp.shell.currentWidget.sessionContext",
        arg=notebook,
    )


def run_from_palette(page: Page, label: str) -> None:
    command(page, "apputils:activate-command-palette")
    expect(page.locator(".lm-CommandPalette-input")).to_be_focused()
    page.keyboard.type(label.lower())
    expect(page.locator(".lm-CommandPalette-item.lm-mod-active")).to_contain_text(label)
    page.keyboard.press("Enter")


def current_kernel_is_idle(page: Page) -> None:
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")


@pytest.fixture
def sidebar(lab_page):
    return Sidebar(lab_page.page)


@pytest.fixture(params=["lab/tree", "notebooks"], ids=["lab", "notebook"])
def app(request):
    """JupyterLab, and Notebook 7."""
    return request.param


@pytest.fixture
def one(lab_page, sidebar, app):
    """A notebook with one evaluation, and the sidebar open."""
    lab_page.open(lab_page.lab.write_notebook("one.ipynb", [MAKE, SHOW]), app).run_all()
    sidebar.open()
    expect(sidebar.rows).to_contain_text("[2]")
    return lab_page


def test_nothing_is_fetched_before_the_panel_opens_and_an_empty_panel_tells_how_to_begin(lab_page, sidebar, app):
    fetched: list[str] = []
    lab_page.page.on("request", lambda request: fetched.append(request.url))
    lab_page.open(lab_page.lab.write_notebook("empty.ipynb", [""]), app)
    ours = [url.rsplit("/", 1)[1].split(".")[0] for url in fetched if "/extensions/evalwidget/" in url]
    assert ours == ["remoteEntry"]
    expect(sidebar.panel).to_be_hidden()
    if app == "notebooks":
        sidebar.open()
    else:
        expect(sidebar.icon).to_have_attribute("title", "Evaluations")
        sidebar.icon.click()
    expect(sidebar.panel).to_contain_text('ew.demo_run("grounding").compare()')
    expect(sidebar.rows).to_have_count(0)
    lab_page.screenshot("sidebar-empty", of=sidebar.panel)


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_lists_the_evaluations_of_two_notebooks_with_two_kernels(one, sidebar):
    expect(sidebar.rows).to_have_text("digits: phrase grounding" + "one.ipynb [2]")
    second = one.lab.write_notebook("<b>two.ipynb", [OTHER])
    go_to(one.page, second)
    current_kernel_is_idle(one.page)
    one.run_all()
    expect(sidebar.rows).to_have_count(2)
    expect(sidebar.rows.nth(1)).to_contain_text("<b>two.ipynb")
    one.screenshot("sidebar-two-notebooks", of=sidebar.panel)
    sidebar.choose(1)
    expect(sidebar.root.get_by_test_id("panel-prediction")).to_be_visible()
    sidebar.all_evaluations().choose(0)
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")


@pytest.mark.parametrize("width", [250, 600])
@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_the_view_is_narrow_and_its_slider_is_always_in_sight(one, sidebar, width):
    sidebar.choose().widen(width)
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    truth = sidebar.root.get_by_test_id("panel-truth").bounding_box()
    prediction = sidebar.root.get_by_test_id("panel-prediction").bounding_box()
    assert truth["y"] + truth["height"] <= prediction["y"]
    assert truth["x"] == prediction["x"]
    names = sidebar.root.locator(".ew-list")
    expect(names).to_be_hidden()
    sidebar.root.locator(".ew-side-toggle").click()
    expect(names).to_be_visible()
    sidebar.root.locator(".ew-side-toggle").click()
    expect(names).to_be_hidden()
    slider = sidebar.root.get_by_test_id("step-slider")
    one.screenshot(f"sidebar-{width}-light", of=sidebar.panel)
    sidebar.root.locator(".ew-body").evaluate("(body) => body.scrollTo(0, body.scrollHeight)")
    expect(slider).to_be_in_viewport(ratio=1)
    slider.focus()
    slider.press("Home")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|0")
    sidebar.root.get_by_test_id("menu-button").click()
    expect(sidebar.root.get_by_test_id("step-slider")).to_have_count(1)
    one.screenshot(f"sidebar-{width}-menu", of=sidebar.panel)
    sidebar.root.get_by_test_id("menu-button").click()
    command(one.page, "apputils:change-theme", {"theme": "JupyterLab Dark"})
    expect(one.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    expect(one.page.locator("#jupyterlab-splash")).to_have_count(0)
    one.screenshot(f"sidebar-{width}-dark", of=sidebar.panel)
    command(one.page, "apputils:change-theme", {"theme": "JupyterLab Light"})
    expect(one.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_moves_to_a_tab_and_back_and_is_the_same_evaluation_everywhere(one, sidebar):
    sidebar.choose()
    cell = one.page.locator(".jp-Notebook .ew-root")
    sidebar.root.get_by_test_id("next-specimen").click()
    expect(cell).to_have_attribute("data-painted", "sheet-02.png|100")
    sidebar.panel.get_by_role("button", name="To a tab").click()
    tab = sidebar.tab.locator(".ew-root")
    expect(tab).to_have_attribute("data-painted", "sheet-02.png|100")
    assert one.page.evaluate("() => window.jupyterapp.shell.currentWidget.title.label") == "digits: phrase grounding"
    expect(sidebar.rows).to_contain_text("in a tab")
    expect(tab.get_by_test_id("panel-truth")).to_be_visible()
    one.screenshot("sidebar-tab", of=one.page)
    tab.press("l")
    tab.press("/")
    one.page.keyboard.type("black")
    tab.get_by_test_id("filter-text").press("Enter")
    expect(tab.get_by_test_id("position")).not_to_contain_text("/ 40")
    expect(tab.get_by_test_id("filter-note")).not_to_contain_text("…")
    narrowed = tab.get_by_test_id("position").inner_text()
    expect(sidebar.tab).to_be_visible()
    # choosing it where it is listed brings the tab to the front
    go_to(one.page, "one.ipynb")
    expect(tab).to_be_hidden()
    sidebar.rows.click()
    expect(tab).to_be_visible()
    sidebar.tab.get_by_role("button", name="To the sidebar").click()
    expect(sidebar.tab).to_have_count(0)
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-02.png|150")
    expect(sidebar.root.get_by_test_id("position")).to_have_text(narrowed)
    expect(cell.get_by_test_id("position")).to_have_text(narrowed)
    one.expect_said("print(w.step, w.specimen, w.filter)", "150 sheet-02.png {'text': 'black'}")
    one.run_cell("w.step = 250; w.specimen = 'sheet-04.png'; w.filter = {}")
    for root in (cell, sidebar.root):
        expect(root).to_have_attribute("data-painted", "sheet-04.png|250")
        expect(root.get_by_test_id("position")).to_have_text("4 / 40")


def test_stays_at_hand_while_the_notebook_scrolls(lab_page, sidebar):
    rows = "run.scores([0, 100, 500]).groupby('step', observed=True)[['f1', 'mean_iou']].mean()"
    worst = "run.scores(100).nsmallest(18, 'f1')[['specimen', 'f1', 'precision', 'recall']]"
    cells = [MAKE, "w = run.compare(step=100)\nw.show_in_sidebar()", rows, worst]
    lab_page.page.set_viewport_size({"width": 1180, "height": 880})
    lab_page.open(lab_page.lab.write_notebook("which-step.ipynb", cells)).run_all()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    expect(lab_page.page.locator(".jp-Notebook table")).to_have_count(2)
    sidebar.widen(400)
    lab_page.page.locator(".jp-Notebook table").last.scroll_into_view_if_needed()
    expect(sidebar.root.get_by_test_id("step-slider")).to_be_in_viewport(ratio=1)
    lab_page.screenshot("sidebar", of=lab_page.page)


def test_python_shows_it_in_the_sidebar(lab_page, sidebar, app):
    lab_page.open(
        lab_page.lab.write_notebook("shown.ipynb", [MAKE, "w = run.compare()\nw.show_in_sidebar()"])
    ).run_all()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|500")
    assert lab_page.run_cell("print(w._sidebar_asked)") == "False"
    sidebar.all_evaluations()
    expect(sidebar.rows).to_have_count(1)
    lab_page.run_cell("w.show_in_sidebar()")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|500")


def test_running_a_cell_again_updates_its_entry(one, sidebar):
    sidebar.choose()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    one.run_cell("before = w")
    one.run_all()
    one.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount === 4"
    )
    one.run_cell("assert w is not before; w.step = 250; before.step = 0")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|250")
    sidebar.all_evaluations()
    expect(sidebar.rows).to_have_text(["digits: phrase grounding" + "one.ipynb [4]"])


def test_several_evaluations_of_one_cell_stay_apart(lab_page, sidebar, app):
    two = "from IPython.display import display\na, b = run.compare(step=0), run.compare(step=50)\ndisplay(a, b)"
    lab_page.open(lab_page.lab.write_notebook("pair.ipynb", [MAKE, two]), app).run_all()
    sidebar.open()
    expect(sidebar.rows).to_have_count(2)
    lab_page.run_all()
    expect(sidebar.rows).to_have_text(["digits: phrase grounding" + "pair.ipynb [4]"] * 2)
    sidebar.choose(1)
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|50")


def test_a_restarted_kernel_has_no_evaluations_until_its_cells_are_run(one, sidebar):
    sidebar.choose()
    one.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(sidebar.rows).to_have_count(0)
    expect(sidebar.panel).to_contain_text("What was shown here has ended.")
    current_kernel_is_idle(one.page)
    one.run_all()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")


def test_a_dead_kernel_has_no_evaluations(one, sidebar):
    one.page.evaluate(
        """() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
            .requestExecute({code: 'import os; os._exit(1)'}); }"""
    )
    expect(sidebar.rows).to_have_count(0)
    expect(sidebar.empty).to_be_visible()


def test_a_kernel_that_is_shut_down_has_no_evaluations(one, sidebar):
    one.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")
    expect(sidebar.rows).to_have_count(0)


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_a_closed_notebook_takes_its_evaluations_along_and_brings_them_back(one, sidebar):
    sidebar.choose()
    current_kernel_is_idle(one.page)
    command(one.page, "docmanager:save")
    one.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")
    expect(sidebar.empty).to_be_visible()
    go_to(one.page, "one.ipynb")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    sidebar.all_evaluations()
    expect(sidebar.rows).to_have_count(1)


def test_a_reloaded_page_has_the_panel_and_what_it_showed(one, sidebar):
    page = one.page
    sidebar.choose()
    one.run_cell("w.step = 250")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|250")
    command(page, "docmanager:save")
    page.reload()
    expect(sidebar.panel).to_be_visible()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|250")
    sidebar.all_evaluations()
    expect(sidebar.rows).to_have_count(1)
    one.expect_said("print(w.step)", "250")


def test_commands_are_in_the_palette(one, sidebar):
    page = one.page
    page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
    expect(sidebar.panel).to_be_hidden()
    run_from_palette(page, "Show Evaluations")
    expect(sidebar.panel).to_be_visible()
    sidebar.choose()
    run_from_palette(page, "Move the Evaluation to a Tab")
    expect(sidebar.tab.locator(".ew-root")).to_have_attribute("data-painted", "sheet-01.png|100")
    command(page, "evalwidget:to-sidebar")
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    command(page, "evalwidget:find-runs")
    expect(sidebar.rows).to_have_count(1)


STRANGE = [
    "a \"quoted\" 'name'",
    "back\\slash\\n",
    "two\nlines",
    "{run} {{x}} %s",
    'x").compare(); open("proof", "w"); ("',
    "ends?",
    "!ls",
    "\u202egnp.<img src=x onerror=document.title='hit'>",
]


@pytest.fixture
def folders(lab):
    """Run folders below the server's root, and what is not to be found there."""
    saved = Path(ew.__file__).parent / "demo" / "grounding"
    top = lab.root / "runs"
    for place in (*STRANGE, "deep/er/one", "deep/er/one/below/too/deep", ".hidden/run", "node_modules/run"):
        shutil.copytree(saved, top / place, dirs_exist_ok=True)
    yield top
    shutil.rmtree(top)


def test_run_folders_are_found_and_open_in_the_active_notebook_whatever_they_are_called(
    lab_page, sidebar, folders, app
):
    page = lab_page.page
    (lab_page.lab.root / "work").mkdir(exist_ok=True)
    lab_page.open(lab_page.lab.write_notebook("work/active.ipynb", ["before = 1"]), app)
    sidebar.open()
    expect(sidebar.folders).to_have_count(len(STRANGE) + 1)
    named = sorted(row.get_attribute("title") for row in sidebar.folders.all())
    assert named == sorted([*(f"runs/{name}" for name in STRANGE), "runs/deep/er/one"])
    lab_page.screenshot("sidebar-run-folders", of=sidebar.panel)
    for count, name in enumerate(STRANGE, 1):
        sidebar.panel.locator(f"[value={_css_string('runs/' + name)}]").click()
        expect(sidebar.rows).to_have_count(count)
        expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(count + 1)
    assert page.title() != "hit"
    assert not list(lab_page.lab.root.rglob("proof"))
    assert page.locator(".jp-OutputArea-output[data-mime-type*=stderr]").count() == 0


def _css_string(text: str) -> str:
    return '"' + "".join(f"\\{ord(character):x} " for character in text) + '"'


def test_a_run_folder_starts_a_notebook_where_there_is_none(lab_page, sidebar, folders):
    page = lab_page.page
    page.goto(f"{lab_page.lab.url}/lab?reset&token={lab_page.lab.token}")
    page.wait_for_function("() => window.jupyterapp?.restored")
    sidebar.open()
    sidebar.panel.locator('[value="runs/deep/er/one"]').click()
    expect(page.locator(".jp-Notebook .ew-root")).to_have_attribute("data-state", "ready")
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(1)
    expect(page.locator(".jp-Notebook .cm-content")).to_contain_text('ew.open_run("one").compare()')
    expect(sidebar.rows).to_contain_text("Untitled.ipynb")
    assert [path.name for path in (folders / "deep" / "er").glob("*.ipynb")] == ["Untitled.ipynb"]
    assert Path(folders / "deep" / "er" / "Untitled.ipynb").is_file()


def test_a_run_folder_starts_a_notebook_in_a_page_of_its_own_where_notebook_7_has_none(lab_page, sidebar, folders):
    page = lab_page.page
    lab_page.has_foreign_errors = True
    page.goto(f"{lab_page.lab.url}/tree?token={lab_page.lab.token}")
    page.wait_for_function("() => window.jupyterapp?.restored")
    sidebar.open()
    with page.expect_popup() as opened:
        sidebar.panel.locator('[value="runs/deep/er/one"]').click()
    notebook = opened.value
    expect(notebook.locator(".jp-Notebook .cm-content")).to_contain_text('ew.open_run("one").compare()')
    current_kernel_is_idle(notebook)
    notebook.get_by_role("button", name="Run this cell and advance").click()
    expect(notebook.locator(".jp-Notebook .ew-root")).to_have_attribute("data-state", "ready")
    notebook.close()
    page.reload()
    expect(sidebar.panel).to_be_visible()


def test_names_of_runs_are_text(lab_page, sidebar, app):
    make = (
        "import pandas as pd, evalwidget as ew\n"
        "box = dict(specimen='a', x1=0, y1=0, x2=9, y2=9, phrase='cat')\n"
        'name = \'<img src=x onerror="document.title=1"> & "run"\'\n'
        "run = ew.Run.from_frames(pd.DataFrame([box]), pd.DataFrame([{**box, 'step': 1, 'score': .5}]), name=name)"
    )
    lab_page.open(lab_page.lab.write_notebook("named.ipynb", [make, "w = run.compare()\nw"]), app).run_all()
    sidebar.open()
    expect(sidebar.rows).to_contain_text('<img src=x onerror="document.title=1"> & "run"')
    sidebar.choose()
    expect(sidebar.panel.locator(".ews-bar")).to_contain_text("<img src=x")
    sidebar.panel.get_by_role("button", name="To a tab").click()
    expect(sidebar.tab.locator(".ew-root")).to_have_attribute("data-state", "ready")
    assert lab_page.page.locator("img[src=x]").count() == 0


def test_notebook_7_has_it_in_its_menu_and_tabs_below_the_notebook(lab_page, sidebar):
    page = lab_page.page
    notebook = lab_page.lab.write_notebook("seven.ipynb", [MAKE, SHOW])
    lab_page.open(notebook, app="notebooks").run_all()
    page.get_by_role("menuitem", name="View").click()
    page.get_by_text("Left Sidebar").click()
    page.get_by_text("Show Evaluations").click()
    expect(sidebar.rows).to_have_text(["digits: phrase grounding" + "seven.ipynb [2]"])
    sidebar.choose()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    lab_page.screenshot("sidebar-notebook-7", of=page)
    sidebar.panel.get_by_role("button", name="To a tab").click()
    tab = sidebar.tab.locator(".ew-root")
    expect(tab).to_have_attribute("data-painted", "sheet-01.png|100")
    expect(tab).to_be_visible()
    tab.press("l")
    lab_page.screenshot("sidebar-notebook-7-tab", of=page)
    sidebar.tab.get_by_role("button", name="To the sidebar").click()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|150")
    lab_page.run_cell("w.step = 250")
    for root in (sidebar.root, page.locator(".jp-Notebook .ew-root")):
        expect(root).to_have_attribute("data-painted", "sheet-01.png|250")


def test_a_tab_that_is_closed_is_gone_and_its_evaluation_is_chosen_anew(one, sidebar):
    sidebar.choose()
    sidebar.panel.get_by_role("button", name="To a tab").click()
    expect(sidebar.rows).to_contain_text("in a tab")
    one.page.locator(".lm-TabBar-tab", has_text="digits: phrase grounding").locator(".lm-TabBar-tabCloseIcon").click()
    expect(sidebar.tab).to_have_count(0)
    expect(sidebar.rows).not_to_contain_text("in a tab")
    sidebar.choose()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_a_tab_follows_its_notebook_and_stays_where_it_is_when_the_cell_is_run_again(one, sidebar):
    page = one.page
    sidebar.choose()
    sidebar.panel.get_by_role("button", name="To a tab").click()
    tab = sidebar.tab.locator(".ew-root")
    expect(tab).to_have_attribute("data-painted", "sheet-01.png|100")
    place = sidebar.tab.get_attribute("id")
    go_to(page, "one.ipynb")
    expect(tab).to_be_hidden()
    page.evaluate(
        """() => { const { context } = window.jupyterapp.shell.currentWidget;
            return window.jupyterapp.serviceManager.contents.rename(context.path, 'renamed.ipynb'); }"""
    )
    expect(sidebar.tab.locator(".ews-bar")).to_contain_text("renamed.ipynb")
    one.run_all()
    expect(sidebar.rows).to_contain_text("renamed.ipynb [4]")
    assert sidebar.tab.get_attribute("id") == place
    expect(tab).to_be_hidden()
    one.run_cell("w.step = 250")
    sidebar.rows.click()
    expect(tab).to_have_attribute("data-painted", "sheet-01.png|250")


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_a_tab_that_comes_back_does_not_cover_the_notebook(one, sidebar):
    page = one.page
    sidebar.choose()
    sidebar.panel.get_by_role("button", name="To a tab").click()
    expect(sidebar.tab.locator(".ew-root")).to_be_visible()
    go_to(page, "one.ipynb")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(sidebar.tab).to_have_count(0)
    current_kernel_is_idle(page)
    one.run_all()
    expect(sidebar.rows).to_contain_text("in a tab")
    expect(page.locator(".jp-Notebook")).to_be_visible()
    sidebar.rows.click()
    expect(sidebar.tab.locator(".ew-root")).to_have_attribute("data-painted", "sheet-01.png|100")


def test_the_focus_stays_in_the_list_that_it_is_in(one, sidebar, folders):
    command(one.page, "evalwidget:find-runs")
    expect(sidebar.folders).to_have_count(len(STRANGE) + 1)
    run_all = "() => { window.jupyterapp.commands.execute('notebook:run-all-cells', {activate: false}); }"
    sidebar.folders.nth(2).focus()
    one.page.evaluate(run_all)
    expect(sidebar.rows).to_contain_text("[4]")
    expect(sidebar.folders.nth(2)).to_be_focused()
    sidebar.rows.focus()
    one.page.evaluate(run_all)
    expect(sidebar.rows).to_contain_text("[6]")
    expect(sidebar.rows).to_be_focused()
    sidebar.rows.press("Enter")
    expect(sidebar.panel.get_by_role("button", name="‹ All")).to_be_focused()
    one.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    expect(sidebar.panel.get_by_role("button", name="Look again")).to_be_focused()


def test_a_kernel_that_died_and_was_started_again_has_what_its_cells_make_anew(one, sidebar):
    one.run_all()
    expect(sidebar.rows).to_contain_text("[4]")
    one.page.evaluate(
        """async () => { const { session } = window.jupyterapp.shell.currentWidget.sessionContext;
            const again = new Promise((done) => session.statusChanged.connect((_, status) => {
              if (status === 'autorestarting') done();
            }));
            session.kernel.requestExecute({code: 'import os; os._exit(1)'});
            await again; }"""
    )
    current_kernel_is_idle(one.page)
    expect(sidebar.rows).to_have_count(0)
    # what the kernel had is not in the way of what it has
    command(one.page, "notebook:run-all-cells")
    expect(sidebar.rows).to_contain_text("one.ipynb [2]")


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_a_kernel_that_was_restarted_while_its_notebook_was_closed(one, sidebar):
    one.run_all()
    expect(sidebar.rows).to_contain_text("[4]")
    current_kernel_is_idle(one.page)
    command(one.page, "docmanager:save")
    kernel = one.page.evaluate(
        """() => { const { currentWidget } = window.jupyterapp.shell;
            const { id } = currentWidget.sessionContext.session.kernel; currentWidget.close(); return id; }"""
    )
    expect(sidebar.empty).to_be_visible()
    one.lab._request("POST", f"kernels/{kernel}/restart")
    go_to(one.page, "one.ipynb")
    current_kernel_is_idle(one.page)
    expect(sidebar.rows).to_have_count(0)
    one.run_all()
    expect(sidebar.rows).to_contain_text("one.ipynb [2]")


def test_notebook_7_brings_the_tab_that_was_chosen_to_the_front(lab_page, sidebar):
    two = "from IPython.display import display\na, b = run.compare(step=0), run.compare(step=50)\ndisplay(a, b)"
    lab_page.open(lab_page.lab.write_notebook("tabs.ipynb", [MAKE, two]), app="notebooks").run_all()
    sidebar.open()
    for place in range(2):
        sidebar.choose(place)
        sidebar.panel.get_by_role("button", name="To a tab").click()
        expect(sidebar.tab.locator(".ew-root").nth(place)).to_be_visible()
    sidebar.rows.nth(0).click()
    expect(sidebar.tab.locator(".ew-root").nth(0)).to_be_visible()


@pytest.mark.parametrize("app", ["lab/tree"], indirect=True)
def test_stands_on_the_right_too_and_in_simple_mode(one, sidebar):
    page = one.page
    page.evaluate(
        """() => { const { shell, commands } = window.jupyterapp;
            const widget = [...shell.widgets('left')].find(({ id }) => id === 'evalwidget-sidebar');
            shell.add(widget, 'right'); shell.mode = 'single-document'; }"""
    )
    sidebar.open().choose()
    sidebar.panel.get_by_role("button", name="To a tab").click()
    tab = sidebar.tab.locator(".ew-root")
    expect(tab).to_have_attribute("data-painted", "sheet-01.png|100")
    expect(page.locator(".jp-Notebook")).to_be_hidden()
    sidebar.tab.get_by_role("button", name="To the sidebar").click()
    expect(sidebar.root).to_have_attribute("data-painted", "sheet-01.png|100")
    expect(page.locator(".jp-Notebook")).to_be_visible()


def test_a_run_folder_opens_in_sight_below_a_cell_that_is_being_edited(lab_page, sidebar, folders):
    page = lab_page.page
    lab_page.open(lab_page.lab.write_notebook("long.ipynb", [f"print({n})\n" + "\n" * 9 for n in range(60)]))
    sidebar.open()
    lab_page.page.locator(".jp-Notebook .cm-content").first.click()
    page.keyboard.type("before = 1 ")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(59, 'end')")
    expect(page.locator(".jp-Notebook .cm-content", has_text="print(59)")).to_be_in_viewport()
    sidebar.panel.locator('[value="runs/deep/er/one"]').click()
    expect(page.locator(".jp-Notebook .ew-root")).to_have_attribute("data-state", "ready")
    expect(page.locator(".jp-Notebook .ew-root")).to_be_in_viewport()
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.activeCellIndex") == 1


def test_a_notebook_of_another_language_is_left_alone(lab_page, sidebar, folders):
    page = lab_page.page
    lab_page.open(lab_page.lab.write_notebook("other.ipynb", ["1"]))
    page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.context.model.setMetadata('language_info', {name: 'R'})"""
    )
    sidebar.open()
    sidebar.panel.locator('[value="runs/deep/er/one"]').click()
    expect(sidebar.rows).to_contain_text("Untitled.ipynb")
