"""Two steps or two runs beside each other, blinking, the history of a box, and words lost and added."""

import numpy as np
from boxes_on_screen import assert_drawn
from playwright.sync_api import expect
from test_demo_runs import colours_of

import evalwidget as ew

GROUNDING = """
import evalwidget as ew
run = ew.demo_run("grounding")
widget = run.compare(compare_step=run.steps[0])
widget
"""

#: The demo run beside a run of three of its steps over all of its specimens but the second.
TWO_RUNS = """
import pathlib, shutil, tempfile, evalwidget as ew
run = ew.demo_run("grounding")
folder = pathlib.Path(tempfile.mkdtemp()) / "shorter"
shutil.copytree(pathlib.Path(ew.__file__).parent / "demo" / "grounding", folder)
for step in run.steps[3:]:
    (folder / "predictions" / f"step-{step:06d}.jsonl").unlink()
truth = (folder / "ground_truth.jsonl").read_text("utf-8").splitlines()
kept = [line for line in reversed(truth) if run.specimens[1] not in line]
(folder / "ground_truth.jsonl").write_text("\\n".join(kept), "utf-8")
other = ew.open_run(folder, name="shorter")
widget = run.compare(other=other)
widget
"""

VQA = """
import evalwidget as ew
run = ew.demo_run("vqa")
widget = run.compare(compare_step=run.steps[0])
widget
"""


#: Where a canvas lies in the view, and how large it is.
PLACED = """(canvas) => {
  const [at, view] = [canvas, canvas.closest('.ew-root')].map((one) => one.getBoundingClientRect());
  return [at.x - view.x, at.y - view.y, at.width, at.height].map(Math.round);
}"""


def expect_compared(lab_page, specimen: str, step: int) -> None:
    """Wait until A shows this specimen at this step."""
    expect(lab_page.root).to_have_attribute("data-painted-compared", f"{specimen}|{step}")


def placed_alike(lab_page, one: str, other: str) -> bool:
    """Whether two panels stand in the same place of the page."""
    return lab_page.root.evaluate(
        """(root, sides) => {
          const [a, b] = sides
            .map((side) => root.querySelector(`[data-testid=panel-${side}]`).getBoundingClientRect())
            .map(({x, y, width, height}) => [x, y, width, height].join());
          return a === b;
        }""",
        [one, other],
    )


def rows_of(matches, specimen: str, step: int):
    return matches[(matches.step == step) & (matches.specimen == specimen)]


def centre(row, side: str) -> tuple[float, float]:
    return tuple((row[f"{side}_{a}1"] + row[f"{side}_{a}2"]) / 2 for a in "xy")


def on_page(lab_page, side: str, point: tuple[float, float]) -> dict[str, float]:
    """Where a point of the image is on the canvas of a side, in CSS pixels."""
    data = lab_page.canvas(side).evaluate("(canvas) => ({...canvas.dataset})")
    scale = float(data["scale"])
    return {"x": point[0] * scale + float(data["offsetX"]), "y": point[1] * scale + float(data["offsetY"])}


def near(pixel: list[int], colour: str, most: int) -> bool:
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    return max(abs(a - b) for a, b in zip(pixel, parts, strict=True)) <= most


def inked(lab_page, side: str, corners: np.ndarray, colour: str, most: int) -> float:
    """The share of points along the edges of a box that show a colour, or nearly."""
    x1, y1, x2, y2 = corners
    along = np.linspace(0.1, 0.9, 12)
    points = [(x1, y1 + (y2 - y1) * t) for t in along] + [(x2, y1 + (y2 - y1) * t) for t in along]
    points += [(x1 + (x2 - x1) * t, y2) for t in along]
    return float(np.mean([near(pixel, colour, most) for pixel in lab_page.pixels(side, points)]))


def test_two_steps_beside_each_other(lab_page, lab):
    run = ew.demo_run("grounding").load()
    colours, matches, specimen = colours_of(run), run.matches(), run.specimens[0]
    first, last = run.steps[0], run.steps[-1]
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(specimen, last)
    expect_compared(lab_page, specimen, first)
    lab_page.screenshot("compare-steps")
    lab_page.part("menu-button").click()
    lab_page.hide_chips()
    size = run._data.size(0)
    for side, step in (("truth", last), ("compared", first), ("prediction", last)):
        drawn = assert_drawn(lab_page, side, rows_of(matches, specimen, step), colours, size)
        assert drawn >= 1, side
    counts = rows_of(matches, specimen, first).status.value_counts()
    for outcome in ("matched", "missed", "extra"):
        entry = lab_page.part("legend-compared").locator(f"[data-outcome={outcome}]")
        expect(entry).to_contain_text(str(counts.get(outcome, 0)))


