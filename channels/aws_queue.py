"""Events of Amazon's services from an SQS queue: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/.

A message is deleted once its receipts are committed. One that cannot be read is kept in a folder of the home with the
reason, and only then deleted: nothing is dropped, and nothing comes round for ever.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from channels import aws
from channels.aws_events import translate
from channels.contract import Bag
from channels.durable import replace_all
from channels.sns_envelope import Envelope, read, topics
from tidings.problem import Exit, Problem
from tidings.receipt import Receipt
from tidings.settings import AwsEventsSettings

AT_ONCE = 10
"""Messages a request: the most that SQS gives."""
ROUNDS = 20
"""Requests a visit: other sources have their turn too."""
WAIT = 1
"""Seconds that an empty queue is waited for: long polling asks all of SQS's servers, not a few of them."""
HIDDEN = 120
"""Seconds until what was not deleted comes again."""
ALONE = 3
"""What was received more often comes by itself: if it breaks whoever folds it, it takes no others along."""
TRIES = 200
"""What was received more often is given up, after some seven hours: a database that is away for one loses nothing."""
FOLDER = "dead-letters"
_URL = re.compile(r"https?://[^/]+/\d{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?")
_REGION = re.compile(r"//sqs\.([a-z0-9-]+)\.")
_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class AwsQueue:
    """Reads a queue that SNS topics feed, with or without raw delivery, or whoever else its policy names."""

    name = "aws_queue"

    def __init__(self, settings: AwsEventsSettings, *, home: Path) -> None:
        """Make the one client; the queue is asked when it is emptied.

        Raises:
            Problem: no URL of a queue, no credentials, or a topic that is none.
        """
        region = _REGION.search(settings.queue)
        if not _URL.fullmatch(settings.queue) or (region is None and not settings.endpoint):
            todo = "Write its URL, like https://sqs.eu-west-1.amazonaws.com/123456789012/tidings."
            raise Problem(f"TIDINGS_AWS_EVENTS__QUEUE: {settings.queue!r} is no queue.", todo=todo)
        self._topics = topics(settings)
        self._url = settings.queue
        self._folder = home / FOLDER / self.name
        self._client: Any = aws.client(
            "sqs",
            region=region[1] if region else "us-east-1",
            endpoint=settings.endpoint,
            timeout=settings.timeout,
        )

    def bags(self, *, now: datetime) -> Iterator[Bag]:
        """Yield what is there now. See `channels.contract.Source.bags`.

        Raises:
            Problem: the queue cannot be asked.
        """
        for turn in range(ROUNDS):
            messages = self._received(wait=0 if turn else WAIT)
            if not messages:
                return
            together: list[tuple[Sequence[Receipt], Mapping[str, Any]]] = []
            alone: list[tuple[Sequence[Receipt], Mapping[str, Any]]] = []
            for message in messages:
                said = self._said(message, now)
                if isinstance(said, str):
                    self._put_aside(message, said, now)
                else:
                    (alone if _tries(message) > ALONE else together).append((said, message))
            for part in (together, *([one] for one in alone)):
                receipts = [receipt for said, _ in part for receipt in said]
                yield Bag(receipts=receipts, done=self._delete([message for _, message in part]))

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _received(self, *, wait: int) -> Sequence[Mapping[str, Any]]:
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=AT_ONCE,
                WaitTimeSeconds=wait,
                VisibilityTimeout=HIDDEN,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
        except (ClientError, BotoCoreError) as error:
            raise _problem(error) from error
        found: Sequence[Mapping[str, Any]] = answer.get("Messages") or ()
        return found

    def _said(self, message: Mapping[str, Any], now: datetime) -> Sequence[Receipt] | str:
        """Return the receipts of a message, or why it has none."""
        if _tries(message) > TRIES:
            return "came too often"
        body, event_id, at = str(message["Body"]), str(message["MessageId"]), now
        envelope = _enveloped(body)
        if envelope is not None:
            if self._topics and envelope.topic not in self._topics:
                return "topic"
            if envelope.kind != "Notification":
                return "no notification"
            body, event_id, at = envelope.message, envelope.message_id, envelope.at
        said = translate(body, event_id=event_id, at=at)
        if said is None:
            return "unknown event"
        return said

    def _put_aside(self, message: Mapping[str, Any], reason: str, now: datetime) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = _NAME.sub("-", str(message["MessageId"])).strip("-.")[:70] or "message"
        kept = {"reason": reason, "kept_at": now.isoformat(), "body": message["Body"]}
        replace_all(self._folder, {f"{name}.json": json.dumps(kept, indent=1).encode()})
        self._delete([message])()

    def _delete(self, messages: Sequence[Mapping[str, Any]]) -> Callable[[], None]:
        entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(messages)]

        def delete() -> None:
            if not entries:
                return
            try:
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
            except (ClientError, BotoCoreError) as error:
                raise _problem(error) from error

        return delete


def _tries(message: Mapping[str, Any]) -> int:
    count = str(message.get("Attributes", {}).get("ApproximateReceiveCount", "1"))
    return int(count) if count.isdecimal() else 1


def _enveloped(body: str) -> Envelope | None:
    """Return the envelope of SNS around an event, None where it came without one."""
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict) or "TopicArn" not in fields:
        return None
    return read({name: value for name, value in fields.items() if isinstance(value, str)})


def _problem(error: ClientError | BotoCoreError) -> Problem:
    code = error.response.get("Error", {}).get("Code", "") if isinstance(error, ClientError) else ""
    return Problem(
        f"The queue of TIDINGS_AWS_EVENTS__QUEUE cannot be read: {code or type(error).__name__}.",
        todo="Its policy must allow sqs:ReceiveMessage and sqs:DeleteMessage; the messages stay where they are.",
        code=Exit.FAILED,
    )
