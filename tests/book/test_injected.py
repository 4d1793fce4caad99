"""Papermill only warns of a parameter that a notebook does not have; the notebook itself refuses it."""

import nbformat
import papermill
import pytest
from refusals import raises_one_line

from difficulty_lib._errors import ConfigError
from difficulty_lib.charts._injected import refuse_unknown_parameters

KNOWN = "epochs = 6\nseeds = [1]  # each another\n"
FIRST = "from difficulty_lib.charts import enable_charts\n\nenable_charts()\n"


def test_an_injected_name_that_is_none_of_the_parameters_is_refused():
    raises_one_line(
        lambda: refuse_unknown_parameters([KNOWN, "# Parameters\nepoch = 1\nseeds = [2]\n", FIRST]),
        "no parameter epoch; there are epochs, seeds",
        kind=ConfigError,
    )


@pytest.mark.parametrize(
    "cells",
    [
        [],
        [KNOWN, FIRST],
        [KNOWN, "# Parameters\nepochs = 1\n", FIRST],
        ["# Parameters\nepoch = 1\n", FIRST],  # nothing to compare with
        ["%time f()", "# Parameters\nepoch = 1\n", FIRST],
        ["import numpy", "# Parameters of the model\nlayers = 1\n", FIRST],
    ],
)
def test_all_else_goes_on(cells):
    refuse_unknown_parameters(cells)


def executed(folder, **given):
    cells = [nbformat.v4.new_code_cell(source) for source in (KNOWN, FIRST, "print(epochs)")]
    cells[0].metadata["tags"] = ["parameters"]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "p"}
    nbformat.write(book, folder / "in.ipynb")
    paths = (str(folder / "in.ipynb"), str(folder / "out.ipynb"))
    return papermill.execute_notebook(*paths, parameters=given, progress_bar=False)


def test_a_known_one_in_a_kernel(tmp_path):
    assert executed(tmp_path, epochs=2).cells[-1].outputs[0].text == "2\n"


def test_an_unknown_one_in_a_kernel(tmp_path):
    with pytest.raises(papermill.PapermillExecutionError, match="no parameter epoch; there are"):
        executed(tmp_path, epoch=2)
