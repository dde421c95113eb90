"""`tidings.signing`: the key that every link hangs on."""

import base64
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidings.problem import Problem
from tidings.signing import KEY_BYTES, MAC_BYTES, sign, signing_key, verify


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


@given(key=st.binary(min_size=1, max_size=100), kind=st.text("abc/", max_size=9), body=st.binary(max_size=80))
def test_a_token_is_signed_as_rfc_2104_says(key, kind, body):
    """Links that were sent stay good: the standard library's HMAC comes to the same."""
    mac = hmac.digest(key, kind.encode() + b"\0" + body, "sha256")[:MAC_BYTES]

    assert sign(key, kind, body) == base64.urlsafe_b64encode(body + mac).decode().rstrip("=")
