"""Average precision and suppression on boxes small enough to reckon by hand."""

import numpy as np
import pytest

from models.train.boxes import curve, iou_matrix, suppress


def boxes(*rows):
    return np.array(rows, float)


def test_overlap_of_halves_is_a_third():
    value = iou_matrix(boxes([0, 0, 2, 1]), boxes([1, 0, 3, 1]))
    assert value[0, 0] == pytest.approx(1 / 3)


def test_suppression_keeps_the_best_of_a_heap_and_every_lone_box():
    rows = boxes([0, 0, 10, 10, 0.5], [1, 0, 11, 10, 0.9], [50, 50, 60, 60, 0.2])
    assert suppress(rows, 0.6)[:, 4].tolist() == [0.9, 0.2]


def test_perfect_finds_score_one():
    truth = boxes([0, 0, 10, 10], [20, 20, 30, 30])
    found = np.column_stack([truth, [0.9, 0.8]])
    assert curve([(found, truth)]).ap() == pytest.approx(1.0)


def test_a_false_find_above_a_true_one_costs():
    truth = boxes([0, 0, 10, 10])
    found = boxes([50, 50, 60, 60, 0.9], [0, 0, 10, 10, 0.8])
    line = curve([(found, truth)])
    assert line.ap() == pytest.approx(0.5)
    assert line.recall_at(0.9)[0] == 0.0


def test_a_second_find_of_one_person_is_false():
    truth = boxes([0, 0, 10, 10])
    found = boxes([0, 0, 10, 10, 0.9], [0, 0, 10, 9, 0.8])
    assert curve([(found, truth)]).at_score(0.5) == (0.5, 1.0)


def test_missed_persons_limit_recall_over_all_frames():
    truth = boxes([0, 0, 10, 10])
    found = boxes([0, 0, 10, 10, 0.9])
    line = curve([(found, truth), (np.zeros((0, 5)), truth)])
    assert line.recall_at(0.9) == (0.5, 0.9)
    assert line.ap() == pytest.approx(0.5)
