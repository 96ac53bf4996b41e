"""The main job on real input: real images with real detections, and raw text of two real checkpoints."""

import json

import pandas as pd
from boxes_on_screen import assert_drawn
from playwright.sync_api import expect

import evalwidget as ew
from evalwidget.widget.colours import label_colour


def objdet_run(real_data) -> ew.Run:
    folder = real_data / "objdet_formats/data/database"
    return ew.open_run(
        ground_truth=folder / "gts/coco_format_v1/instances_default.json",
        predictions={1000: folder / "dets/coco_format/coco_dets.json"},
        images=folder / "images",
    ).load()


def test_all_eight_images_show_their_boxes_where_they_should_be(lab_page, real_data):
    run = objdet_run(real_data)
    matches = run.matches()
    colours = {name: label_colour(place) for place, name in enumerate(run._data.labels.names)}
    names = sorted(file.name for file in (real_data / "objdet_formats/data/database/images").glob("*.jpg"))
    assert len(names) == 8
    lab_page.open("objdet_formats.ipynb").run_all().painted("2007_000027.jpg", 1000)
    lab_page.part("menu-button").click()
    lab_page.hide_chips()
    lab_page.page.keyboard.press("Escape")
    drawn = 0
    for name in names:
        lab_page.run_cell(f"widget.specimen = {name!r}")
        lab_page.painted(name, 1000)
        expect(lab_page.part("specimen-title")).to_have_text(name)
        lab_page.screenshot(f"objdet-{name}")
        here = matches[matches.specimen == name]
        for outcome, count in here.status.value_counts().items():
            if outcome in ("matched", "missed", "extra"):
                legend = lab_page.part("legend").locator(f"[data-outcome={outcome}]")
                expect(legend).to_contain_text(f"{count} {outcome}")
        for side in ("truth", "prediction"):
            looked_at = assert_drawn(lab_page, side, here, colours, run._data.size(run._data.row(name)))
            assert looked_at >= 1, f"{name}: no box of {side} has an edge of its own"
            drawn += looked_at
    assert drawn >= 20


def test_text_files_and_coco_results_of_the_same_detections_give_the_same_tables(lab_page, real_data):
    lab_page.open("objdet_formats.ipynb").run_all().painted("2007_000027.jpg", 1000)
    printed = lab_page.run_cell("print(run.scores().to_json(orient='records', double_precision=9))")
    expected = objdet_run(real_data).scores().to_json(orient="records", double_precision=9)
    differing = []
    for ours, theirs in zip(json.loads(printed), json.loads(expected), strict=True):
        if ours != theirs:
            differing.append((ours["status"], theirs["status"], ours["recall"], theirs["recall"]))
    # two images have no file of detections: not evaluated, for all the text files tell; COCO results name all images
    assert differing == [("missing", "no_prediction", None, 0.0)] * 2


def test_raw_text_of_two_checkpoints_is_drawn_on_a_blank_unit_canvas(lab_page, real_data):
    lab_page.open("qwen3vl_refcoco.ipynb").run_all().painted("sample_0", 1)
    root = lab_page.root
    expect(root.get_by_text("image missing, size unknown").first).to_be_visible()
    expect(root.get_by_text("no ground truth").first).to_be_visible()
    lab_page.screenshot("qwen3vl-trained")
    for step, file in ((1, "trained_attempts.csv"), (0, "base_attempts.csv")):
        lab_page.run_cell(f"widget.step = {step}")
        lab_page.painted("sample_0", step)
        record = pd.read_csv(real_data / "qwen3vl_refcoco" / file).iloc[0]
        x1, y1, x2, y2 = json.loads(record.parsed_bbox)
        columns = {"prediction_x1": x1, "prediction_y1": y1, "prediction_x2": x2, "prediction_y2": y2}
        rows = pd.DataFrame([{"status": None, "phrase": record.phrase, **columns}])
        assert assert_drawn(lab_page, "prediction", rows, {record.phrase: label_colour(0)}, (1, 1)) == 1
        assert record.raw_response in (lab_page.part("output").text_content() or "")
    lab_page.screenshot("qwen3vl-base")
