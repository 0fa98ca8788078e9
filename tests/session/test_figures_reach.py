"""Where a lesson loses its learners."""

from courses.watch import reach


def test_each_tenth_counts_who_got_that_far_and_the_end_forgives_its_last_second() -> None:
    positions = [0, 5_000, 50_000, 98_000, 100_000]
    assert reach.staying(positions, duration_ms=100_000) == [5, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    assert reach.staying([], duration_ms=100_000) == [0] * 11
