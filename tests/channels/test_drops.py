"""Print batches that leave the machine: `channels.letter.s3` and `channels.letter.sftp`."""

import json
import multiprocessing
import os
from types import MappingProxyType

import boto3
import moto
import pytest

from channels.contract import Capability
from channels.letter.batches import batch_id
from channels.letter.piece import Piece
from channels.letter.s3 import S3
from channels.letter.sftp import Sftp
from tests.channels.conformance import NetworkConformance
from tests.channels.test_letters import letter
from tests.peers.fault import Fault
from tests.peers.paper import S3Peer
from tests.peers.sftp import PASSWORD, USER, SftpPeer
from tidings.message import Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Unknown
from tidings.problem import Problem
from tidings.settings import S3Settings, SftpSettings


def parcel(number=1, *, attempt="1", delivery=1, **changes):
    return Parcel(
        message=f"m{number:04}",
        attempt=f"a{number}.{attempt}",
        content=letter(number, **changes),
        purpose="offer",
        brand="n",
        delivery=delivery,
    )


class DropConformance(NetworkConformance):
    """A batch that leaves the machine keeps the contract; a doubt ends by handing it over again."""

    def content(self, number, text):
        return letter(number, "Dear", customer=text)

    def texts(self, peer):
        return [piece["customer"] for manifest in peer.manifests() for piece in manifest["pieces"]]

    def test_an_iteration_that_ends_early_sends_no_more(self, provider, peer):
        """Letters go as whole batches: what nobody heard of is there once, also when it is sent again."""
        parcels = [self.parcel(number) for number in range(1, 21)]
        outcomes = provider.send(parcels)
        next(outcomes)
        outcomes.close()

        assert all(isinstance(outcome, Accepted) for _, outcome in provider.send(parcels))
        assert len(self.texts(peer)) == 20

    @pytest.mark.parametrize(
        "fault", [Fault.DROP, Fault.RESET, Fault.SILENT, Fault.FAILED, Fault.UNAVAILABLE]
    )
    def test_a_doubt_ends_with_one_copy(self, provider, peer, fault):
        """Handed over again with others, as after a crash: the letter is in its first batch, and in no other."""
        peer.will(fault)
        doubt = self.one(provider, self.parcel(1, "one"))
        peer.will(Fault.NONE)

        again = dict(provider.send([self.parcel(2, "two"), self.parcel(1, "one", attempt="2")]))

        assert isinstance(doubt, Unknown | Refused)
        assert all(isinstance(outcome, Accepted) for outcome in again.values())
        assert sorted(self.texts(peer)) == ["one", "two"]
        assert provider.capability is Capability.KEY


class TestS3(DropConformance):
    """S3 keeps the contract."""

    expected = MappingProxyType(
        NetworkConformance.expected | {Fault.BAD_ADDRESS: (Refused, ErrorClass.CONFIG)}  # no such bucket
    )

    @pytest.fixture
    def peer(self):
        peer = S3Peer()
        yield peer
        peer.close()

    @pytest.fixture
    def provider(self, peer, keys, patience, tmp_path):
        settings = S3Settings(bucket="paper", region="eu-west-1", endpoint=peer.url, timeout=patience)
        provider = S3(settings, home=tmp_path)
        yield provider
        provider.close()


@pytest.fixture
def s3_peer():
    peer = S3Peer()
    yield peer
    peer.close()


def s3(peer, home, **changes):
    return S3(S3Settings(bucket="paper", region="eu-west-1", endpoint=peer.url, **changes), home=home)


@pytest.mark.parametrize("at", ["letters.pdf", "manifest.csv", "SHA256SUMS"])
@pytest.mark.parametrize("fault", [Fault.DROP, Fault.FAILED, Fault.UNAVAILABLE, Fault.THROTTLE])
def test_no_manifest_no_batch(s3_peer, keys, tmp_path, at, fault):
    """A fault before the manifest leaves no doubt: the letters were not handed over, and may go another way."""
    provider = s3(s3_peer, tmp_path)
    s3_peer.at = at
    s3_peer.will(fault)

    [(_, outcome)] = provider.send([parcel(1)])
    s3_peer.will(Fault.NONE)
    list(provider.send([parcel(2)]))

    assert isinstance(outcome, Refused)
    assert outcome.error in {ErrorClass.TRANSIENT, ErrorClass.THROTTLE}
    pieces = [piece["message"] for manifest in s3_peer.manifests() for piece in manifest["pieces"]]
    assert pieces == ["m0002"]


