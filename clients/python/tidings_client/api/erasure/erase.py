from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.erasure_in import ErasureIn
from ...models.erasure_out import ErasureOut
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    ref: str,
    *,
    body: ErasureIn,
    source: str | Unset = "",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["source"] = source

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/customers/{ref}/erasure".format(
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
) -> ErasureOut | Problem | None:
    if response.status_code == 202:
        response_202 = ErasureOut.from_dict(response.json())

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
) -> Response[ErasureOut | Problem]:
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
    body: ErasureIn,
    source: str | Unset = "",
) -> Response[ErasureOut | Problem]:
    """Forget a customer

     Remove what is personal, cancel what is planned, and keep digests so that nothing is sent there
    again.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        body (ErasureIn): Why a customer is forgotten.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        body=body,
        source=source,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: ErasureIn,
    source: str | Unset = "",
) -> ErasureOut | Problem | None:
    """Forget a customer

     Remove what is personal, cancel what is planned, and keep digests so that nothing is sent there
    again.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        body (ErasureIn): Why a customer is forgotten.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut | Problem
    """

    return sync_detailed(
        ref=ref,
        client=client,
        body=body,
        source=source,
    ).parsed


async def asyncio_detailed(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: ErasureIn,
    source: str | Unset = "",
) -> Response[ErasureOut | Problem]:
    """Forget a customer

     Remove what is personal, cancel what is planned, and keep digests so that nothing is sent there
    again.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        body (ErasureIn): Why a customer is forgotten.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErasureOut | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        body=body,
        source=source,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    ref: str,
    *,
    client: AuthenticatedClient,
    body: ErasureIn,
    source: str | Unset = "",
) -> ErasureOut | Problem | None:
    """Forget a customer

     Remove what is personal, cancel what is planned, and keep digests so that nothing is sent there
    again.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.
        body (ErasureIn): Why a customer is forgotten.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErasureOut | Problem
    """

    return (
        await asyncio_detailed(
            ref=ref,
            client=client,
            body=body,
            source=source,
        )
    ).parsed
