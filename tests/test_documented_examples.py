"""What the documentation shows is what the code does."""

import inspect
import re
from dataclasses import fields
from pathlib import Path

import pytest

import evalwidget as ew
from evalwidget.guide import GOOD_BOXES, GOOD_TEXT, MODES
from evalwidget.metrics.catalogue import known_metrics
from evalwidget.metrics.diagnosis_settings import DiagnosisSettings
from evalwidget.metrics.questions import PROMPT_LENGTHS, QUESTION_TYPES

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"```jsonl (ground_truth|predictions)\n(.*?)\n```", re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "docs" / "run-folder.md").read_text("utf-8"))


def opened(tmp_path: Path, truth: str, predictions: str, run_json: str = "{}") -> ew.Run:
    (tmp_path / "predictions").mkdir(parents=True)
    (tmp_path / "run.json").write_text(run_json, "utf-8")
    (tmp_path / "ground_truth.jsonl").write_text(truth, "utf-8")
    (tmp_path / "predictions" / "step-000500.jsonl").write_text(predictions, "utf-8")
    return ew.open_run(tmp_path).load()


def test_there_are_examples_of_both():
    assert [kind for kind, _ in BLOCKS].count("ground_truth") == 7
    assert [kind for kind, _ in BLOCKS].count("predictions") == 6


@pytest.mark.parametrize(
    ("truth", "predictions", "matched"), [(0, 5, 1), (0, 9, 1), (1, 6, 1), (10, 12, 1), (2, 7, 1), (3, 8, 0)]
)
def test_examples_open_and_score(tmp_path, truth, predictions, matched):
    kinds = BLOCKS[truth][0], BLOCKS[predictions][0]
    assert kinds == ("ground_truth", "predictions")
    run = opened(tmp_path, BLOCKS[truth][1], BLOCKS[predictions][1], '{"output_format": "qwen3-vl"}')
    statuses = run.matches().status.value_counts()
    assert statuses["matched"] == matched
    assert statuses["invalid"] == 0
    assert len(run.join_report()) == 0


def test_the_vqa_example_of_vi_opens(tmp_path):
    run = opened(tmp_path, BLOCKS[11][1], '{"filename": "a.jpg", "result": {"answer": "1"}}')
    assert run.task == "visual question answering"
    assert run.summary().exact_match.tolist() == [1.0]


def test_the_example_of_run_json_names_every_field(tmp_path):
    text = (ROOT / "docs" / "run-folder.md").read_text("utf-8")
    example = re.search(r"## run.json.*?```json\n(.*?)\n```", text, re.DOTALL)
    (tmp_path / "images").mkdir()
    run = opened(tmp_path, BLOCKS[0][1], BLOCKS[5][1], example.group(1))
    assert run.name == "paligemma, low rate"
    assert run.summary().epoch.tolist() == [4.0]


