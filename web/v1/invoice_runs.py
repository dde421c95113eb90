"""Invoice runs: the documents of a billing run come in, and what became of them is read."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from store import listing
from web.auth import Caller
from web.idempotency import IdempotencyKey, Reply, once
from web.problems import Refused, wrong_fields
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.runs import RunId, RunOut, StartedOut, run_page, started
from web.v1.strict import StrictRoute, load, must_be_json
from web.wiring import Billing

router = APIRouter(prefix="/v1", tags=["invoice runs"], route_class=StrictRoute)
_KINDS = frozenset({".json", ".jsonl", ".csv", ".tsv", ".xlsx", ".ods", ".parquet", ".xml", ".zip", ".pdf"})
MOST_ENCLOSURES = 10

_EXAMPLE = {
    "invoices": [
        {
            "number": "2026-1",
            "customer": "K-1",
            "issued_on": "2026-03-01",
            "due_on": "2026-03-31",
            "currency": "NOK",
            "lines": [{"description": "Roses", "quantity": "2", "unit_price": "100", "tax_rate": "25"}],
            "total": "250",
        }
    ],
    "source": "erp",
}


class InvoicesIn(BaseModel):
    """Documents of a billing run."""

    model_config = ConfigDict(extra="forbid")

    invoices: list[dict[str, Any]] = Field(min_length=1, description="Each as tidings.invoice.Invoice.")
    brand: str | None = None
    source: str = Field(default="", description="The system whose customer references are used.")
    enclosures: list[str] = Field(
        default=[], max_length=MOST_ENCLOSURES, description="PDFs of the library that go with each letter."
    )


class InvoiceRunOut(RunOut):
    """An invoice run with its file."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": "invoices-20261121-3fa9c1",
                    "kind": "invoice_run",
                    "brand": "nordlys",
                    "title": "Invoices of november.jsonl",
                    "purpose": "invoice",
                    "mode": "live",
                    "state": "finished",
                    "audience": 400,
                    "already_sent": 0,
                    "requested_by": "key:erp",
                    "released_by": None,
                    "repeats": None,
                    "starts_at": "2026-11-21T09:00:00Z",
                    "created_at": "2026-11-21T09:00:00Z",
                    "finished_at": "2026-11-21T09:06:00Z",
                    "file_name": "november.jsonl",
                    "documents": 400,
                    "control_sums": {"NOK": "812400.00"},
                    "rejected": {"wrong_total": [{"row": 7, "number": "2026-7", "detail": "1 is not 2"}]},
                }
            ]
        }
    )

    file_name: str
    documents: int
    control_sums: dict[str, str] = Field(description="Gross total of the good documents by currency.")
    rejected: dict[str, list[dict[str, Any]]] = Field(description="Documents that are held, by reason.")


_INVOICES = TypeAdapter(InvoicesIn)
_BODIES = {
    "application/json": {"schema": {"$ref": "#/components/schemas/InvoicesIn"}, "example": _EXAMPLE},
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["file"],
            "properties": {
                "file": {"type": "string", "format": "binary"},
                "mapping": {"type": "string", "format": "binary"},
                "source": {"type": "string"},
                "brand": {"type": "string"},
                "enclosures": {"type": "array", "items": {"type": "string"}, "maxItems": MOST_ENCLOSURES},
                "enclosure": {
                    "type": "array",
                    "items": {"type": "string", "format": "binary"},
                    "maxItems": MOST_ENCLOSURES,
                    "description": "PDFs that are checked, kept in the library and put behind each letter.",
                },
            },
        },
        "example": {"file": '{"number": "2026-1", ...}', "source": "erp"},
    },
}


