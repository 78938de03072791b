"""Strict judging: what counts as right, missed, and false."""

import pytest

from models.train.facejudge import UNKNOWN, Claim, Judged, calibration_error, figures, judge
from models.train.pictures import Face

WORN, ABSENT, INCORRECT = range(3)


def place(x: float, side: float = 40.0) -> tuple[float, float, float, float]:
    return (x, 0.0, x + side, side)


def judged(claims: list[Claim], faces: list[Face]) -> Judged:
    return judge([(claims, faces)])


def test_a_right_answer_counts_and_a_missed_face_is_a_miss() -> None:
    faces = [Face(place(0), WORN), Face(place(100), WORN)]
    row = figures(judged([Claim(place(0), WORN, 0.9)], faces))
    assert (row["worn_p"], row["worn_r"]) == (1.0, 0.5)
    assert row["unknown"] == 0.5


def test_an_answer_where_nobody_is_labelled_is_false() -> None:
    row = figures(judged([Claim(place(300), ABSENT, 0.9)], [Face(place(0), ABSENT)]))
    assert (row["absent_p"], row["absent_r"], row["found_r"]) == (0.0, 0.0, 0.0)


def test_a_second_answer_on_one_face_is_false() -> None:
    claims = [Claim(place(0), WORN, 0.9), Claim(place(2), WORN, 0.8)]
    row = figures(judged(claims, [Face(place(0), WORN)]))
    assert (row["worn_p"], row["worn_r"]) == (0.5, 1.0)


def test_an_unknown_answer_is_a_miss_and_no_false_claim() -> None:
    row = figures(judged([Claim(place(0), UNKNOWN, 0.3)], [Face(place(0), WORN)]))
    assert (row["worn_r"], row["unknown"], row["found_r"]) == (0.0, 1.0, 1.0)


@pytest.mark.parametrize("side", [6.0, 11.0])
def test_small_faces_are_nobodys_concern(side: float) -> None:
    one = judged([Claim(place(0, 13.0), WORN, 0.9)], [Face(place(0, side), WORN)])
    assert one.there == ()
    assert one.answers == () or one.answers[0].real == UNKNOWN
    small = judged([Claim(place(0, side), WORN, 0.9)], [Face(place(0), WORN)])
    assert small.answers == ()


def test_incorrect_called_absent_is_wrong_and_still_a_violation_that_was_caught() -> None:
    row = figures(judged([Claim(place(0), ABSENT, 0.9)], [Face(place(0), INCORRECT)]))
    assert (row["absent_p"], row["incorrect_r"]) == (0.0, 0.0)
    assert (row["violation_p"], row["violation_r"], row["violation_p_at_r90"]) == (1.0, 1.0, 1.0)


def test_a_threshold_turns_answers_into_unknown() -> None:
    one = judged([Claim(place(0), WORN, 0.4)], [Face(place(0), WORN)])
    assert figures(one.counted((0.5, 0.5, 0.5)))["worn_r"] == 0.0
    assert figures(one.counted((0.3, 0.5, 0.5)))["worn_r"] == 1.0


def test_slices_go_by_the_labelled_face() -> None:
    one = judged(
        [Claim(place(0, 30), WORN, 0.9)], [Face(place(0, 28), WORN), Face(place(200, 60), WORN)]
    )
    assert len(one.within(20, 32).answers) == 1
    assert one.within(48, 96).there == ((WORN, 60.0),)


def test_scores_that_mean_what_they_say_have_no_error() -> None:
    faces = [Face(place(100.0 * n), WORN) for n in range(10)]
    claims = [Claim(place(100.0 * n), WORN if n < 8 else ABSENT, 0.8) for n in range(10)]
    assert calibration_error(judged(claims, faces).answers) == pytest.approx(0.0)
    sure = [Claim(one.box, one.state, 0.99) for one in claims]
    assert calibration_error(judged(sure, faces).answers) == pytest.approx(0.19)
