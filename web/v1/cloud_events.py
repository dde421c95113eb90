"""CloudEvents 1.0 (https://cloudevents.io): what a touchpoint has, and where an event says it."""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from starlette.datastructures import Headers

from web.problems import Refused, wrong
from web.v1.strict import load
from web.v1.whom import Instant


class CloudEvent(BaseModel):
    """A CloudEvent 1.0; attributes of extensions are allowed, and not kept."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "specversion": "1.0",
                    "id": "order-4711",
                    "source": "/shop",
                    "type": "com.example.bought",
                    "subject": "K-1",
                    "time": "2026-11-21T09:30:00Z",
                    "data": {"channel": "web", "detail": {"order": "4711"}},
                }
            ]
        },
    )

    specversion: str = Field(pattern=r"^1\.0$")
    id: str = Field(min_length=1, max_length=200, description="Unique in its source.")
    source: str = Field(min_length=1, max_length=200)
    type: str = Field(
        min_length=1,
        max_length=200,
        description="Its last part is the touchpoint's kind: `com.example.paid`.",
    )
    subject: str = Field(default="", max_length=200, description="The customer's reference.")
    time: Instant | None = None
    datacontenttype: str = "application/json"
    data: dict[str, Any] | None = Field(
        default=None,
        description="`channel` (else `web`) and what else a touchpoint has; the rest becomes its `detail`.",
    )
    data_base64: str | None = None


_CLOUD = TypeAdapter(CloudEvent)
_OWN: Mapping[str, str] = {
    "id": "id",
    "source": "source",
    "customer": "subject",
    "kind": "type",
    "at": "time",
}
"""What a touchpoint has, and the attribute that says it unless the data do."""


def read_event(given: Any) -> CloudEvent:
    """Return an event as it was sent.

    Raises:
        ValidationError: an attribute is missing or none.
    """
    return _CLOUD.validate_python(given)


def binary(raw: bytes, headers: Headers) -> dict[str, Any]:
    """Return an event of the binary mode: attributes in percent-encoded headers, the data as the body."""
    event: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    return event | ({"data": load(raw)} if raw.strip() else {})


def values_of(event: CloudEvent, fields: Collection[str]) -> dict[str, Any]:
    """Return the values of a touchpoint that an event has.

    Args:
        event: its data have some of these fields; what else is in them is the touchpoint's `detail`.
        fields: all that a touchpoint has.

    Raises:
        Refused: 422, the data are no JSON object in base64.
    """
    data = dict(event.data or {})
    if event.data_base64 is not None:
        data = _decoded(event.data_base64)
    ours = {key: data.pop(key) for key in fields & data.keys()}
    named = {"customer": event.subject} if event.subject else {}
    return {
        "channel": "web",
        "kind": event.type.rpartition(".")[2],
        "at": event.time,
        "detail": data,
        **ours,
        **named,
        "id": event.id,
        "source": event.source,
    }


def place_of(given: Mapping[str, Any], path: Sequence[str]) -> list[str]:
    """Return where an event says what a touchpoint has at a path.

    >>> event = {"id": "1", "source": "/shop", "type": "bought", "data": {"machine": "perhaps"}}
    >>> place_of(event, ["machine"]), place_of(event, ["kind"]), place_of(event, ["customer"])
    (['data', 'machine'], ['type'], ['subject'])
    """
    name, *inside = path
    data = given.get("data") or {}
    if name in ("id", "source") or (name == "customer" and given.get("subject")):
        return [_OWN[name]]
    if given.get("data_base64") is not None:
        return ["data_base64"]
    if name == "customer" and "reference" in data:
        name = "reference"
    return ["data", name, *inside] if name in data else [_OWN.get(name, "data")]


def _decoded(text: str) -> dict[str, Any]:
    try:
        data = load(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise wrong("it is no base64", "data_base64", value=text) from error
    except Refused as refused:
        raise wrong(refused.detail, "data_base64", value=text) from refused
    if not isinstance(data, dict):
        raise wrong("it holds no JSON object", "data_base64", value=text)
    return data