def test_the_slider_moves_b_and_the_second_handle_a_and_neither_asks_python(lab_page, lab):
    run = ew.demo_run("grounding").load()
    colours, matches, specimen = colours_of(run), run.matches(), run.specimens[0]
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(specimen, run.steps[-1])
    expect_compared(lab_page, specimen, run.steps[0])
    lab_page.part("menu-button").click()
    lab_page.hide_chips()
    lab_page.idle()
    sent = len(lab_page.frames_sent)
    for handle, place in (("step-slider", 3), ("compare-slider", 4)):
        lab_page.part(handle).evaluate(
            "(slider, place) => { slider.value = String(place); "
            "slider.dispatchEvent(new Event('input', {bubbles: true})); }",
            place,
        )
    lab_page.painted(specimen, run.steps[3])
    expect_compared(lab_page, specimen, run.steps[4])
    lab_page.screenshot("compare-mid-drag")
    assert lab_page.sent_of_view(sent) == []
    for side, step in (("compared", run.steps[4]), ("prediction", run.steps[3])):
        assert assert_drawn(lab_page, side, rows_of(matches, specimen, step), colours, run._data.size(0)) >= 1
    lab_page.expect_said("print(widget.step, widget.compare_step)", f"{run.steps[-1]} {run.steps[0]}")
    lab_page.part("compare-slider").press("ArrowRight")
    expect_compared(lab_page, specimen, run.steps[5])
    lab_page.expect_said("print(widget.compare_step)", str(run.steps[5]))
    assert lab_page.sent_of_view(sent) != []


def test_one_zoom_and_one_hover_for_all_three(lab_page, lab):
    run = ew.demo_run("grounding").load()
    colours, matches, specimen = colours_of(run), run.matches(), run.specimens[0]
    a, b = run.steps[-2:]
    found = [rows_of(matches, specimen, step).set_index("ground_truth_x1") for step in (a, b)]
    both = [x for x in found[1][found[1].status == "matched"].index if found[0].status.get(x) == "matched"]
    rows = [table.loc[both[0]] for table in found]
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(specimen, b)
    lab_page.run_cell(f"widget.compare_step = {a}")
    expect_compared(lab_page, specimen, a)
    truth = matches[(matches.ground_truth_x1 == both[0]) & (matches.specimen == specimen)].iloc[0]
    lab_page.canvas("truth").hover(position=on_page(lab_page, "truth", centre(truth, "ground_truth")))
    colour = colours[truth.phrase]
    for side, row in zip(("compared", "prediction"), rows, strict=True):
        inside = centre(row, "prediction")
        lab_page.page.wait_for_function(
            """([side, x, y]) => {
              const canvas = document.querySelector(`[data-testid=canvas-${side}]`);
              const {scale, offsetX, offsetY} = canvas.dataset;
              const at = (v, offset) => Math.floor((v * Number(scale) + Number(offset)) * devicePixelRatio);
              return canvas.getContext('2d').getImageData(at(x, offsetX), at(y, offsetY), 1, 1).data[3] > 0;
            }""",
            arg=[side, *inside],
        )
        assert near(lab_page.pixels(side, [inside])[0], colour, 48), side
    lab_page.screenshot("compare-hover")
    lab_page.root.focus()
    before = float(lab_page.canvas("truth").get_attribute("data-scale"))
    lab_page.page.keyboard.press("+")
    for side in ("truth", "compared", "prediction"):
        expect(lab_page.canvas(side)).not_to_have_attribute("data-scale", str(before))
    scales = {lab_page.canvas(side).get_attribute("data-scale") for side in ("truth", "compared", "prediction")}
    assert len(scales) == 1


def test_the_second_step_from_python_the_menu_and_the_keyboard(lab_page):
    run = ew.demo_run("grounding")
    specimen = run.specimens[0]
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.run_cell("seen = []; widget.observe(lambda change: seen.append(change['new']), 'compare_step')")
    expect(lab_page.part("panel-compared")).to_have_count(0)
    lab_page.run_cell(f"widget.compare_step = {run.steps[1]}")
    expect_compared(lab_page, specimen, run.steps[1])
    lab_page.part("menu-button").click()
    lab_page.part("compare-step").select_option(label=f"previous step ({run.steps[-2]})")
    expect_compared(lab_page, specimen, run.steps[-2])
    lab_page.page.keyboard.press("Escape")
    lab_page.page.keyboard.press("Shift+ArrowLeft")
    expect_compared(lab_page, specimen, run.steps[-3])
    lab_page.expect_said("print(widget.compare_step)", str(run.steps[-3]))
    lab_page.page.keyboard.press("c")
    expect(lab_page.part("panel-compared")).to_have_count(0)
    lab_page.expect_said("print(seen)", str([run.steps[1], run.steps[-2], run.steps[-3], None]))


