"""The sidebar as it is committed: what JupyterLab finds in it, and how much a page has to fetch."""

import json
from pathlib import Path

import evalwidget as ew

FOLDER = Path(ew.__file__).parent / "labextensions" / "evalwidget"


def facts() -> dict:
    return json.loads((FOLDER / "package.json").read_text("utf-8"))


def test_is_of_the_packages_version_and_names_its_files():
    assert (facts()["name"], facts()["version"]) == ("evalwidget", ew.__version__)
    entry = FOLDER / facts()["jupyterlab"]["_build"]["load"]
    panel = next(file for file in (FOLDER / "static").iterdir() if file.name.startswith("panel."))
    assert {file.name for file in (FOLDER / "static").iterdir()} == {entry.name, panel.name}
    assert panel.name in entry.read_text("utf-8")
    assert json.loads((FOLDER / "install.json").read_text("utf-8"))["packageName"] == "evalwidget"


def test_is_small_and_smaller_still_when_jupyterlab_starts():
    sizes = {file.name.split(".")[0]: file.stat().st_size for file in (FOLDER / "static").iterdir()}
    assert sum(sizes.values()) < 10 * 1024
    assert sizes["remoteEntry"] < 2_400