def test_a_batch_that_was_refused_is_taken_back(s3_peer, keys, tmp_path):
    """Its letters form other batches later: none is printed twice."""
    provider = s3(s3_peer, tmp_path)
    s3_peer.will(Fault.BAD_CREDENTIALS)
    list(provider.send([parcel(1), parcel(2)]))
    s3_peer.will(Fault.NONE)

    list(provider.send([parcel(2, attempt="2"), parcel(3)]))
    list(provider.send([parcel(1, attempt="2")]))

    pieces = [piece["message"] for manifest in s3_peer.manifests() for piece in manifest["pieces"]]
    assert sorted(pieces) == ["m0001", "m0002", "m0003"]


def test_only_the_same_pages_in_the_same_order_have_the_same_name():
    """A PDF that a refused try left behind is never read by the manifest of the next one."""
    ada, bob = (Piece(message=f"m{number}", letter=letter(number)) for number in (1, 2))
    other = Piece(message="m2", letter=letter(2, "Dear Bob"))

    names = [batch_id(pieces) for pieces in ([ada, bob], [bob, ada], [ada, other])]

    assert len(set(names)) == 3
    assert batch_id([ada, bob]) == names[0]


def test_a_new_machine_asks_the_bucket(s3_peer, keys, tmp_path):
    """After a restore our own books are empty: what lies in the bucket is not printed again, in whatever company."""
    list(s3(s3_peer, tmp_path / "old", prefix="in").send([parcel(1), parcel(2, delivery=2)]))

    again = s3(s3_peer, tmp_path / "new", prefix="in").send([parcel(2, delivery=2), parcel(3)])

    assert all(isinstance(outcome, Accepted) for _, outcome in again)
    pieces = [piece["message"] for manifest in s3_peer.manifests() for piece in manifest["pieces"]]
    assert sorted(pieces) == ["m0001", "m0002", "m0003"]


def test_a_bucket_that_may_not_be_read(keys, tmp_path):
    """Nobody can say what was handed over: nothing is, and the lane stops."""
    peer = S3Peer()
    peer.read = lambda path: (403, {}, b"<Error><Code>AccessDenied</Code></Error>")
    [(_, outcome)] = s3(peer, tmp_path).send([parcel(1)])
    peer.close()

    assert (outcome.error, outcome.code, peer.objects) == (ErrorClass.CONFIG, "AccessDenied", {})


def test_another_delivery_is_another_letter(s3_peer, keys, tmp_path):
    """The customer moved before anything was printed wrongly: the key is the delivery, not the message."""
    provider = s3(s3_peer, tmp_path)

    outcomes = [
        outcome for delivery in (1, 1, 2) for _, outcome in provider.send([parcel(1, delivery=delivery)])
    ]

    assert outcomes[0] == outcomes[1] != outcomes[2]
    assert len(s3_peer.manifests()) == 2


def _send_and_die(url, home, number):
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    settings = S3Settings(bucket="paper", region="eu-west-1", endpoint=url)
    list(S3(settings, home=home).send([parcel(number)]))


def test_kill_nine_between_the_answer_and_our_books(s3_peer, keys, tmp_path):
    """The bucket has the batch, the sender died waiting: its successor, with other letters, adds no copy."""
    s3_peer.will(Fault.SILENT)
    process = multiprocessing.get_context("spawn").Process(
        target=_send_and_die, args=(s3_peer.url, tmp_path, 1)
    )
    process.start()
    while not s3_peer.manifests():
        process.join(0.01)
        assert process.is_alive()
    process.kill()
    process.join()
    s3_peer.will(Fault.NONE)

    outcomes = [outcome for _, outcome in s3(s3_peer, tmp_path).send([parcel(2), parcel(1, attempt="2")])]

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    pieces = [piece["message"] for manifest in s3_peer.manifests() for piece in manifest["pieces"]]
    assert sorted(pieces) == ["m0001", "m0002"]


@pytest.mark.parametrize(
    ("status", "code", "kind", "error"),
    [
        pytest.param(403, "AccessDenied", Refused, ErrorClass.CONFIG, id="rights"),
        pytest.param(404, "NoSuchBucket", Refused, ErrorClass.CONFIG, id="no such bucket"),
        pytest.param(301, "PermanentRedirect", Refused, ErrorClass.CONFIG, id="a bucket of another region"),
        pytest.param(409, "ConditionalRequestConflict", Refused, ErrorClass.TRANSIENT, id="two at once"),
        pytest.param(400, "RequestTimeout", Refused, ErrorClass.TRANSIENT, id="a slow upload"),
        pytest.param(503, "SlowDown", Refused, ErrorClass.THROTTLE, id="too fast"),
        pytest.param(500, "InternalError", Unknown, None, id="their fault"),
    ],
)
def test_s3_errors(s3_peer, keys, tmp_path, status, code, kind, error):
    """Each documented error means one thing."""
    s3_peer.errors = {Fault.FAILED: (status, code)}
    s3_peer.will(Fault.FAILED)

    [(_, outcome)] = s3(s3_peer, tmp_path).send([parcel(1)])

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error