def test_two_runs_over_the_same_specimens(lab_page, lab):
    run = ew.demo_run("grounding").load()
    colours, matches, specimen = colours_of(run), run.matches(), run.specimens[0]
    lab_page.open(lab.write_notebook("runs.ipynb", [TWO_RUNS])).run_all().painted(specimen, run.steps[-1])
    expect_compared(lab_page, specimen, run.steps[2])
    expect(lab_page.part("runs")).to_have_text(f"A shorterB {run.name}")
    expect(lab_page.part("panel-compared").locator("h3")).to_contain_text(f"step {run.steps[2]} · epoch 0.5 · shorter")
    expect(lab_page.part("legend-compared")).to_be_visible()
    lab_page.screenshot("compare-runs")
    lab_page.part("menu-button").click()
    lab_page.hide_chips()
    for step in (run.steps[2], run.steps[0]):
        lab_page.part("compare-step").select_option(f"step {step}")
        expect_compared(lab_page, specimen, step)
        expected = rows_of(matches, specimen, step)
        assert assert_drawn(lab_page, "compared", expected, colours, run._data.size(0)) >= 1
    lab_page.expect_said("print(widget.compare_step)", str(run.steps[0]))
    lab_page.page.keyboard.press("Escape")
    lab_page.page.keyboard.press("ArrowDown")
    lab_page.painted(run.specimens[1], run.steps[-1])
    expect(lab_page.part("status-compared")).to_have_text("the run 'shorter' does not have this specimen")
    assert lab_page.ink("compared") == 0
    lab_page.screenshot("compare-lacking")
    lab_page.page.keyboard.press("ArrowDown")
    lab_page.painted(run.specimens[2], run.steps[-1])
    expect_compared(lab_page, run.specimens[2], run.steps[0])
    expect(lab_page.part("status-compared")).to_have_count(0)


def test_blinking_in_one_place(lab_page, lab):
    run = ew.demo_run("grounding")
    specimen, panels = run.specimens[0], ".ew-panels"
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(specimen, run.steps[-1])
    expect_compared(lab_page, specimen, run.steps[0])
    expect(lab_page.root.locator(panels)).to_have_attribute("data-compare", "both")
    lab_page.page.evaluate(
        """() => {
          window.seen = [];
          const panels = document.querySelector('.ew-panels');
          const words = () => document.querySelector('[data-testid=blink-words]').textContent;
          const note = () => window.seen.push([panels.dataset.compare, words()]);
          new MutationObserver(note).observe(panels, {attributeFilter: ['data-compare']});
        }"""
    )
    lab_page.part("blink").click()
    lab_page.page.wait_for_function("() => window.seen.length >= 4")
    seen = lab_page.page.evaluate("() => window.seen.slice(0, 4)")
    assert [shown for shown, _ in seen] == ["A", "B", "A", "B"]
    assert all(words.startswith(f"showing {shown}: step ") for shown, words in seen)
    lab_page.root.focus()
    lab_page.page.keyboard.press("b")
    expect(lab_page.root.locator(panels)).to_have_attribute("data-compare", "both")
    for shown, hidden, button in (("compared", "prediction", "show-A"), ("prediction", "compared", "show-B")):
        lab_page.part(button).click()
        expect(lab_page.part(f"panel-{shown}")).to_be_visible()
        expect(lab_page.part(f"panel-{hidden}")).to_be_hidden()
        lab_page.screenshot(f"compare-{button}")
    assert placed_alike(lab_page, "compared", "prediction")
    lab_page.part("show-both").click()
    lab_page.root.focus()
    before = lab_page.page.evaluate("() => window.seen.length")
    lab_page.page.keyboard.down("b")
    lab_page.page.wait_for_function("(before) => window.seen.length > before + 2", arg=before)
    lab_page.page.keyboard.up("b")
    expect(lab_page.root.locator(panels)).to_have_attribute("data-compare", "both")


