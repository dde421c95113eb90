"""`work.archive`: the bytes that were sent, and nobody else's eyes."""

import stat

import pytest

from work.archive import archived_path, fetch, keep


def test_a_document_is_kept_once_and_for_its_owner_only(tmp_path):
    archive = tmp_path / "archive"

    digest = keep(archive, b"%PDF")

    assert keep(archive, b"%PDF") == digest
    assert fetch(archive, digest) == b"%PDF"
    folders = [archive, archived_path(archive, digest).parent]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_a_document_that_changed_on_the_disk_is_not_sent(tmp_path):
    digest = keep(tmp_path, b"%PDF")
    archived_path(tmp_path, digest).write_bytes(b"%PDF another")

    with pytest.raises(ValueError, match="damaged"):
        fetch(tmp_path, digest)
