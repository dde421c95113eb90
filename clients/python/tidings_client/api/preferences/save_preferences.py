from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.preferences_in import PreferencesIn
from ...models.preferences_saved import PreferencesSaved
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    ref: str,
    *,
    body: PreferencesIn,
    source: str | Unset = "",
    brand: str | Unset = "",
    if_match: str = "",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["If-Match"] = if_match

    params: dict[str, Any] = {}

    params["source"] = source

    params["brand"] = brand

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/v1/customers/{ref}/preferences".format(
            ref=quote(str(ref), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> PreferencesSaved | Problem | None:
    if response.status_code == 200:
        response_200 = PreferencesSaved.from_dict(response.json())

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

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 415:
        response_415 = Problem.from_dict(response.json())

        return response_415

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 428:
        response_428 = Problem.from_dict(response.json())

        return response_428

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
) -> Response[PreferencesSaved | Problem]:
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
    body: PreferencesIn,
    source: str | Unset = "",
    brand: str | Unset = "",
    if_match: str = "",
) -> Response[PreferencesSaved | Problem]:
    """Change what the customer's form says

     Write what changed as statements and consents, with your proof; it holds for messages that are
    planned too.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        brand (str | Unset): Whose form; the first brand when left out. Default: ''.
        if_match (str): The `ETag` of what you read before; 428 without one, 412 when somebody was
            faster. Default: ''.
        body (PreferencesIn): Answers that the customer gave, and what proves it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PreferencesSaved | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        body=body,
        source=source,
        brand=brand,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: PreferencesIn,
    source: str | Unset = "",
    brand: str | Unset = "",
    if_match: str = "",
) -> PreferencesSaved | Problem | None:
    """Change what the customer's form says

     Write what changed as statements and consents, with your proof; it holds for messages that are
    planned too.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        brand (str | Unset): Whose form; the first brand when left out. Default: ''.
        if_match (str): The `ETag` of what you read before; 428 without one, 412 when somebody was
            faster. Default: ''.
        body (PreferencesIn): Answers that the customer gave, and what proves it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PreferencesSaved | Problem
    """

    return sync_detailed(
        ref=ref,
        client=client,
        body=body,
        source=source,
        brand=brand,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: PreferencesIn,
    source: str | Unset = "",
    brand: str | Unset = "",
    if_match: str = "",
) -> Response[PreferencesSaved | Problem]:
    """Change what the customer's form says

     Write what changed as statements and consents, with your proof; it holds for messages that are
    planned too.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        brand (str | Unset): Whose form; the first brand when left out. Default: ''.
        if_match (str): The `ETag` of what you read before; 428 without one, 412 when somebody was
            faster. Default: ''.
        body (PreferencesIn): Answers that the customer gave, and what proves it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[PreferencesSaved | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        body=body,
        source=source,
        brand=brand,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: PreferencesIn,
    source: str | Unset = "",
    brand: str | Unset = "",
    if_match: str = "",
) -> PreferencesSaved | Problem | None:
    """Change what the customer's form says

     Write what changed as statements and consents, with your proof; it holds for messages that are
    planned too.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        brand (str | Unset): Whose form; the first brand when left out. Default: ''.
        if_match (str): The `ETag` of what you read before; 428 without one, 412 when somebody was
            faster. Default: ''.
        body (PreferencesIn): Answers that the customer gave, and what proves it.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        PreferencesSaved | Problem
    """

    return (
        await asyncio_detailed(
            ref=ref,
            client=client,
            body=body,
            source=source,
            brand=brand,
            if_match=if_match,
        )
    ).parsed