def test_nothing_blinks_by_itself_where_less_motion_is_asked_for(lab_page, lab):
    run = ew.demo_run("grounding")
    lab_page.page.emulate_media(reduced_motion="reduce")
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(run.specimens[0], run.steps[-1])
    expect_compared(lab_page, run.specimens[0], run.steps[0])
    lab_page.root.focus()
    for shown, step in (("A", run.steps[0]), ("B", run.steps[-1]), ("A", run.steps[0])):
        lab_page.page.keyboard.press("b")
        expect(lab_page.root.locator(".ew-panels")).to_have_attribute("data-compare", shown)
        expect(lab_page.part("blink-words")).to_contain_text(f"showing {shown}: step {step}")
        expect(lab_page.part("blink")).to_have_attribute("aria-pressed", "false")
    lab_page.page.keyboard.press("Escape")
    expect(lab_page.root.locator(".ew-panels")).to_have_attribute("data-compare", "both")


def test_the_history_of_a_box(lab_page):
    run = ew.demo_run("grounding").load()
    colours, matches, specimen = colours_of(run), run.matches(), run.specimens[0]
    rows = matches[(matches.specimen == specimen) & matches.ground_truth_x1.notna()]
    found = rows[rows.status == "matched"].groupby("ground_truth_x1", sort=False).size()
    chosen = rows[rows.ground_truth_x1 == found.idxmax()].set_index("step")
    assert (chosen.status == "matched").sum() >= 2
    assert (chosen.status == "missed").sum() >= 1
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    box = chosen.iloc[0]
    lab_page.idle()
    before = lab_page.canvas("truth").evaluate(PLACED)
    lab_page.canvas("truth").click(position=on_page(lab_page, "truth", centre(box, "ground_truth")))
    strip = lab_page.part("history")
    expect(strip).to_contain_text(box.phrase)
    assert lab_page.canvas("truth").evaluate(PLACED) == before
    entries = strip.locator(".ew-moment")
    words = [
        f"{step} IoU {row.iou:.2f}" if row.status == "matched" else f"{step} {row.status}"
        for step, row in chosen.iterrows()
    ]
    expect(entries).to_have_text(words)
    lab_page.screenshot("history")
    last = [step for step, row in chosen.iterrows() if row.status == "matched"][-1]
    entries.nth(run.steps.index(last)).click()
    lab_page.painted(specimen, last)
    expect(strip.locator("[aria-current]")).to_have_text(words[run.steps.index(last)])
    lab_page.expect_said("print(widget.step)", str(last))
    corners = chosen[[f"prediction_{name}" for name in ("x1", "y1", "x2", "y2")]].to_numpy(float)
    for step, row, at in zip(chosen.index, chosen.status, corners, strict=True):
        if row == "matched":
            share = inked(lab_page, "prediction", at, colours[box.phrase], 48 if step == last else 110)
            assert share > (0.9 if step == last else 0.4), step
    first_missed = chosen.index[chosen.status == "missed"][0]
    entries.nth(run.steps.index(first_missed)).click()
    lab_page.painted(specimen, first_missed)
    lab_page.screenshot("history-missed")
    lab_page.canvas("truth").click(position=on_page(lab_page, "truth", centre(box, "ground_truth")))
    expect(strip).to_have_count(0)


def test_the_history_by_keyboard(lab_page):
    run = ew.demo_run("grounding").load()
    specimen = run.specimens[0]
    truth = run.matches(run.steps[-1])
    truth = truth[(truth.specimen == specimen) & truth.ground_truth_x1.notna()]
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.root.focus()
    for place in range(len(truth)):
        lab_page.page.keyboard.press("n")
        expect(lab_page.part("history")).to_contain_text(f"box {place + 1} of {len(truth)} ·")
    lab_page.page.keyboard.press("Shift+N")
    expect(lab_page.part("history")).to_contain_text(f"box {len(truth) - 1} of {len(truth)} ·")
    entry = lab_page.part("history").locator(".ew-moment").first
    entry.focus()
    lab_page.page.keyboard.press("Enter")
    lab_page.painted(specimen, run.steps[0])
    expect(entry).to_be_focused()
    lab_page.page.keyboard.press("Escape")
    expect(lab_page.part("history")).to_have_count(0)


