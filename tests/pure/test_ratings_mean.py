"""The Bayesian mean of ratings, and how a score is written."""

from fractions import Fraction

from app.templating import score
from courses.ratings import Prior, bayesian_mean

PRIOR = Prior(mean=Fraction(7, 2), weight=5, minimum=5)


def test_five_four_two_five_three_give_73_20_shown_as_3_7() -> None:
    mean = bayesian_mean([5, 4, 2, 5, 3], PRIOR)
    assert mean == Fraction(73, 20)
    assert score(mean) == "3.7"


def test_without_ratings_the_prior_speaks() -> None:
    assert bayesian_mean([], PRIOR) == Fraction(7, 2)


def test_many_ratings_outweigh_the_prior() -> None:
    assert bayesian_mean([5] * 995, PRIOR) == Fraction(5 * 995 * 2 + 35, 2000)


def test_a_score_of_which_there_are_too_few_is_a_dash() -> None:
    assert score(None) == "–"
