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
