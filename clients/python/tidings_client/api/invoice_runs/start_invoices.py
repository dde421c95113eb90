from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.invoices_in import InvoicesIn
from ...models.problem import Problem
from ...models.started_out import StartedOut
from typing import cast


def _get_kwargs(
    *,
    body: InvoicesIn,
    idempotency_key: str = "",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/invoice-runs",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | StartedOut | None:
    if response.status_code == 202:
        response_202 = StartedOut.from_dict(response.json())

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
) -> Response[Problem | StartedOut]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    body: InvoicesIn,
    idempotency_key: str = "",
) -> Response[Problem | StartedOut]:
    """Send the invoices of a billing run

     Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads
    them.

    Wrong documents are held and named in the run's report; the others go on. Enclosures go into the
    envelope behind
    each letter: names of the library (`enclosures`), or PDFs as parts `enclosure`. One that may not be
    printed refuses
    the run, with page and check. The same key with other enclosures is another request (422).

    Args:
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (InvoicesIn): Documents of a billing run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StartedOut]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    body: InvoicesIn,
    idempotency_key: str = "",
) -> Problem | StartedOut | None:
    """Send the invoices of a billing run

     Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads
    them.

    Wrong documents are held and named in the run's report; the others go on. Enclosures go into the
    envelope behind
    each letter: names of the library (`enclosures`), or PDFs as parts `enclosure`. One that may not be
    printed refuses
    the run, with page and check. The same key with other enclosures is another request (422).

    Args:
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (InvoicesIn): Documents of a billing run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StartedOut
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    body: InvoicesIn,
    idempotency_key: str = "",
) -> Response[Problem | StartedOut]:
    """Send the invoices of a billing run

     Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads
    them.

    Wrong documents are held and named in the run's report; the others go on. Enclosures go into the
    envelope behind
    each letter: names of the library (`enclosures`), or PDFs as parts `enclosure`. One that may not be
    printed refuses
    the run, with page and check. The same key with other enclosures is another request (422).

    Args:
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (InvoicesIn): Documents of a billing run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | StartedOut]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    body: InvoicesIn,
    idempotency_key: str = "",
) -> Problem | StartedOut | None:
    """Send the invoices of a billing run

     Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads
    them.

    Wrong documents are held and named in the run's report; the others go on. Enclosures go into the
    envelope behind
    each letter: names of the library (`enclosures`), or PDFs as parts `enclosure`. One that may not be
    printed refuses
    the run, with page and check. The same key with other enclosures is another request (422).

    Args:
        idempotency_key (str): A new one with each new request, the same one with each repetition;
            kept for ever. Default: ''.
        body (InvoicesIn): Documents of a billing run.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | StartedOut
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
