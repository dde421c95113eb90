"""The short form of the hostile names of `make laws`: every Python that is here finds the headers that were meant."""

import json
import sys

import pytest

from tests.laws.names import pythons, read_by, written


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    path = tmp_path_factory.mktemp("names") / "names.jsonl"
    path.write_text("\n".join(written(500, seed=0)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_python_reads_the_headers_that_were_meant(corpus, version):
    python = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable, **pythons()}.get(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    assert read_by(python, corpus)[:5] == []


def test_the_reader_finds_what_is_slipped_in(corpus, tmp_path):
    """It would notice: a Bcc behind the subject, another recipient, a name that is read as something else."""
    told = json.loads(corpus.read_text(encoding="utf-8").splitlines()[0])
    broken = [
        {**told, "head": told["head"].replace("Subject:", "Bcc: evil@example.com\r\nSubject:", 1)},
        {**told, "head": told["head"].replace(told["to"], "evil@example.com", 1)},
        {**told, "field": "To: =?utf-8?q?x=0D=0ABcc=3Aevil@example.com?= <" + told["to"] + ">\r\n\r\n"},
    ]
    for number, one in enumerate(broken):
        path = tmp_path / f"{number}.jsonl"
        path.write_text(json.dumps(one) + "\n", encoding="utf-8")
        assert read_by(sys.executable, path) != []
