"""`flows.resident`: what fails again and again does not fill the machine."""

from flows.resident import LONGEST_REST, LOOK, Rests


def test_a_run_that_fails_is_tried_less_and_less_often_and_never_given_up():
    rests, now, waits = Rests(), 100.0, []
    for _ in range(12):
        rests.failed("a", now)
        assert not rests.over("a", now)
        wait = next(seconds for seconds in range(1, 700) if rests.over("a", now + seconds))
        waits.append(wait)
        now += wait

    assert waits[:3] == [LOOK, 2 * LOOK, 4 * LOOK]
    assert waits[-1] == LONGEST_REST
    assert rests.over("b", now)


def test_a_run_that_works_again_begins_afresh():
    rests = Rests()
    rests.failed("a", 0.0)
    rests.failed("a", 5.0)
    rests.worked("a")

    assert rests.over("a", 5.0)
    rests.failed("a", 5.0)
    assert rests.over("a", 5.0 + LOOK)