def test_words_lost_and_added(lab_page, lab):
    run = ew.demo_run("vqa").load()
    specimen, first, last = run.specimens[0], run.steps[0], run.steps[-1]
    matches = run.matches()
    answers = {step: rows_of(matches, specimen, step) for step in (first, last)}
    lab_page.open(lab.write_notebook("words.ipynb", [VQA])).run_all().painted(specimen, last)
    expect(lab_page.part("answer-text")).to_have_count(len(answers[first]) * 2)
    assert [card.text_content() for card in lab_page.part("answer-text").all()] == [
        *answers[first].prediction,
        *answers[last].prediction,
    ]
    lab_page.screenshot("compare-answers")

    def words(panel: str, without: str) -> list[list[str]]:
        """The words of each answer of a panel, as they are without one kind of mark."""
        cards = lab_page.part(panel).locator('[data-testid="word-changes"]')
        return cards.evaluate_all(
            """(cards, without) => cards.map((card) => {
              const kept = card.cloneNode(true);
              kept.querySelectorAll(without).forEach((mark) => mark.remove());
              return kept.textContent.split(/\\s+/).filter((word) => word !== '');
            })""",
            without,
        )

    lab_page.root.focus()
    lab_page.page.keyboard.press("w")
    expect(lab_page.part("word-changes")).to_have_count(len(answers[first]) * 2)
    for panel, step in (("panel-compared", first), ("panel-prediction", last)):
        assert words(panel, "del") == [text.split() for text in answers[step].prediction]
        references = [set(row.split(" | ")) for row in answers[step].ground_truth]
        for found, known in zip(words(panel, "ins"), references, strict=True):
            assert " ".join(found).casefold() in {text.casefold() for text in known}
    lab_page.screenshot("words-reference")
    lab_page.page.keyboard.press("w")
    expect(lab_page.part("word-changes")).to_have_count(len(answers[last]))
    assert words("panel-prediction", "del") == [text.split() for text in answers[last].prediction]
    before = [" ".join(found).casefold() for found in words("panel-prediction", "ins")]
    assert before == [" ".join(text.split()).casefold() for text in answers[first].prediction]
    marks = lab_page.part("panel-prediction").locator("del, ins")
    lines = marks.evaluate_all(
        """(marks) => [...new Set(marks.map((mark) =>
          `${mark.tagName} ${getComputedStyle(mark).textDecorationLine}`))]"""
    )
    assert sorted(lines) == ["DEL line-through", "INS underline"]
    lab_page.screenshot("words-steps")
    lab_page.page.keyboard.press("w")
    expect(lab_page.part("word-changes")).to_have_count(0)


def test_a_narrow_view_stacks_the_panels_and_shows_one_of_them_alone(lab_page, lab):
    run = ew.demo_run("grounding")
    lab_page.open(lab.write_notebook("compare.ipynb", [GROUNDING])).run_all().painted(run.specimens[0], run.steps[-1])
    stacked = """(stacked) => {
      const top = (name) => document.querySelector(`[data-testid=panel-${name}]`).getBoundingClientRect().top;
      const apart = (a, b) => (stacked ? top(b) > top(a) + 50 : top(b) === top(a));
      return apart('truth', 'compared') && apart('compared', 'prediction');
    }"""
    for width in (600, 360):
        lab_page.root.evaluate("(root, width) => { root.parentElement.style.width = `${width}px`; }", width)
        expect(lab_page.root).to_have_css("width", f"{width}px")
        lab_page.page.wait_for_function(stacked, arg=width == 360)
        lab_page.screenshot(f"compare-narrow-{width}")
        assert lab_page.root.evaluate("(root) => root.scrollWidth - root.clientWidth") <= 0
    lab_page.part("show-B").click()
    expect(lab_page.part("panel-compared")).to_be_hidden()
    assert placed_alike(lab_page, "compared", "prediction")
    lab_page.part("menu-button").click()
    lab_page.screenshot("compare-narrow-one")


def test_comparing_in_the_dark(lab_page, lab):
    run = ew.demo_run("vqa")
    lab_page.open(lab.write_notebook("words.ipynb", [VQA])).run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"
    )
    expect(lab_page.page.locator("body")).to_have_attribute("data-jp-theme-light", "false")
    lab_page.root.focus()
    lab_page.page.keyboard.press("w")
    mark = lab_page.root.locator("ins, del").first
    expect(mark).to_be_visible()
    lab_page.page.wait_for_function(
        "(mark) => Math.max(...getComputedStyle(mark).color.match(/\\d+/g).slice(0, 3).map(Number)) > 150",
        arg=mark.element_handle(),
    )
    lab_page.screenshot("words-dark")
    lab_page.page.evaluate(
        "() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
    )
    expect(lab_page.page.locator("body")).to_have_attribute("data-jp-theme-light", "true")