def test_s3_as_moto_has_it(keys, tmp_path):
    """Keys, types and the condition are those of the service; the second time changes nothing."""
    with moto.mock_aws():
        bucket = boto3.client("s3", region_name="eu-west-1")
        bucket.create_bucket(Bucket="paper", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        settings = S3Settings(bucket="paper", region="eu-west-1", prefix="/in/", encryption="AES256")
        [(_, first)] = S3(settings, home=tmp_path / "one").send([parcel(1)])
        [(_, again)] = S3(settings, home=tmp_path / "another").send([parcel(1)])
        found = bucket.list_objects_v2(Bucket="paper")["Contents"]
        manifest = bucket.get_object(Bucket="paper", Key=f"in/{first.reference}/manifest.json")

    assert first == again
    names = {"SHA256SUMS", f"{first.reference}.done", "letters.pdf", "manifest.csv", "manifest.json"}
    assert {entry["Key"] for entry in found} == {f"in/{first.reference}/{name}" for name in names}
    assert (manifest["ContentType"], manifest["ServerSideEncryption"]) == ("application/json", "AES256")
    assert json.loads(manifest["Body"].read())["pieces"][0]["message"] == "m0001"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"region": "eu-west-1"}, "TIDINGS_S3__BUCKET", id="no bucket"),
        pytest.param({"bucket": "paper"}, "TIDINGS_S3__REGION", id="no region"),
    ],
)
def test_s3_without(keys, tmp_path, given, named):
    """A missing setting is named."""
    with pytest.raises(Problem, match=named):
        S3(S3Settings(**given), home=tmp_path)


class TestSftp(DropConformance):
    """SFTP keeps the contract."""

    expected = MappingProxyType(
        NetworkConformance.expected
        | dict.fromkeys((Fault.THROTTLE, Fault.FAILED, Fault.UNAVAILABLE), (Refused, ErrorClass.TRANSIENT))
        | {Fault.BAD_ADDRESS: (Refused, ErrorClass.CONFIG)}  # a folder that we may not write to
    )

    @pytest.fixture
    def peer(self, sftp_peer):
        return sftp_peer

    @pytest.fixture
    def provider(self, peer, patience, tmp_path):
        return sftp(peer, tmp_path, timeout=patience)


@pytest.fixture
def sftp_peer(tmp_path):
    (tmp_path / "printhouse").mkdir()
    peer = SftpPeer(tmp_path / "printhouse")
    yield peer
    peer.close()


def sftp(peer, home, **changes):
    given = {"host": "127.0.0.1", "port": peer.port, "username": USER, "password": PASSWORD}
    return Sftp(SftpSettings(**given | {"host_key": peer.public_key} | changes), home=home)


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET])
def test_collected_before_anybody_asked_again(sftp_peer, tmp_path, fault):
    """The answer to the rename was lost and the print house took the batch away: it is not put there again."""
    provider = sftp(sftp_peer, tmp_path)
    sftp_peer.will(fault)
    [(_, doubt)] = provider.send([parcel(1)])
    [batch] = sftp_peer.folder.glob("[!.]*")
    batch.rename(tmp_path / "collected")
    sftp_peer.will(Fault.NONE)

    [(_, outcome)] = sftp(sftp_peer, tmp_path).send([parcel(1, attempt="2")])

    assert (doubt, outcome) == (Unknown(code=doubt.code), Accepted(reference=batch.name))
    assert list(sftp_peer.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["letters.pdf", "manifest.csv", "SHA256SUMS", "manifest.json"])
def test_an_upload_that_breaks_off_is_no_batch(sftp_peer, tmp_path, name):
    """Nothing is there under a batch's name, and the letters may go another way."""
    provider = sftp(sftp_peer, tmp_path)
    sftp_peer.broken = name
    [(_, outcome)] = provider.send([parcel(1)])
    sftp_peer.broken = ""
    list(provider.send([parcel(2)]))

    assert (outcome.error, outcome.code) == (ErrorClass.TRANSIENT, "failure")
    assert [piece["message"] for manifest in sftp_peer.manifests() for piece in manifest["pieces"]] == [
        "m0002"
    ]


def test_a_refused_rename_leaves_nothing(sftp_peer, tmp_path):
    """A draft that will never be a batch is taken away."""
    sftp_peer.will(Fault.FAILED)

    list(sftp(sftp_peer, tmp_path).send([parcel(1)]))

    assert list(sftp_peer.folder.iterdir()) == []


