import ast
import subprocess
import sys

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from evalwidget.widget.cell_origin import current_origin

SAY = "from evalwidget.widget.cell_origin import current_origin as o\nprint([tuple(o().values()) for _ in range(2)])"


def test_outside_of_a_kernel_there_is_no_cell_and_each_is_of_its_own():
    first, second = current_origin(), current_origin()
    assert (first["cell"], first["place"]) == (second["cell"], second["place"]) == (None, 0)
    assert second["execution"] == first["execution"] + 1


def test_imports_no_ipython():
    code = "import sys, evalwidget.widget.cell_origin as c; c.current_origin(); assert 'IPython' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.fixture(scope="module")
def said():
    """What three runs of a cell say in a real kernel; the client of the first two names it, as JupyterLab does."""
    manager, client = start_new_kernel()
    try:
        return [_printed(client, metadata) for metadata in ({"cellId": "the-cell"}, {"cellId": "the-cell"}, {})]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _printed(client: BlockingKernelClient, metadata: dict) -> object:
    message = client.session.msg("execute_request", {"code": SAY, "silent": False}, metadata=metadata)
    client.shell_channel.send(message)
    while True:
        got = client.get_iopub_msg(timeout=60)
        if got["parent_header"].get("msg_id") == message["header"]["msg_id"] and got["msg_type"] == "stream":
            return ast.literal_eval(got["content"]["text"])


def test_names_the_cell_and_counts_executions_and_places_within_them(said):
    first, again, _ = said
    assert first == [("the-cell", 1, 0), ("the-cell", 1, 1)]
    assert again == [("the-cell", 2, 0), ("the-cell", 2, 1)]


def test_a_client_that_names_no_cell_has_none(said):
    assert said[2] == [(None, 3, 0), (None, 3, 1)]
