"""An invoice run from a file that somebody brings to a page: kept, mapped, checked cell by cell, and started.

Nothing is sent by any of this: the run that is started waits for a second person (`work.release`).
"""

import hashlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from store.bill_files import BillFile
from tidings.invoice_parts import is_amount
from tidings.problem import Problem
from tidings.reason import Reason
from work.asked_profile import misspelt
from work.bill_document import FIELDS, LINE_FIELDS, Document
from work.bill_rows import looks_like_json, rows_of
from work.bills import BillMapping, check_bills, value_of
from work.bills_xml import holds_xml
from work.columns import key
from work.installation import Installation
from work.invoicing import Sorted, control_sums, sort_out

KINDS = (
    ".csv",
    ".tsv",
    ".txt",
    ".xlsx",
    ".xls",
    ".ods",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".xml",
    ".zip",
    ".pdf",
)
LINES = tuple(f"line.{name}" for name in LINE_FIELDS)
ASKED = (*(name for name in FIELDS if name not in ("source", "terms")), "lines", *LINES)
"""What a column of the file may be."""
CONSTANTS = ("currency", "terms", "line.tax_rate", "source")
"""What a person may say once for the whole file."""
SAMPLES = 3
_LONGEST = 60

_CALLED: Mapping[str, str] = {
    "number": """number invoicenumber invoiceno invoicenr invoiceid invoice documentnumber billnumber fakturanummer
        fakturanr faktura rechnungsnummer numerfaktury nrfaktury fatura numerodafatura nfe notafiscal bilagsnummer""",
    "customer": """customer customernumber customerno customerid customerref customerreference reference account
        accountnumber kundenummer kundenr kundnummer kundnr kunde kund numerklienta klient cliente codigocliente
        numerodocliente kundennummer debtor""",
    "issued_on": """issuedon issued issuedate invoicedate date fakturadato fakturadatum dato datum datawystawienia
        dataemissao emissao rechnungsdatum billdate""",
    "due_on": """dueon due duedate paymentdue forfallsdato forfall forfallodatum terminplatnosci vencimento
        datavencimento falligam payby""",
    "currency": "currency valuta waluta moeda wahrung currencycode iso4217",
    "total": """total gross grosstotal totalgross amount amountdue sum belop totalbelop brutto totalt kwota
        kwotabrutto suma valor valortotal betrag""",
    "reference": "paymentreference kid ocr ocrnumber tytulem yourreference purchaseorder po",
    "note": "note comment remark merknad anmarkning uwagi observacao",
    "lines": "lines items rows positions linjer rader pozycje itens",
    "line.description": """description item product text article beskrivelse beskrivning tekst opis nazwa descricao
        produto""",
    "line.quantity": "quantity qty count antall antal ilosc quantidade menge units",
    "line.unit_price": "unitprice price net netprice enhetspris pris cenanetto cena preco precounitario einzelpreis",
    "line.tax_rate": "taxrate tax vat vatrate mva moms mvasats momssats vatproc stawkavat imposto aliquota",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a file, or a key of its documents (`lines.text` for one of their items)."""

    name: str
    samples: Sequence[str]
    field: str
    """What it is taken for; '' = nothing."""


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A document that will not be sent, with its cells as they stand in the file."""

    row: int
    reason: str
    detail: str
    field: str
    """Which cell is wrong; '' = the document as a whole."""
    cells: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What a file comes to."""

    documents: int
    sent_before: int
    good: int
    sums: Mapping[str, Decimal]
    """Gross by currency of all documents that add up, also of those that went out before or have no customer."""
    wrong: Sequence[Wrong]
    fields: Sequence[str]
    """The fields that the file has."""
    misspelt: Mapping[str, Any]
    """Customers whose attribute `einvoice` names no profile (`work.asked_profile`); empty without any."""


def path_of(installation: Installation, digest: str) -> Path:
    """Return where a file lies.

    Raises:
        FileNotFoundError: it is gone.
    """
    for path in (installation.home / "bills").glob(f"{digest}.*"):
        return path
    raise FileNotFoundError(digest)


def keep_file(installation: Installation, name: str, content: bytes) -> str:
    """Keep a file under its SHA-256; returns that. The same bytes are kept once.

    Raises:
        Problem: it is empty, or no kind of file that we read.
    """
    suffix = Path(name).suffix.casefold()
    if suffix not in KINDS:
        raise Problem(
            f"A file called {name[-_LONGEST:]!r} cannot be read.", todo=f"Bring one of {', '.join(KINDS)}."
        )
    if not content.strip():
        raise Problem("The file is empty.")
    digest = hashlib.sha256(content).hexdigest()
    folder = installation.home / "bills"
    folder.mkdir(mode=0o700, exist_ok=True)
    draft = folder / f".{digest}.{secrets.token_hex(4)}"
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(folder / f"{digest}{suffix}")
    return digest


def columns_of(path: Path, mapping: BillMapping) -> list[Column]:
    """Return the columns of a file with samples, each as what it is mapped to or looks like.

    Raises:
        Problem: the file cannot be read.
    """
    content = path.read_bytes()
    whole = looks_like_json(content[:64]) or holds_xml(path, content)
    found = _keys(path) if whole else _table_columns(path)
    said = {column: field for field, column in mapping.columns.items()}
    guessed = guess(list(found)) if not mapping.columns else {}
    return [
        Column(name=name, samples=samples, field=said.get(_bare(name, said)) or guessed.get(name, ""))
        for name, samples in found.items()
    ]


def remembered(found: Sequence[Column], earlier: Sequence[BillFile]) -> BillMapping | None:
    """Return the mapping of the newest earlier file that has all the columns it names, None when there is none."""
    names = {column.name for column in found}
    for file in earlier:
        mapping = BillMapping.model_validate(file.mapping)
        outer = mapping.columns.get("lines", "")
        if mapping.columns and all(
            column in names or f"{outer}.{column}" in names for column in mapping.columns.values()
        ):
            return mapping
    return None


def guess(names: Sequence[str]) -> dict[str, str]:
    """Return column of the file -> our field, for those that are recognised; no field is taken twice.

    >>> guess(["Invoice No.", "Kundenr", "Beløp", "Farge"])
    {'Invoice No.': 'number', 'Kundenr': 'customer', 'Beløp': 'total'}
    """
    ranks = []
    for place, name in enumerate(names):
        written = {key(name), key(name.rpartition(".")[2])} - {""}
        for field, called in _CALLED.items():
            known = [key(field.rpartition(".")[2]), *called.split()]
            if same := written.intersection(known):
                ranks.append((min(map(known.index, same)), place, field, name))
    found: dict[str, str] = {}
    for _, _, field, name in sorted(ranks):
        if name not in found and field not in found.values():
            found[name] = field
    return {name: found[name] for name in names if name in found}


def check(
    connection: Connection, installation: Installation, file: BillFile, mapping: BillMapping
) -> tuple[Checked, list[Document], str]:
    """Read a file with a mapping; returns what it comes to, its documents, and the SHA-256 of file and mapping.

    Raises:
        Problem: the file cannot be read with this mapping at all.
    """
    path = path_of(installation, file.digest)
    try:
        rows, documents, digest = _read(path, mapping.model_dump_json())
    except Problem as problem:
        raise Problem(problem.what.replace(str(path), file.name), todo=problem.todo) from problem
    brand = installation.organisation.brand(file.brand or None)
    sorted_out = sort_out(connection, brand.id, documents, mapping.constants.get("source", ""))
    raw = dict(rows)
    wrong = sorted(_wrong(sorted_out, raw, mapping), key=lambda one: one.row)
    sums = {currency: Decimal(total) for currency, total in control_sums(documents).items()}
    checked = Checked(
        documents=len(documents),
        sent_before=sorted_out.already_sent,
        good=len(sorted_out.send),
        sums=sums,
        wrong=wrong,
        fields=[field for field in ASKED if field in mapping.columns and field != "lines"],
        misspelt=misspelt(connection, sorted_out.send),
    )
    return checked, list(documents), digest


def differences(expected: Mapping[str, str], found: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return by currency how much more was found than expected; what agrees is left out.

    Raises:
        Problem: an expected sum is no number.
    """
    differing = {}
    for currency in sorted({*expected, *found}):
        difference = found.get(currency, Decimal(0)) - amount(expected.get(currency, "0"))
        if difference:
            differing[currency] = difference
    return differing


def amount(text: str) -> Decimal:
    """Return an amount as people write it: `1 234,50`, `1,234.50`, `1234.5`.

    Raises:
        Problem: it is none.
    """
    plain = "".join(text.replace("\N{NO-BREAK SPACE}", " ").replace("'", "").split())
    cut = max(plain.rfind(","), plain.rfind("."))
    if cut >= 0 and len(plain) - cut - 1 <= 2:  # noqa: PLR2004 -- the last separator is the decimal one
        plain = f"{plain[:cut].replace(',', '').replace('.', '')}.{plain[cut + 1 :]}"
    else:
        plain = plain.replace(",", "").replace(".", "")
    try:
        value = Decimal(plain or "0")
    except InvalidOperation as error:
        raise Problem(f"{text[:_LONGEST]!r} is not an amount.", todo="Write it as 1234.50.") from error
    if not is_amount(value):
        raise Problem(f"{text[:_LONGEST]!r} is not an amount.", todo="Write it as 1234.50.")
    return value


@lru_cache(maxsize=4)
def _read(path: Path, mapping: str) -> tuple[list[tuple[int, Mapping[str, Any]]], list[Document], str]:
    """Return rows, documents and hash; kept for the next step, which asks for the same. The bytes never change."""
    rules = BillMapping.model_validate_json(mapping)
    rows = rows_of(path, rules.columns)
    digest = hashlib.sha256(path.read_bytes() + rules.model_dump_json().encode()).hexdigest()
    return rows, check_bills(rows, rules), digest


def _wrong(found: Sorted, raw: Mapping[int, Mapping[str, Any]], mapping: BillMapping) -> list[Wrong]:
    return [
        Wrong(
            row=item["row"],
            reason=reason,
            detail=item["detail"],
            field=_field(reason, item["detail"]),
            cells={
                field: _cell(raw.get(item["row"], {}), field, mapping) for field in ASKED if field != "lines"
            },
        )
        for reason, items in found.rejected.items()
        for item in items
    ]


_CELL_OF: Mapping[str, str] = {
    Reason.WRONG_TOTAL: "total",
    Reason.DUPLICATE_NUMBER: "number",
    Reason.UNKNOWN_CUSTOMER: "customer",
}


def _field(reason: str, detail: str) -> str:
    """Return the field that a detail speaks of: it begins with its name, for an item `lines.0.quantity`."""
    if reason in _CELL_OF:
        return _CELL_OF[reason]
    where = detail.partition(":")[0]
    if where.startswith("lines."):
        where = f"line.{where.rpartition('.')[2]}"
    return where if where in {*FIELDS, *LINES} else ""


def _cell(raw: Mapping[str, Any], field: str, mapping: BillMapping) -> str:
    """Return what stands in the file: of an item's field, that of all items."""
    if not field.startswith("line."):
        return str(value_of(raw, field, mapping) or "")[:_LONGEST]
    items = raw.get(mapping.columns.get("lines", "lines"))
    values = [value_of(item, field, mapping) for item in items or () if isinstance(item, Mapping)]
    return ", ".join(str(value) for value in values if value is not None)[:_LONGEST]


def _bare(name: str, said: Mapping[str, str]) -> str:
    """Return a column as a mapping names it: an item's key without the list before it."""
    inner = name.partition(".")[2]
    return inner if inner in said and said[inner] in LINES else name


def _table_columns(path: Path) -> dict[str, list[str]]:
    from work.reading import read

    known = {key(word) for called in _CALLED.values() for word in called.split()}
    sheet = read(path, is_header=lambda cells: sum(key(cell) in known for cell in cells) >= 2)  # noqa: PLR2004
    head = sheet.frame.head(200)
    return {
        name: [
            str(value)[:_LONGEST] for value in head[name].drop_nulls().unique(maintain_order=True)[:SAMPLES]
        ]
        for name in head.columns
    }


def _keys(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for _, document in rows_of(path, {})[:50]:
        for name, value in document.items():
            if name in {"xml", "file"}:
                continue
            if isinstance(value, list | tuple) and (name == "lines" or "xml" not in document):
                found.setdefault(name, [])
                for item in value:
                    for inner, part in item.items() if isinstance(item, Mapping) else ():
                        _add(found, f"{name}.{inner}", part)
            else:
                _add(found, name, value)
    return found


def _add(found: dict[str, list[str]], name: str, value: object) -> None:
    samples = found.setdefault(name, [])
    shown = str(value)[:_LONGEST]
    if value is not None and shown not in samples and len(samples) < SAMPLES:
        samples.append(shown)


def mapping_from(columns: Mapping[str, str], constants: Mapping[str, str]) -> BillMapping:
    """Return a mapping from what a person chose: column -> field, and the constants that are not empty.

    Raises:
        Problem: two columns are the same field, or there is no number.
    """
    said: dict[str, str] = {}
    for column, field in columns.items():
        if field in said:
            raise Problem(
                f"{said[field]!r} and {column!r} cannot both be {field}.", todo="Choose one of them."
            )
        if field:
            said[field] = column
    if "number" not in said:
        raise Problem("No column is the number of the invoice.", todo="Choose the column that holds it.")
    outer = said.get("lines", "")
    plain = {
        field: column.removeprefix(f"{outer}.") if outer and field in LINES else column
        for field, column in said.items()
    }
    return BillMapping(columns=plain, constants={name: text for name, text in constants.items() if text})
