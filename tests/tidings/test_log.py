"""What is logged never mixes with what a command answers."""

import pytest
import structlog

from tidings.log import tell


@pytest.mark.parametrize(
    ("level", "told"),
    [
        pytest.param("warning", "a warning", id="a warning is told on standard error"),
        pytest.param("error", "", id="what is less than asked for is not told"),
    ],
)
def test_the_log_leaves_standard_output_alone(capsys, level, told):
    tell(level)

    structlog.get_logger().warning("a warning")

    streams = capsys.readouterr()
    assert streams.out == ""
    assert (told in streams.err) if told else (streams.err == "")
    structlog.reset_defaults()


def fail(address="ada@example.org", password="hunter2"):
    raise LookupError(f"{address} and {password}")


@pytest.mark.parametrize(
    "tell_of",
    [
        pytest.param(
            lambda _: structlog.get_logger().exception("a provider broke off", provider="smtp"),
            id="while it is handled",
        ),
        pytest.param(
            lambda error: structlog.get_logger().error("a provider broke off", exc_info=error),
            id="of a task that ended",
        ),
    ],
)
def test_a_fault_is_told_by_kind_and_place_without_a_value(capsys, tell_of):
    tell("warning")

    try:
        fail()
    except LookupError as error:
        tell_of(error)

    told = capsys.readouterr().err
    assert "a provider broke off" in told
    assert "LookupError" in told
    assert "test_log.py" in told
    assert "ada@example.org" not in told
    assert "hunter2" not in told
    structlog.reset_defaults()
