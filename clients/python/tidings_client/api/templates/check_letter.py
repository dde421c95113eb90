from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.judgement_out import JudgementOut
from ...models.problem import Problem
from ...types import UNSET, Unset
from typing import cast


def _get_kwargs(
    *,
    country: str,
    window: str | Unset = "",
    enclosed: bool | Unset = False,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["country"] = country

    params["window"] = window

    params["enclosed"] = enclosed

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/letters/check",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> JudgementOut | Problem | None:
    if response.status_code == 200:
        response_200 = JudgementOut.from_dict(response.json())

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

    if response.status_code == 406:
        response_406 = Problem.from_dict(response.json())

        return response_406

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
) -> Response[JudgementOut | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    country: str,
    window: str | Unset = "",
    enclosed: bool | Unset = False,
) -> Response[JudgementOut | Problem]:
    """Whether a PDF may be printed

     Look at the PDF in the body as a print house does; nothing is kept of it.

    Args:
        country (str): Destination, ISO 3166-1 alpha-2.
        window (str | Unset): Where it is not the country's usual one. Default: ''.
        enclosed (bool | Unset): Whether it goes behind a letter: no address is asked for.
            Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JudgementOut | Problem]
    """

    kwargs = _get_kwargs(
        country=country,
        window=window,
        enclosed=enclosed,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    country: str,
    window: str | Unset = "",
    enclosed: bool | Unset = False,
) -> JudgementOut | Problem | None:
    """Whether a PDF may be printed

     Look at the PDF in the body as a print house does; nothing is kept of it.

    Args:
        country (str): Destination, ISO 3166-1 alpha-2.
        window (str | Unset): Where it is not the country's usual one. Default: ''.
        enclosed (bool | Unset): Whether it goes behind a letter: no address is asked for.
            Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JudgementOut | Problem
    """

    return sync_detailed(
        client=client,
        country=country,
        window=window,
        enclosed=enclosed,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    country: str,
    window: str | Unset = "",
    enclosed: bool | Unset = False,
) -> Response[JudgementOut | Problem]:
    """Whether a PDF may be printed

     Look at the PDF in the body as a print house does; nothing is kept of it.

    Args:
        country (str): Destination, ISO 3166-1 alpha-2.
        window (str | Unset): Where it is not the country's usual one. Default: ''.
        enclosed (bool | Unset): Whether it goes behind a letter: no address is asked for.
            Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[JudgementOut | Problem]
    """

    kwargs = _get_kwargs(
        country=country,
        window=window,
        enclosed=enclosed,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    country: str,
    window: str | Unset = "",
    enclosed: bool | Unset = False,
) -> JudgementOut | Problem | None:
    """Whether a PDF may be printed

     Look at the PDF in the body as a print house does; nothing is kept of it.

    Args:
        country (str): Destination, ISO 3166-1 alpha-2.
        window (str | Unset): Where it is not the country's usual one. Default: ''.
        enclosed (bool | Unset): Whether it goes behind a letter: no address is asked for.
            Default: False.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        JudgementOut | Problem
    """

    return (
        await asyncio_detailed(
            client=client,
            country=country,
            window=window,
            enclosed=enclosed,
        )
    ).parsed
