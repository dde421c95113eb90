from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...types import Response, UNSET
from ... import errors

from ...models.action import Action
from ...models.action_in import ActionIn
from ...models.changed_out import ChangedOut
from ...models.problem import Problem
from typing import cast


def _get_kwargs(
    id: str,
    action: Action,
    *,
    body: ActionIn,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/runs/{id}/{action}".format(
            id=quote(str(id), safe=""),
            action=quote(str(action), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ChangedOut | Problem | None:
    if response.status_code == 200:
        response_200 = ChangedOut.from_dict(response.json())

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
) -> Response[ChangedOut | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    action: Action,
    *,
    client: AuthenticatedClient,
    body: ActionIn,
) -> Response[ChangedOut | Problem]:
    """Pause, resume or stop a run

     Every worker heeds it within a second. What is handed over already cannot be taken back.

    Args:
        id (str): As the list of runs has it.
        action (Action): What can be done to a run; releasing needs a person.
        body (ActionIn): Why somebody steps in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ChangedOut | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        action=action,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    action: Action,
    *,
    client: AuthenticatedClient,
    body: ActionIn,
) -> ChangedOut | Problem | None:
    """Pause, resume or stop a run

     Every worker heeds it within a second. What is handed over already cannot be taken back.

    Args:
        id (str): As the list of runs has it.
        action (Action): What can be done to a run; releasing needs a person.
        body (ActionIn): Why somebody steps in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ChangedOut | Problem
    """

    return sync_detailed(
        id=id,
        action=action,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: str,
    action: Action,
    *,
    client: AuthenticatedClient,
    body: ActionIn,
) -> Response[ChangedOut | Problem]:
    """Pause, resume or stop a run

     Every worker heeds it within a second. What is handed over already cannot be taken back.

    Args:
        id (str): As the list of runs has it.
        action (Action): What can be done to a run; releasing needs a person.
        body (ActionIn): Why somebody steps in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ChangedOut | Problem]
    """

    kwargs = _get_kwargs(
        id=id,
        action=action,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    action: Action,
    *,
    client: AuthenticatedClient,
    body: ActionIn,
) -> ChangedOut | Problem | None:
    """Pause, resume or stop a run

     Every worker heeds it within a second. What is handed over already cannot be taken back.

    Args:
        id (str): As the list of runs has it.
        action (Action): What can be done to a run; releasing needs a person.
        body (ActionIn): Why somebody steps in.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ChangedOut | Problem
    """

    return (
        await asyncio_detailed(
            id=id,
            action=action,
            client=client,
            body=body,
        )
    ).parsed
