"""What a user installs: from a clean clone, with no Node on PATH."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.packaging

USE = """
import sys, evalwidget as ew
assert not {"torch", "transformers", "anywidget"} & set(sys.modules), "import evalwidget must stay quick"
for name in ("grounding", "vqa"):
    run = ew.demo_run(name)
    widget = run.compare()
    assert len(widget._esm) > 10_000 and widget._css, "the bundle is not in the wheel"
    assert len(run.summary()) == len(run.steps)
print(ew.__file__)
"""


def folders_without_node() -> str:
    """A PATH like this one, less every folder that holds node or npm, and with links to the tools that pip needs."""
    folders = os.environ["PATH"].split(os.pathsep)
    return os.pathsep.join(f for f in folders if not any((Path(f) / tool).exists() for tool in ("node", "npm")))


def run(*command: str | Path, **options) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_installs_from_a_clean_clone_without_node(tmp_path):
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", clone)
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    environment = {**os.environ, "PATH": folders_without_node()}
    environment.pop("PYTHONPATH", None)
    run(
        python, "-c", "import shutil, sys; sys.exit(bool(shutil.which('node') or shutil.which('npm')))", env=environment
    )
    run(python, "-m", "pip", "install", "--quiet", clone, env=environment)
    where = run(python, "-W", "error", "-c", USE, env=environment, cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(tmp_path / "env")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("evalwidget-*.whl")
    return built


def test_jupyterlab_has_the_sidebar_as_long_as_the_wheel_is_installed(tmp_path, wheel):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    environment = {**os.environ, "PATH": folders_without_node(), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    environment.pop("PYTHONPATH", None)

    def labextensions() -> str:
        """What JupyterLab says of its extensions, which it does on stderr."""
        command = [python, "-m", "jupyter", "labextension", "list"]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return done.stdout + done.stderr

    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[lab]", env=environment)
    (listed,) = [line for line in labextensions().splitlines() if " evalwidget " in line]
    assert "enabled" in listed
    assert "OK" in listed
    run(python, "-m", "pip", "uninstall", "--quiet", "--yes", "evalwidget", env=environment)
    assert "evalwidget" not in labextensions()


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    names = run(sys.executable, "-m", "zipfile", "--list", wheel).splitlines()[1:]
    folders = {name.split("/")[0].split()[0] for name in names}
    assert {folder.split("-")[0] for folder in folders} == {"evalwidget"}
    assert wheel.stat().st_size < 1_000_000
