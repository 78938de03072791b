"""Cutting the person row out of a class layer."""

import numpy as np
import pytest

from models.train.keeprow import keep_row


def layer(rows=80, columns=5):
    values = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns, 1, 1)
    return values, np.arange(rows, dtype=np.float32)


def test_gives_the_same_answer_as_that_row_of_the_whole_layer():
    weight, bias = layer()
    features = np.random.default_rng(0).random(5).astype(np.float32)
    one_weight, one_bias = keep_row(weight, bias, 3)
    whole = weight[:, :, 0, 0] @ features + bias
    assert one_weight.shape == (1, 5, 1, 1)
    assert one_weight[0, :, 0, 0] @ features + one_bias[0] == pytest.approx(whole[3])


def test_takes_the_person_row_when_none_is_named():
    weight, bias = layer()
    assert keep_row(weight, bias)[1].tolist() == [0.0]


def test_shares_nothing_with_the_source():
    weight, bias = layer()
    one_weight, one_bias = keep_row(weight, bias, 1)
    one_weight[:] = -1
    one_bias[:] = -1
    assert weight.min() == 0
    assert bias.min() == 0


@pytest.mark.parametrize("row", [-1, 80])
def test_a_row_that_is_not_there_is_an_error(row):
    weight, bias = layer()
    with pytest.raises(ValueError, match="class layer"):
        keep_row(weight, bias, row)


def test_layers_that_do_not_belong_together_are_an_error():
    weight, _ = layer(80)
    _, bias = layer(79)
    with pytest.raises(ValueError, match="80 and 79"):
        keep_row(weight, bias, 0)
