"""The notebooks of the demo runs in a real JupyterLab: the screen shows what the tables say, at each step."""

import pytest
from boxes_on_screen import assert_drawn
from playwright.sync_api import expect

import evalwidget as ew
from evalwidget.widget.colours import invented_label_colour, label_colour


def colours_of(run: ew.Run) -> dict[str, str]:
    names, settled = run._data.labels.names, run._data.settled_labels
    known = {name: label_colour(place) for place, name in enumerate(names[:settled])}
    return known | {name: invented_label_colour(name) for name in names[settled:]}


def test_every_step_of_the_grounding_run_is_on_the_screen(lab_page):
    run = ew.demo_run("grounding").load()
    colours = colours_of(run)
    matches, scores = run.matches(), run.scores()
    specimen = run.specimens[0]
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.screenshot("grounding-last")
    expect(lab_page.part("specimen-title")).to_have_text(specimen)
    lab_page.part("menu-button").click()
    slider = lab_page.part("step-slider")
    lab_page.hide_chips()
    drawn = {"truth": 0, "prediction": 0}
    slider.press("Home")
    for place, step in enumerate(run.steps):
        lab_page.painted(specimen, step)
        expect(lab_page.part("step-label").first).to_contain_text(f"step {step} · epoch {step / 100:.1f}")
        assert slider.input_value() == str(place)
        here = matches[(matches.step == step) & (matches.specimen == specimen)]
        counts = here.status.value_counts()
        for outcome in ("matched", "missed", "extra"):
            expect(lab_page.part("legend").locator(f"[data-outcome={outcome}]")).to_contain_text(str(counts[outcome]))
        score = scores[(scores.step == step) & (scores.specimen == specimen)].f1.item()
        expect(lab_page.root.locator('[data-row="0"]')).to_contain_text(f"{score:.2f}")
        for side in drawn:
            drawn[side] += assert_drawn(lab_page, side, here, colours, run._data.size(0))
        slider.press("ArrowRight")
    assert drawn["truth"] == 3 * len(run.steps)
    assert drawn["prediction"] >= 10
    lab_page.screenshot("grounding-menu")


def test_the_slider_in_mid_drag_paints_and_sends_nothing(lab_page):
    run = ew.demo_run("grounding")
    specimen = run.specimens[0]
    lab_page.open("01-quickstart.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.part("menu-button").click()
    lab_page.idle()
    sent = len(lab_page.frames_sent)
    slider = lab_page.part("step-slider")
    shown = slider.evaluate(
        """async (slider, steps) => {
          const root = slider.getRootNode().querySelector('.ew-root');
          const seen = [];
          for (let place = 0; place < steps; place++) {
            slider.value = String(place);
            slider.dispatchEvent(new Event('input', {bubbles: true}));
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            seen.push(root.getAttribute('data-painted'));
          }
          return seen;
        }""",
        len(run.steps),
    )
    assert shown == [f"{specimen}|{step}" for step in run.steps]
    assert lab_page.sent_of_view(sent) == []
    assert lab_page.run_cell("print(widget.step)") == str(run.steps[-1])
    slider.evaluate("(slider) => { slider.value = '2'; slider.dispatchEvent(new Event('input', {bubbles: true})); }")
    slider.evaluate("(slider) => slider.dispatchEvent(new Event('change', {bubbles: true}))")
    lab_page.painted(specimen, run.steps[2])
    assert lab_page.run_cell("print(widget.step)") == str(run.steps[2])
    assert lab_page.sent_of_view(sent) != []


def test_every_step_of_the_vqa_run_is_on_the_screen(lab_page):
    run = ew.demo_run("vqa").load()
    matches = run.matches()
    specimen = run.specimens[0]
    lab_page.open("02-vqa.ipynb").run_all().painted(specimen, run.steps[-1])
    lab_page.screenshot("vqa-last")
    asked = matches[(matches.step == run.steps[0]) & (matches.specimen == specimen)]
    expect(lab_page.part("panel-truth").locator('[data-testid="question"]')).to_have_text(asked.phrase.tolist())
    for references, card in zip(asked.ground_truth, lab_page.part("reference").all(), strict=True):
        for reference in references.split(" | "):
            expect(card).to_contain_text(reference)
    lab_page.part("specimen-title").click()
    for step in reversed(run.steps):
        lab_page.painted(specimen, step)
        here = matches[(matches.step == step) & (matches.specimen == specimen)]
        for (_, row), card in zip(here.iterrows(), lab_page.part("answer").all(), strict=True):
            answer = card.locator('[data-testid="answer-text"]')
            assert answer.text_content() == row.prediction
            expect(card).to_contain_text("✓" if row.exact_match == 1 else "✗")
            expect(card).to_contain_text(f"{row.token_f1:.2f}")
        lab_page.page.keyboard.press("ArrowLeft")
    lab_page.screenshot("vqa-first")


@pytest.mark.parametrize("notebook", ["01-quickstart.ipynb", "02-vqa.ipynb"])
def test_widget_state_is_not_in_the_saved_notebook(lab_page, notebook):
    run = ew.demo_run("grounding" if notebook.startswith("01") else "vqa")
    lab_page.open(notebook).run_all().painted(run.specimens[0], run.steps[-1])
    lab_page.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    assert "application/vnd.jupyter.widget-state+json" not in (lab_page.lab.root / notebook).read_text("utf-8")