@router.post(
    "/invoice-runs",
    status_code=202,
    response_model=StartedOut,
    summary="Send the invoices of a billing run",
    responses={409: {}},
    openapi_extra={"requestBody": {"required": True, "content": _BODIES}},
)
async def start_invoices(request: Request, caller: Caller, key: IdempotencyKey = "") -> Response:
    """Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads them.

    Wrong documents are held and named in the run's report; the others go on. Enclosures go into the envelope behind
    each letter: names of the library (`enclosures`), or PDFs as parts `enclosure`. One that may not be printed refuses
    the run, with page and check. The same key with other enclosures is another request (422).
    """
    del key
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "multipart/form-data":
        billing, digest = await _uploaded(request)
    else:
        must_be_json(request.headers, "", "multipart/form-data")
        raw = await request.body()
        given = await run_in_threadpool(_parse, raw)
        digest = hashlib.sha256(raw).hexdigest()
        billing = Billing(
            documents=given.invoices, source=given.source, brand=given.brand, enclosures=given.enclosures
        )

    def start() -> Reply:
        site = site_of(request)
        return started(
            site.wiring.start_invoices(
                site.installation, site.policy, billing, f"key:{caller.name}", site.clock()
            )
        )

    return await run_in_threadpool(once, request, caller, f"invoice-runs {digest}", start)


@router.get("/invoice-runs", summary="Invoice runs, the newest first")
def list_invoice_runs(request: Request, caller: Caller, part: Part) -> Page[InvoiceRunOut]:
    """Return invoice runs with their control sums."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = listing.runs(connection, kinds=["invoice_run"], after=part.after, limit=part.most)
    return run_page(part, rows, InvoiceRunOut.model_validate)


@router.get("/invoice-runs/{id}", summary="An invoice run")
def read_invoice_run(request: Request, caller: Caller, run: RunId) -> InvoiceRunOut:
    """Return an invoice run, its control sums, and each document that is held. How far it is: `/v1/runs/{id}`."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = listing.run(connection, run)
    if found is None or found.kind != "invoice_run":
        raise Refused(404, f"There is no invoice run {run!r}.", field="id", value=run)
    return InvoiceRunOut.model_validate(found, from_attributes=True)


async def _uploaded(request: Request) -> tuple[Billing, str]:
    """Keep an uploaded file and its mapping under their hash; what a name says is never part of a path."""
    async with request.form() as form:
        file, mapping = form.get("file"), form.get("mapping")
        if not isinstance(file, UploadFile):
            raise Refused(
                422, "file: send the billing system's file in the part `file`.", field="file", value=""
            )
        content, sent_as = await file.read(), file.filename or ""
        rules = (await mapping.read()) if isinstance(mapping, UploadFile) else str(mapping or "").encode()
        source, brand = (str(form.get(key) or "") for key in ("source", "brand"))
        named = [str(name) for name in form.getlist("enclosures")]
        uploads = [
            (one.filename or "", await one.read())
            for one in form.getlist("enclosure")
            if isinstance(one, UploadFile)
        ]
    if len(named) + len(uploads) > MOST_ENCLOSURES:
        wrong = f"enclosures: {MOST_ENCLOSURES} at most."
        raise Refused(422, wrong, field="enclosures", value=str(len(named) + len(uploads)))
    folder = site_of(request).installation.home / "incoming"
    parts = [content, rules, source.encode(), brand.encode()]
    asked = [*(name.encode() for name in named), *(pdf for _, pdf in uploads)]
    digest = hashlib.sha256(b"\0".join(parts + asked)).hexdigest()
    suffix = Path(sent_as).suffix.lower()
    known = suffix if suffix in _KINDS else ".jsonl"

    def keep() -> tuple[Path, Path | None]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept, kept_rules = folder / f"{digest}{known}", folder / f"{digest}.mapping.toml"
        kept.write_bytes(content)
        if rules:
            kept_rules.write_bytes(rules)
        return kept, kept_rules if rules else None

    path, rules_path = await run_in_threadpool(keep)
    name = Path(sent_as or path.name).name[:120]
    billing = Billing(
        file=path,
        file_name=name,
        mapping=rules_path,
        source=source,
        brand=brand or None,
        enclosures=named,
        uploads=uploads,
    )
    return billing, digest


def _parse(raw: bytes) -> InvoicesIn:
    try:
        return _INVOICES.validate_python(load(raw))
    except ValidationError as error:
        detail, errors = wrong_fields(error.errors())
        raise Refused(
            422, detail, errors=errors, field=errors[0]["field"], value=errors[0]["value"]
        ) from error