def test_a_rename_that_is_refused_after_a_doubt_is_tried_again(sftp_peer, tmp_path):
    """The line broke before the rename, which is refused the next time: nobody collected what was never there."""
    provider = sftp(sftp_peer, tmp_path)
    sftp_peer.will(Fault.DROP)
    list(provider.send([parcel(1)]))
    [batch] = sftp_peer.folder.glob("[!.]*")
    batch.rename(batch.with_name(f".{batch.name}"))
    sftp_peer.will(Fault.FAILED)
    [(_, refused)] = provider.send([parcel(1, attempt="2")])
    sftp_peer.will(Fault.NONE)

    [(_, outcome)] = provider.send([parcel(1, attempt="3")])

    assert (type(refused), outcome) == (Unknown, Accepted(reference=batch.name))
    assert sftp_peer.references == [batch.name]


def test_a_new_machine_asks_the_server(sftp_peer, tmp_path):
    """What still lies there is not put there again, in whatever company; a stranger's file disturbs nobody."""
    list(sftp(sftp_peer, tmp_path / "old").send([parcel(1), parcel(2)]))
    (sftp_peer.folder / "README").write_text("Welcome")
    (sftp_peer.folder / "theirs").mkdir()
    (sftp_peer.folder / "theirs" / "manifest.json").write_text('{"pieces": 3}')

    again = list(sftp(sftp_peer, tmp_path / "new").send([parcel(2), parcel(3)]))

    assert all(isinstance(outcome, Accepted) for _, outcome in again)
    names = [manifest for manifest in sftp_peer.manifests() if manifest["pieces"] != 3]
    assert sorted(piece["message"] for one in names for piece in one["pieces"]) == ["m0001", "m0002", "m0003"]


def test_a_server_without_extensions(sftp_peer, tmp_path):
    """The plain rename does as well."""
    sftp_peer.extensions = False

    [(_, outcome)] = sftp(sftp_peer, tmp_path).send([parcel(1)])

    assert sftp_peer.references == [outcome.reference]


def test_another_server_answers(sftp_peer, tmp_path):
    """Whoever shows another key is told neither the password nor a letter."""
    other = SftpPeer(tmp_path)
    provider = sftp(sftp_peer, tmp_path, host_key=other.public_key)
    other.close()

    [(_, outcome)] = provider.send([parcel(1)])

    assert (outcome.error, outcome.code) == (ErrorClass.CONFIG, "host_key")
    assert sftp_peer.references == []


def test_known_hosts(sftp_peer, tmp_path):
    """A file as OpenSSH writes it serves as well."""
    path = tmp_path / "known_hosts"
    path.write_text(f"[127.0.0.1]:{sftp_peer.port} {sftp_peer.public_key}\n")

    [(_, outcome)] = sftp(sftp_peer, tmp_path, host_key="", known_hosts=path).send([parcel(1)])

    assert sftp_peer.references == [outcome.reference]


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"host": ""}, "TIDINGS_SFTP__HOST", id="no host"),
        pytest.param({"username": ""}, "TIDINGS_SFTP__USERNAME", id="no user"),
        pytest.param({"password": ""}, "TIDINGS_SFTP__KEY_FILE", id="no credentials"),
        pytest.param({"host_key": ""}, "TIDINGS_SFTP__HOST_KEY", id="a host that nobody vouches for"),
        pytest.param({"host_key": "ssh-rsa nonsense"}, "TIDINGS_SFTP__HOST_KEY", id="no key"),
        pytest.param({"host_key": "ssh-rsa"}, "TIDINGS_SFTP__HOST_KEY", id="half a key"),
        pytest.param(
            {"host_key": "", "known_hosts": "/dev/null"}, "TIDINGS_SFTP__KNOWN_HOSTS", id="an unknown host"
        ),
        pytest.param(
            {"host_key": "", "known_hosts": "/nowhere/known_hosts"}, "KNOWN_HOSTS", id="no such file"
        ),
        pytest.param({"key_file": "/nowhere/id_ed25519"}, "TIDINGS_SFTP__KEY_FILE", id="no such key"),
        pytest.param({"key_file": "/dev/null"}, "TIDINGS_SFTP__KEY_FILE", id="an empty key"),
    ],
)
def test_sftp_without(sftp_peer, tmp_path, changes, named):
    """A missing or wrong setting is named at start; a server is never trusted unseen."""
    with pytest.raises(Problem, match=named):
        sftp(sftp_peer, tmp_path, **changes)
