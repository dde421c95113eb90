from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.asked_out import AskedOut
from ...models.campaign import Campaign
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime


def _get_kwargs(
    *,
    body: Campaign,
    until: datetime.datetime | None | Unset = UNSET,
    seed: int | Unset = 0,
    idempotency_key: str = "",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["Idempotency-Key"] = idempotency_key

    params: dict[str, Any] = {}

    json_until: None | str | Unset
    if isinstance(until, Unset):
        json_until = UNSET
    elif isinstance(until, datetime.datetime):
        json_until = until.isoformat()
    else:
        json_until = until
    params["until"] = json_until

    params["seed"] = seed

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/campaigns/rehearsals",
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AskedOut | Problem | None:
    if response.status_code == 202:
        response_202 = AskedOut.from_dict(response.json())

        return response_202

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 406:
        response_406 = Problem.from_dict(response.json())

        return response_406

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AskedOut | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: Campaign,
    until: datetime.datetime | None | Unset = UNSET,
    seed: int | Unset = 0,
    idempotency_key: str = "",
) -> Response[AskedOut | Problem]:
    """Rehearse a campaign on a simulated clock

     Take in a campaign, the same values as its TOML file; nothing is sent and nothing changes.

    Args:
        until (datetime.datetime | None | Unset): Where the clock ends; 45 days after the start.
        seed (int | Unset): Of chance. Default: 0.
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (Campaign): What `tidings campaign run FILE.toml` reads; `tidings campaign example`
            prints one.

            `name` and `edition` are its identity: what an edition sent is never sent again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AskedOut | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        until=until,
        seed=seed,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: Campaign,
    until: datetime.datetime | None | Unset = UNSET,
    seed: int | Unset = 0,
    idempotency_key: str = "",
) -> AskedOut | Problem | None:
    """Rehearse a campaign on a simulated clock

     Take in a campaign, the same values as its TOML file; nothing is sent and nothing changes.

    Args:
        until (datetime.datetime | None | Unset): Where the clock ends; 45 days after the start.
        seed (int | Unset): Of chance. Default: 0.
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (Campaign): What `tidings campaign run FILE.toml` reads; `tidings campaign example`
            prints one.

            `name` and `edition` are its identity: what an edition sent is never sent again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AskedOut | Problem
    """

    return sync_detailed(
        client=client,
        body=body,
        until=until,
        seed=seed,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: Campaign,
    until: datetime.datetime | None | Unset = UNSET,
    seed: int | Unset = 0,
    idempotency_key: str = "",
) -> Response[AskedOut | Problem]:
    """Rehearse a campaign on a simulated clock

     Take in a campaign, the same values as its TOML file; nothing is sent and nothing changes.

    Args:
        until (datetime.datetime | None | Unset): Where the clock ends; 45 days after the start.
        seed (int | Unset): Of chance. Default: 0.
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (Campaign): What `tidings campaign run FILE.toml` reads; `tidings campaign example`
            prints one.

            `name` and `edition` are its identity: what an edition sent is never sent again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AskedOut | Problem]
    """

    kwargs = _get_kwargs(
        body=body,
        until=until,
        seed=seed,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: Campaign,
    until: datetime.datetime | None | Unset = UNSET,
    seed: int | Unset = 0,
    idempotency_key: str = "",
) -> AskedOut | Problem | None:
    """Rehearse a campaign on a simulated clock

     Take in a campaign, the same values as its TOML file; nothing is sent and nothing changes.

    Args:
        until (datetime.datetime | None | Unset): Where the clock ends; 45 days after the start.
        seed (int | Unset): Of chance. Default: 0.
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (Campaign): What `tidings campaign run FILE.toml` reads; `tidings campaign example`
            prints one.

            `name` and `edition` are its identity: what an edition sent is never sent again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AskedOut | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            until=until,
            seed=seed,
            idempotency_key=idempotency_key,
        )
    ).parsed
