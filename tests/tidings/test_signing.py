"""`tidings.signing`: the key that every link hangs on."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from tidings.problem import Problem
from tidings.signing import KEY_BYTES, sign, signing_key, verify


def test_those_who_start_at_once_have_one_key_that_only_its_owner_reads(tmp_path):
    path = tmp_path / "home" / "signing.key"

    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(signing_key, [path] * 8))

    [key] = keys
    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["signing.key"]


@pytest.mark.parametrize("content", [b"", b"short"], ids=["empty, as after a power cut", "cut"])
def test_what_is_no_key_signs_nothing(tmp_path, content):
    path = tmp_path / "signing.key"
    path.write_bytes(content)

    with pytest.raises(Problem, match="no signing key"):
        signing_key(path)
    assert path.read_bytes() == content


def test_a_token_of_one_kind_opens_nothing_else():
    key = b"k" * KEY_BYTES
    token = sign(key, "preferences", b"ada")

    assert verify(key, "preferences", token) == b"ada"
    assert verify(key, "document", token) is None
    assert verify(b"o" * KEY_BYTES, "preferences", token) is None
    assert all(verify(key, "preferences", token[:cut]) is None for cut in range(len(token)))
