"""Letters: whether a PDF that somebody else made may be printed."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from tidings.country import codes
from tidings.problem import Problem
from web.auth import Caller
from web.problems import Refused, wrong
from web.v1.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["templates"], route_class=StrictRoute)


class FindingOut(BaseModel):
    """One check of a PDF."""

    check: str
    verdict: Literal["pass", "warn", "block"]
    page: int = Field(description="From 1; 0: about the file.")
    detail: str


class JudgementOut(BaseModel):
    """What `tidings letters check --json` says of a file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "country": "SE",
                    "window": "c5-h2",
                    "pages": 1,
                    "sheets": 1,
                    "colour_pages": [],
                    "address": ["Ada Lovelace", "Storgatan 7", "753 31 Uppsala"],
                    "findings": [{"check": "fonts", "verdict": "pass", "page": 0, "detail": ""}],
                    "printable": True,
                }
            ]
        }
    )

    country: str
    window: str
    pages: int
    sheets: int = Field(description="Printed on both sides.")
    colour_pages: list[int]
    address: list[str] = Field(description="The lines that stand in the window.")
    findings: list[FindingOut]
    printable: bool


@router.post(
    "/letters/check",
    response_model=JudgementOut,
    summary="Whether a PDF may be printed",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/pdf": {
                    "schema": {"type": "string", "format": "binary"},
                    "example": "%PDF-1.7 ...",
                }
            },
        }
    },
)
async def check_letter(
    request: Request,
    caller: Caller,
    country: Annotated[str, Query(pattern=r"^[A-Z]{2}$", description="Destination, ISO 3166-1 alpha-2.")],
    window: Annotated[
        str, Query(pattern=r"^[a-z0-9-]{0,10}$", description="Where it is not the country's usual one.")
    ] = "",
    *,
    enclosed: Annotated[
        bool, Query(description="Whether it goes behind a letter: no address is asked for.")
    ] = False,
) -> dict[str, Any]:
    """Look at the PDF in the body as a print house does; nothing is kept of it."""
    del caller
    from templates.foreign_process import judged_bytes

    if country not in codes():
        raise wrong("there is no such country", "country", value=country)
    pdf = await request.body()
    try:
        return await run_in_threadpool(judged_bytes, pdf, country, window, enclosed=enclosed)
    except Problem as problem:
        raise Refused(422, str(problem), field="body", value="") from problem