def test_the_readme_s_code_runs(tmp_path, monkeypatch):
    code = re.search(r"```python\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL).group(1)
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(code, names)
    assert len(names["run"].summary()) == len(names["run"].steps)
    assert names["widget"].step in names["run"].steps


def test_the_own_metrics_of_the_documentation_run(monkeypatch):
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    code = text[text.index("## Your own") :].split("```python\n")[1].split("```")[0]
    names: dict = {}
    exec(code, names)
    run, widget, boxes = names["run"], names["widget"], names["boxes"]
    for frame in (run.summary(), run.scores(), run.matches()):
        assert frame["extra_words"].notna().any()
    assert (widget.score, widget.sort_by) == ("extra_words", "score")
    widget.close()
    near = ew.metrics.BoxMetric("near", names["centre_distance"], "lower")
    assert (boxes.matches(metrics=[near]).query("iou == 1")["near"] == 0).all()
    assert boxes.summary(metrics=[near])["near"].iloc[-1] > 0


def test_the_comparisons_of_the_documentation_run() -> None:
    text = (ROOT / "docs" / "comparing-steps.md").read_text("utf-8")
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)\n```", text, re.DOTALL):
        exec(code, names)
    assert "sheet-34.png" in set(names["run"].changes(100, 150).head(2)["specimen"])
    assert names["both"].steps == (150, 500)
    assert len(names["forgotten"]) > 0


def test_the_documentation_names_every_column_of_changes() -> None:
    text = (ROOT / "docs" / "comparing-steps.md").read_text("utf-8")
    for run in (ew.demo_run("grounding"), ew.demo_run("vqa")):
        first, last = run.steps[0], run.steps[-1]
        for frame in (run.changes(first, last), run.paired_test(first, last)):
            for name in frame.columns[1:]:
                assert f"`{name}`" in text


def test_the_documentation_names_every_metric():
    text = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    for task in ("free text", "phrase grounding"):
        for name in known_metrics(task):
            shown = (
                name.replace("merged_recall_at_5", "merged_recall_at_1").replace("_10", "_1").replace("at_5", "at_1")
            )
            assert f"`{name}`" in text or f"`{shown}`" in text


def test_boxes_that_cannot_be_put_beside_ground_truth_are_invalid(tmp_path):
    """The fourth example gives no size, and its image is not there: thousandths cannot become pixels."""
    run = opened(tmp_path, BLOCKS[4][1], BLOCKS[9][1], '{"output_format": "qwen3-vl"}')
    invalid = run.matches().query("status == 'invalid'")
    assert invalid.parse_state.tolist() == ["size_unknown"]
    assert run.summary()[["true_positives", "false_positives", "false_negatives", "invalid"]].values.tolist() == [
        [0, 0, 2, 1]
    ]


def test_what_is_said_across_checkpoints():
    text = (ROOT / "docs" / "across-checkpoints.md").read_text("utf-8")
    names: dict = {}
    exec(re.search(r"```python\n(.*?)\n```", text, re.DOTALL).group(1), names)
    choice = names["choice"]
    tables = [names["learned"], names["boxes"], names["turned"], choice.table, choice.thresholds, names["fallen"]]
    for table in (*tables, ew.demo_run("vqa").best_step(samples=1).thresholds):
        assert len(table)
        for column in table:
            assert isinstance(column, int) or re.search(rf"`[^`]*\b{column}\b[^`]*`", text), column
    for state in names["learned"]["state"].cat.categories:
        assert f"`{state}`" in text
    for kind in (*QUESTION_TYPES, *(name for name, _ in PROMPT_LENGTHS)):
        assert re.search(rf"[`, ]{re.escape(kind)}[`,]", text), kind


GUIDE = (ROOT / "docs" / "interpretation-guide.md").read_text("utf-8")
#: The thresholds that the definition of each mode names by their number, in its order.
IN_DEFINITIONS = {
    "loose_box": ["near_iou", "iou_threshold", "loose_cover", "loose_ratio"],
    "missed_detection": ["iou_threshold"],
    "false_positive": [],
    "inconsistent_localization": ["near_iou", "iou_threshold"],
    "hallucination": ["unsupported_share"],
    "incomplete_answer": ["missing_share"],
    "format_error": ["verbose_factor", "verbose_extra"],
    "ambiguity": ["sure", "unsure", "fewest_opinions", "agreeing"],
}


def default_thresholds() -> dict[str, float]:
    matching = inspect.signature(ew.Run.diagnose).parameters
    own = {threshold.name: threshold.default for threshold in fields(DiagnosisSettings) if threshold.name != "objects"}
    return own | {name: matching[name].default for name in ("iou_threshold", "confidence_threshold")}


def test_the_guide_has_every_mode_with_its_advice_and_a_picture() -> None:
    sections = re.split(r"^###? ", GUIDE, flags=re.MULTILINE)
    for mode in MODES:
        (section,) = [text for text in sections if f"(`{mode.key}`)\n" in text.split("\n\n")[0] + "\n"]
        assert section.lower().startswith(mode.name)
        assert f"*{mode.meaning}.*" in section
        assert f"- Advice: **{mode.advice}.**" in section
        for part in ("- Evidence: ", "- Limits: "):
            assert section.count(part) == 1
        assert f"](images/guide-{mode.key}.png)" in section
    for criterion in (*GOOD_BOXES, *GOOD_TEXT):
        assert f"| `{criterion.key}` | {criterion.meaning} |" in GUIDE


def test_the_pictures_of_the_documents_are_there_and_all_are_shown() -> None:
    shown = set()
    for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for picture in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", document.read_text("utf-8")):
            assert (document.parent / picture).is_file(), f"{document.name}: {picture}"
            shown.add((document.parent / picture).resolve())
    assert shown == {file.resolve() for file in (ROOT / "docs" / "images").iterdir()}


def test_the_guide_has_every_threshold_as_it_is_in_code() -> None:
    table = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", GUIDE, re.MULTILINE))
    defaults = default_thresholds()
    for name in ("iou_threshold", "confidence_threshold"):
        assert f"`{name}` ({defaults[name]})" in GUIDE
    assert table == {
        name: str(value) for name, value in defaults.items() if name not in ("iou_threshold", "confidence_threshold")
    }


def test_definitions_name_thresholds_as_they_are_in_code() -> None:
    defaults = default_thresholds()
    assert set(IN_DEFINITIONS) == {mode.key for mode in MODES}
    for mode in MODES:
        said = [
            float(number) / (100 if share else 1) for number, share in re.findall(r"([\d.]+)( %)?", mode.definition)
        ]
        assert said == [defaults[name] for name in IN_DEFINITIONS[mode.key]], mode.key


def test_the_code_of_the_guide_runs() -> None:
    names: dict = {}
    for code in re.findall(r"```python\n(.*?)\n```", GUIDE, re.DOTALL):
        exec(code, names)
    assert {"loose_box", "missed_detection"} <= set(names["found"]["mode"])
    assert len(names["healthy"]) > 0
    row = names["row"]
    assert (round(row.score_q1, 2), round(row.score_q3, 2), round(row.explained, 2)) == (0.48, 0.74, 0.29)
    assert f'"{row.explained_by}"' in GUIDE
    assert names["error"] > 0
    assert names["too_sure"] == ["c"]
    assert names["suspects"].empty
    names["widget"].close()
