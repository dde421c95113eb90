from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    ref: str,
    id: int,
    *,
    source: str | Unset = "",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["source"] = source

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/customers/{ref}/addresses/{id}".format(
            ref=quote(str(ref), safe=""),
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | None:
    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

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
) -> Response[Any | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    ref: str,
    id: int,
    *,
    client: AuthenticatedClient,
    source: str | Unset = "",
) -> Response[Any | Problem]:
    """Take an address from a customer

     Remove an address; what was sent there stays in the history.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        id (int): As the list of addresses has it.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        id=id,
        source=source,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    ref: str,
    id: int,
    *,
    client: AuthenticatedClient,
    source: str | Unset = "",
) -> Any | Problem | None:
    """Take an address from a customer

     Remove an address; what was sent there stays in the history.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        id (int): As the list of addresses has it.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return sync_detailed(
        ref=ref,
        id=id,
        client=client,
        source=source,
    ).parsed


async def asyncio_detailed(
    ref: str,
    id: int,
    *,
    client: AuthenticatedClient,
    source: str | Unset = "",
) -> Response[Any | Problem]:
    """Take an address from a customer

     Remove an address; what was sent there stays in the history.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        id (int): As the list of addresses has it.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        ref=ref,
        id=id,
        source=source,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    ref: str,
    id: int,
    *,
    client: AuthenticatedClient,
    source: str | Unset = "",
) -> Any | Problem | None:
    """Take an address from a customer

     Remove an address; what was sent there stays in the history.

    Args:
        ref (str): The customer's reference, `system:reference`, an e-mail address or phone number
            of theirs, or `id:` and our number.
        id (int): As the list of addresses has it.
        source (str | Unset): The system that gave the reference; '' is any. Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return (
        await asyncio_detailed(
            ref=ref,
            id=id,
            client=client,
            source=source,
        )
    ).parsed
