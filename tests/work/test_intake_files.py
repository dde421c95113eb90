"""A table is read whatever it is written in: its columns, its rows and their numbers are the same."""

import io
import json
import os
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from tidings.problem import Problem
from work import columns, reading

HEADER = ["Kundenr", "Navn", "E-post"]
ROWS = [
    ["1", "Åse Ødegård", "ase@example.com"],
    ["2", 'Bo "B" Berg', "bo@example.com"],
    ["3", "Łucja Żak", ""],
]


def _delimited(delimiter):
    quoted = ['"' + cell.replace('"', '""') + '"' for row in ROWS for cell in row]
    lines = [delimiter.join(HEADER), *(delimiter.join(quoted[at : at + 3]) for at in (0, 3, 6))]
    return "\r\n".join(lines) + "\r\n"


def _workbook():
    book = openpyxl.Workbook()
    hidden = book.active
    hidden.sheet_state = "hidden"
    hidden.append(["not", "this"])
    sheet = book.create_sheet("Kunder")
    for row in (HEADER, *ROWS):
        sheet.append(row)
    sheet["A2"] = 1.0
    book.active = 1
    return _bytes(book.save)


def _bytes(save):
    buffer = io.BytesIO()
    save(buffer)
    return buffer.getvalue()


def _ods():
    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in (HEADER, *ROWS)
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {names} office:version="1.2"><office:body><office:spreadsheet>'
        f'<table:table table:name="Kunder">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return buffer.getvalue()


def _records():
    return [dict(zip(HEADER, row, strict=True)) for row in ROWS]


FILES = {
    "CSV in UTF-8": ("a.csv", _delimited(",").encode()),
    "CSV with a byte order mark": ("a.csv", b"\xef\xbb\xbf" + _delimited(",").encode()),
    "semicolons in Windows-1250": (
        "a.csv",
        _delimited(";").replace("Å", "A").replace("Ø", "O").replace("å", "a").encode("cp1250"),
    ),
    "tabs in UTF-16 with a mark": ("a.tsv", _delimited("\t").encode("utf-16")),
    "tabs in UTF-16 without a mark": ("a.txt", _delimited("\t").encode("utf-16-le")),
    "bars": ("a.csv", _delimited("|").encode()),
    "lines that end in a carriage return, as old Macs write them": (
        "a.csv",
        _delimited(";").replace("\r\n", "\r").encode(),
    ),
    "Excel's own first line": ("a.csv", ("sep=;\r\n" + _delimited(";")).encode()),
    "a workbook whose first sheet is hidden": ("a.xlsx", _workbook()),
    "a workbook with another name": ("a.csv", _workbook()),
    "OpenDocument": ("a.ods", _ods()),
    "JSON lines": ("a.jsonl", "\n".join(json.dumps(one) for one in _records()).encode()),
    "a JSON array": ("a.json", json.dumps(_records()).encode()),
    "Parquet": ("a.parquet", _bytes(pl.DataFrame(_records()).write_parquet)),
}


def _read(path):
    return reading.read(
        path, is_header=lambda names: columns.usable("customers", columns.guess("customers", names))
    )


@pytest.mark.parametrize(("name", "data"), FILES.values(), ids=FILES)
def test_every_format_gives_the_same_table(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)

    sheet = _read(path)

    plain = str.maketrans("ÅåØø", "AaOo")
    expected = [[cell.translate(plain) or None for cell in row] for row in ROWS]
    found = [[cell and cell.translate(plain) for cell in row] for row in sheet.frame.rows()]
    assert (sheet.frame.columns, found) == (HEADER, expected)
    first = 1 if sheet.kind in {"jsonl", "parquet"} else 2
    assert sheet.rows.to_list() == [first, first + 1, first + 2]


def test_western_letters_in_windows_1252_are_read_as_what_they_are(tmp_path):
    path = tmp_path / "a.csv"
    text = "id;navn;by\n1;Bjørn Håkonsen;Tromsø\n2;François Müller;Zürich\n3;Peña;São Paulo\n"
    path.write_bytes(text.encode("cp1252"))
    assert _read(path).frame["navn"].to_list() == ["Bjørn Håkonsen", "François Müller", "Peña"]


def test_rows_have_the_numbers_that_a_spreadsheet_shows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        'Customers of May,,\n\nid,name,email\n1,"two\nlines",a@example.com\n\n,,\n2,x,b@example.com,too much\n3\n'
    )

    sheet = _read(path)

    assert sheet.rows.to_list() == [4, 7, 8]
    assert sheet.frame["id"].to_list() == ["1", "2", "3"]
    assert [(one.row, one.value, one.rejected) for one in sheet.unread] == [(7, "too much", False)]


