"""The table of an expression holds the means of the groups it names."""

import numpy as np
import pytest

from cstalk_ue.evaluate import EXPRESSION_GROUPS, expression_means, expression_table
from cstalk_ue.rig import neutral_curves


def test_a_group_is_the_mean_of_both_sides_over_all_frames():
    face = neutral_curves(4, 30)
    values = face.values.copy()
    values[:, face.index("CTRL_L_brow_down.ty")] = 0.4
    values[:2, face.index("CTRL_R_brow_down.ty")] = 0.4
    means = expression_means(face.replace(values=values))
    assert means["brow down"] == pytest.approx(0.3)
    assert all(value == 0 for label, value in means.items() if label != "brow down")


def test_the_table_has_a_row_per_group_and_a_column_per_face():
    face = neutral_curves(3, 30)
    table = expression_table({"one": face, "two": face.replace(values=np.full_like(face.values, 0.5))})
    assert list(table.index) == list(EXPRESSION_GROUPS) and list(table.columns) == ["one", "two"]
    assert (table["one"] == 0).all() and (table["two"] == 0.5).all()
