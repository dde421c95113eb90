from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.known_out import KnownOut
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast
import datetime


def _get_kwargs(
    ref: str,
    *,
    as_of: datetime.date | datetime.datetime,
    topic: str | Unset = "",
    run: str | Unset = "",
    brand: str | Unset = "",
    source: str | Unset = "",
    lang: str | Unset = "en",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_as_of: str
    if isinstance(as_of, datetime.datetime):
        json_as_of = as_of.isoformat()
    else:
        json_as_of = as_of.isoformat()

    params["as_of"] = json_as_of

    params["topic"] = topic

    params["run"] = run

    params["brand"] = brand

    params["source"] = source

    params["lang"] = lang

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/customers/{ref}/decisions".format(
            ref=quote(str(ref), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> KnownOut | Problem | None:
    if response.status_code == 200:
        response_200 = KnownOut.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 406:
        response_406 = Problem.from_dict(response.json())

        return response_406

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

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
) -> Response[KnownOut | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    ref: str,
    *,
    client: AuthenticatedClient,
    as_of: datetime.date | datetime.datetime,
    topic: str | Unset = "",
    run: str | Unset = "",
    brand: str | Unset = "",
    source: str | Unset = "",
    lang: str | Unset = "en",
) -> Response[KnownOut | Problem]:
    """What was known and allowed on a day

     Decide again from what had been recorded by an instant, with the policy of that time; nothing is
    written.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        as_of (datetime.date | datetime.datetime): An instant, or a day: its end (UTC). What was
            recorded later is not looked at.
        topic (str | Unset): A purpose, or a topic below one; not needed with `run`. Default: ''.
        run (str | Unset): Asks what this run asked. Default: ''.
        brand (str | Unset): The first brand when left out. Default: ''.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        lang (str | Unset): Of the sentences. Default: 'en'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[KnownOut | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        as_of=as_of,
        topic=topic,
        run=run,
        brand=brand,
        source=source,
        lang=lang,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    ref: str,
    *,
    client: AuthenticatedClient,
    as_of: datetime.date | datetime.datetime,
    topic: str | Unset = "",
    run: str | Unset = "",
    brand: str | Unset = "",
    source: str | Unset = "",
    lang: str | Unset = "en",
) -> KnownOut | Problem | None:
    """What was known and allowed on a day

     Decide again from what had been recorded by an instant, with the policy of that time; nothing is
    written.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        as_of (datetime.date | datetime.datetime): An instant, or a day: its end (UTC). What was
            recorded later is not looked at.
        topic (str | Unset): A purpose, or a topic below one; not needed with `run`. Default: ''.
        run (str | Unset): Asks what this run asked. Default: ''.
        brand (str | Unset): The first brand when left out. Default: ''.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        lang (str | Unset): Of the sentences. Default: 'en'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        KnownOut | Problem
    """

    return sync_detailed(
        ref=ref,
        client=client,
        as_of=as_of,
        topic=topic,
        run=run,
        brand=brand,
        source=source,
        lang=lang,
    ).parsed


async def asyncio_detailed(
    ref: str,
    *,
    client: AuthenticatedClient,
    as_of: datetime.date | datetime.datetime,
    topic: str | Unset = "",
    run: str | Unset = "",
    brand: str | Unset = "",
    source: str | Unset = "",
    lang: str | Unset = "en",
) -> Response[KnownOut | Problem]:
    """What was known and allowed on a day

     Decide again from what had been recorded by an instant, with the policy of that time; nothing is
    written.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        as_of (datetime.date | datetime.datetime): An instant, or a day: its end (UTC). What was
            recorded later is not looked at.
        topic (str | Unset): A purpose, or a topic below one; not needed with `run`. Default: ''.
        run (str | Unset): Asks what this run asked. Default: ''.
        brand (str | Unset): The first brand when left out. Default: ''.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        lang (str | Unset): Of the sentences. Default: 'en'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[KnownOut | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        as_of=as_of,
        topic=topic,
        run=run,
        brand=brand,
        source=source,
        lang=lang,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    ref: str,
    *,
    client: AuthenticatedClient,
    as_of: datetime.date | datetime.datetime,
    topic: str | Unset = "",
    run: str | Unset = "",
    brand: str | Unset = "",
    source: str | Unset = "",
    lang: str | Unset = "en",
) -> KnownOut | Problem | None:
    """What was known and allowed on a day

     Decide again from what had been recorded by an instant, with the policy of that time; nothing is
    written.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        as_of (datetime.date | datetime.datetime): An instant, or a day: its end (UTC). What was
            recorded later is not looked at.
        topic (str | Unset): A purpose, or a topic below one; not needed with `run`. Default: ''.
        run (str | Unset): Asks what this run asked. Default: ''.
        brand (str | Unset): The first brand when left out. Default: ''.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        lang (str | Unset): Of the sentences. Default: 'en'.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        KnownOut | Problem
    """

    return (
        await asyncio_detailed(
            ref=ref,
            client=client,
            as_of=as_of,
            topic=topic,
            run=run,
            brand=brand,
            source=source,
            lang=lang,
        )
    ).parsed
