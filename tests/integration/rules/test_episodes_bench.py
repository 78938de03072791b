"""A cut of `tests.bench.rules_episodes`, so that the bench itself stays true."""

from tests.bench.episode_score import total
from tests.bench.rules_episodes import LEVELS, figures, measure


def test_episodes_on_perfect_boxes_and_on_a_detectors() -> None:
    levels = LEVELS[:2]
    found = measure([1, 2], 120.0, levels)
    perfect, errors = (total(found[level.name].values()) for level in levels)
    assert perfect.hit + perfect.missed >= 10
    assert perfect.missed <= 1  # of 19; the bench itself, with 12 sites, judges 0.98
    assert perfect.false == 0
    assert errors.f1 >= LEVELS[1].least
    assert perfect.duplicates == 0
    assert set(figures(found, levels)) == {"levels", "ok"}