def test_numbers_and_dates_of_a_workbook_are_text_without_surprises(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["id", "phone", "zip", "born", "seen", "ok", "weight"])
    book.active.append(
        [7, 4791234567.0, "0171", date(1990, 2, 1), datetime.fromisoformat("2026-01-02T03:04"), True, 1.5]
    )
    book.save(path := tmp_path / "a.xlsx")
    assert _read(path).frame.row(0) == (
        "7",
        "4791234567",
        "0171",
        "1990-02-01",
        "2026-01-02T03:04:00",
        "true",
        "1.5",
    )


def test_characters_that_hide_or_steer_are_taken_out(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,name\n1,\u202a+47 912\u202c\n2,a\x1b[31mb\n3,\u200bAda\x00\n", encoding="utf-8")
    assert _read(path).frame["name"].to_list() == ["+47 912", "a [31mb", "Ada"]


def _bomb():
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as member:
            for _ in range(1100):
                member.write(b" " * (1 << 20))
    return buffer.getvalue()


def _far_cell(*spelling):
    """Return a workbook with two cells; `spelling` changes how the sheet's XML says where they are."""
    book = openpyxl.Workbook()
    book.active["A1"] = "id"
    book.active["XFD1048576"] = "x"
    if not spelling:
        return _bytes(book.save)
    with zipfile.ZipFile(io.BytesIO(_bytes(book.save))) as made:
        members = {name: made.read(name) for name in made.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = members[sheet].replace(*spelling)
    return _bytes(
        lambda to: [zipfile.ZipFile(to, "a").writestr(name, data) for name, data in members.items()]
    )


def _many_cells():
    """Return 20,000,000 rows of four columns as a Parquet file of a few kilobytes."""
    frame = pl.DataFrame({name: ["x"] for name in "abcd"})
    return _bytes(frame.select(pl.all().repeat_by(20_000_000).explode()).write_parquet)


BROKEN = {
    "a file that is empty": (b"", "is empty"),
    "a file of blanks": (b" \r\n \r\n", "is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "binary"),
    "a quotation mark that is never closed": (b'id,name\n1,"Ada\n2,Bo\n', "row 2: a quotation mark"),
    "a cell of megabytes": (b"id,name\n1,Ada\n2," + b"x" * (1 << 21) + b"\n", "row 3: a cell is larger"),
    "a cell of megabytes behind a loose quotation mark": (
        b'id,name\n1,A "da" x\n2,"b"c' + b"x" * (1 << 21) + b"\n",
        "row 3: a cell is larger",
    ),
    "an archive that is no workbook": (
        _bytes(lambda to: zipfile.ZipFile(to, "w").writestr("a.txt", "x")),
        "an archive",
    ),
    "half a workbook": (_workbook()[:900], "damaged"),
    "a workbook that unpacks to a gigabyte": (_bomb(), "more than can be read"),
    "a workbook with a cell at the end of the world": (_far_cell(), "more than can be read"),
    "such a cell, named in single quotes": (
        _far_cell(b'r="XFD1048576"', b"r='XFD1048576'"),
        "more than can be read",
    ),
    "such a cell, named after a blank": (
        _far_cell(b'r="XFD1048576"', b'r = "XFD1048576"'),
        "more than can be read",
    ),
    "a Parquet file of eighty million cells": (_many_cells(), "more than can be read"),
    "half a Parquet file": (FILES["Parquet"][1][:60], "damaged"),
    "JSON that is no table": (b'{"a": [1', "no JSON objects"),
}


@pytest.mark.parametrize(("data", "told"), BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_is_told_in_one_sentence(tmp_path, data, told):
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(Problem, match=told) as caught:
        _read(path)
    assert str(path) in str(caught.value)
    assert caught.value.code == 2


def test_a_file_that_is_not_there():
    with pytest.raises(Problem, match="There is no file"):
        _read(Path("/nowhere/at/all.csv"))


HEADERS = {
    "German": (
        "Kunden-Nr.;Vorname;Name;Straße;Hausnummer;PLZ;Ort;Land;Telefon;Handy;E-Mail",
        "reference first_name last_name street house_number postal_code city country phone mobile email",
    ),
    "Norwegian": (
        "Kundenummer;Fornavn;Etternavn;Adresse;Postnr;Poststed;Land;Mobil;E-post;Språk",
        "reference first_name last_name street postal_code city country mobile email language",
    ),
    "Polish": (
        "id;Imię;Nazwisko;Ulica;Kod pocztowy;Miasto;Kraj;Telefon;E-mail",
        "reference first_name last_name street postal_code city country phone email",
    ),
    "Portuguese": (
        "Cliente;Nome;Sobrenome;Endereço;CEP;Cidade;UF;País;Celular;E-mail",
        "reference first_name last_name street postal_code city area country mobile email",
    ),
    "French": (
        "Id;nom;prénom;adresse;code postal;ville;pays;portable;courriel",
        "reference last_name first_name street postal_code city country mobile email",
    ),
    "French with a number sign": ("N° client;Nom", "reference name"),
    "Spanish with a number sign": ("Nº de cliente;Correo electrónico", "reference email"),
    "Portuguese in full": ("Número do cliente;E-mail", "reference email"),
    "a shop": (
        "customer_id;billing_name;billing_street;billing_zip;billing_city;billing_country_code;e_mail_address;phone_1",
        "reference name street postal_code city country email phone",
    ),
}


@pytest.mark.parametrize(("header", "expected"), HEADERS.values(), ids=HEADERS)
def test_columns_are_recognised_in_many_languages(header, expected):
    names = header.split(";")
    found = columns.guess("customers", names)
    assert [
        next((ours for ours, theirs in found.items() if theirs == name), "") for name in names
    ] == expected.split()


def test_a_fax_is_no_phone():
    assert "phone" not in columns.guess("customers", ["id", "Fax", "Fax number"])


def test_half_a_surrogate_pair_costs_its_letter_and_nothing_else(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"name": "a\\ud800b", "\\udfff": {"x": ["\\ud83d\\ude00", "\\ud83d"]}}\n')

    frame = reading.read(path, is_header=lambda _: True).frame

    assert frame.to_dict(as_series=False) == {"name": ["a\ufffdb"], "\ufffd.x": ["\U0001f600, \ufffd"]}


@pytest.mark.parametrize("content", ["[" * 100_000, '[{"a":' * 50_000], ids=["lists", "objects"])
def test_json_that_goes_deeper_than_anybody_reads_is_refused(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content)

    with pytest.raises(Problem):
        reading.read(path, is_header=lambda _: True)


def test_objects_inside_of_objects_end_as_one_text(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a":' * 400 + "1" + "}" * 400 + "\n")

    assert reading.read(path, is_header=lambda _: True).frame.height == 1


def test_what_json_does_not_have_is_no_customer(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": NaN}\n{"id": 7}\n{"id": -Infinity}\n')

    sheet = reading.read(path, is_header=lambda _: True)

    assert sheet.frame["id"].to_list() == ["7"]
    assert [(one.row, one.rejected) for one in sheet.unread] == [(1, True), (3, True)]


def test_a_number_that_is_none_is_an_empty_cell_of_parquet(tmp_path):
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [1.0, 2.0], "size": [float("nan"), 0.5]}).write_parquet(path)

    assert reading.read(path, is_header=lambda _: True).frame["size"].to_list() == [None, "0.5"]


def test_a_name_that_the_header_has_twice_is_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,email,e-mail,email\n1,a@b.no,c@d.no,e@f.no\n")

    sheet = reading.read(path, is_header=lambda _: True)

    assert sheet.frame.columns == ["id", "email", "e-mail", "email (2)"]
    (told,) = sheet.unread
    assert (told.row, told.value, told.rejected) == (1, "email (2)", False)


def test_a_workbook_names_the_sheets_that_are_not_read(tmp_path):
    path = tmp_path / "a.xlsx"
    book = openpyxl.Workbook()
    for name, rows in {
        "Notes": [["Export of May"]],
        "Kunder": [["id", "navn"], ["1", "Ada"]],
        "Empty": [],
    }.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)

    told = _read(path).unread
    named = reading.read(path, is_header=lambda _: True, how=reading.Reading(sheet="Kunder"))

    assert [(one.value, one.rejected) for one in told] == [("Kunder", False)]
    assert (named.frame["navn"].to_list(), named.unread) == (["Ada"], ())


def test_a_pipe_is_refused_instead_of_losing_its_beginning(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    with pytest.raises(Problem, match="a pipe"):
        _read(tmp_path / "a.csv")


@pytest.mark.parametrize("whole", ["%s\n%s", "[%s,\n%s]"], ids=["lines", "a list"])
def test_a_row_that_names_a_key_twice_is_rejected(tmp_path, whole):
    path = tmp_path / "a.json"
    path.write_text(whole % ('{"reference": "1", "reference": "2"}', '{"reference": "3"}'))

    sheet = _read(path)

    assert sheet.frame["reference"].to_list() == ["3"]
    assert [(one.row, one.problem) for one in sheet.unread] == [(1, "the key 'reference' is in it twice")]
