"""The `tidings` command. Each command's module is imported only when it is called."""

import errno
import os
import signal
import sys
from getpass import getuser
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

from tidings.memory import keep_freed
from tidings.problem import Exit, Problem


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 unusable input, 3 some rows or documents rejected.

    A person never sees a traceback; `--debug` anywhere shows it.
    """
    signal.signal(signal.SIGTERM, _end)
    _have_a_name()
    keep_freed()
    if sys.stdout is None:  # whoever called us has closed it
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- until we end
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that has no such letter shows another, as do `ls` and `ps`.
        sys.stdout.reconfigure(errors="replace")
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    app = tidings(called=words[0] if words else "")
    try:
        try:
            code = app(words, exit_on_error=False, print_error=True, result_action="return_value")
        except SystemExit as ended:
            code = ended.code
        sys.stdout.flush()  # Python's own, on its way out, ends with 120 where a reader has seen enough
    except BaseException as error:
        if debug and not isinstance(error, CycloptsError):
            raise
        code = _told(error)
        _drop_the_rest()
        sys.exit(code)
    sys.exit(code if isinstance(code, int) else Exit.OK)


def _drop_the_rest() -> None:
    """Leave unsaid what cannot be written any more: Python would try once more on its way out, and end with 120."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Ended(BaseException):
    """The system asked us to end; what is open is closed on the way out, as after Ctrl-C."""


def _end(*_: object) -> None:
    raise Ended


def _have_a_name() -> None:
    """Call whoever has no name here, as a number in a container has none, by that number: actions are recorded."""
    try:
        getuser()
    except (KeyError, OSError):
        os.environ["LOGNAME"] = f"uid-{os.getuid()}"


DATABASE = {
    "ReadOnlySqlTransaction": "the database takes no writes now, as a standby",
    "DiskFull": "the database's disk is full",
    "TooManyConnections": "the database has no connection left",
    "OperationalError": "the database went away",
    "InterfaceError": "the database went away",
}
"""What passes, the closest first, by name, for this module does not import the driver."""


def _passing(error: BaseException) -> str:
    """Return what an error says of the database or the disk, '' where it is none that passes."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "the disk is full"
    kinds = [kind.__name__ for one in (getattr(error, "orig", None), error) for kind in type(one).__mro__]
    return next((said for name, said in DATABASE.items() if name in kinds), "")


def _refused(error: BaseException) -> str:
    """Return what an error says of a place or a word that was given, '' where it says nothing of them."""
    match error:
        case OSError(filename=str() as place):  # a home that is a file, another's, or read-only
            return f"{place} cannot be used: {error.strerror}."
        case UnicodeEncodeError():
            wrong = error.object[error.start : error.end]
            return f"{wrong!r} in a word or a file's name is not UTF-8; rename it."
    return ""


def _told(error: BaseException) -> int:
    """Say in one sentence what ended the command; return its exit code."""
    match error:
        case CycloptsError():  # has been printed
            return Exit.UNUSABLE
        case BrokenPipeError():  # whoever read our output has seen enough, as in `tidings runs list | head`
            return Exit.OK
        case Problem():
            said, code = str(error), int(error.code)
        case KeyboardInterrupt():
            said, code = "interrupted; nothing is half done, the same command goes on.", 130
        case Exception() if what := _passing(error):
            said, code = f"{what}; nothing is lost, the same command goes on.", Exit.FAILED
        case Exception() if what := _refused(error):
            said, code = what, Exit.UNUSABLE
        case Exception():
            what = (str(error).splitlines() or [""])[0]
            said = f"{type(error).__name__}: {what}. This is a fault of ours; --debug shows where."
            code = Exit.FAILED
        case _:  # SIGTERM; while a flow runs, Prefect raises an exception of its own for it
            said, code = "ended from outside; nothing is half done, the same command goes on.", 143
    print(f"tidings: {said}", file=sys.stderr)  # noqa: T201 -- the command line talks to a person
    return code


COMMANDS = (
    (
        "demo",
        "cli.demo:demo",
        "The main job with invented customers, in a folder of its own; nothing is sent.",
    ),
    ("init", "cli.setup:init", "Make a home: who you are, your brands, the signing key, the database."),
    ("check", "cli.setup:check", "Print each setting, where it came from, and what is wrong."),
    (
        "import",
        "cli.imports:app",
        "Bring in customers, addresses, consents, suppressions, history from any table.",
    ),
    ("move", "cli.move:move", "Move here from Amazon Pinpoint, Mautic or listmonk with their exports."),
    ("customers", "cli.customers:app", "Find customers, and those who are likely the same person."),
    ("segments", "cli.segments:app", "Saved rules over customers that campaigns name: list, count, save."),
    (
        "campaign",
        "cli.campaign:app",
        "Plan and send a campaign, rehearse it, or send a colleague one message of it.",
    ),
    ("invoices", "cli.invoices:app", "Send the invoices of a billing run, each the way its customer chose."),
    ("runs", "cli.runs:runs", "List runs, show the report of one."),
    ("release", "cli.runs:release", "Let a run send that waits for a second person."),
    ("pause", "cli.control:pause", "Let a run rest; every worker heeds it within a second."),
    ("resume", "cli.control:resume", "Let a paused run go on."),
    ("stop", "cli.control:stop", "End a run for good: what is unsent is cancelled."),
    (
        "deliver",
        "cli.runs:deliver",
        "Send what is due in any run: what waited for the morning, a cap, another try.",
    ),
    ("copy", "cli.runs:copy", "Send a message once more because a person asks for it."),
    ("missing", "cli.doubts:missing", "List who has not got a run's message, and why."),
    (
        "doubts",
        "cli.doubts:doubts",
        "List the messages of which nobody knows whether their provider has them.",
    ),
    ("settle", "cli.doubts:settle", "End doubts because you know; recorded with your name and reason."),
    (
        "calls",
        "cli.doubts:calls",
        "Customers to telephone, because no channel is left; close a call that was made.",
    ),
    (
        "registers",
        "cli.registers:app",
        "Registers of those who want no advertising: import a file, list what is due.",
    ),
    ("laws", "cli.laws:laws", "What laws ask of marketing, by country, each with its source."),
    ("gaps", "cli.gaps:gaps", "What customers asked for and could not have, why, and what it costs."),
    (
        "mismatches",
        "cli.mismatches:mismatches",
        "Who chose one channel and answers on another; ask which they mean.",
    ),
    ("explain", "cli.why:explain", "Say why a customer got a message on this channel, or none."),
    ("whatif", "cli.whatif:whatif", "Decide a past run under another policy: who would get it another way."),
    ("evaluate", "cli.evaluate:evaluate", "Judge a policy by what runs did and what came of it."),
    ("timeline", "cli.why:timeline", "Show everything that happened with a customer."),
    (
        "template",
        "cli.templates:app",
        "Begin, preview and compare templates, and check that all channels say the same.",
    ),
    ("letters", "cli.letters:app", "Say whether a PDF of somebody else may be printed for a country."),
    ("print", "cli.paper:app", "Batches at the print house: what it confirms, and what differs."),
    (
        "returned",
        "cli.paper:returned",
        "Take in letters that came back: a list, a scan, or one by its reference.",
    ),
    ("recall", "cli.paper:recall", "Take back a message that is not handed over yet."),
    ("find", "cli.coming:find", "Open what a short reference stands for: message, customer, run, document."),
    ("gather", "cli.coming:gather", "Take in what has come back: bounces, complaints, replies, receipts."),
    ("up", "cli.up:up", "Serve the web page and run what is due, until Ctrl-C."),
    (
        "workers",
        "cli.workers:workers",
        "Run what is due on several worker processes, on one machine or many.",
    ),
    ("alerts", "cli.alerts:alerts", "What somebody must hear of, now: circuits, doubts, late messages."),
    ("backup", "cli.backup:backup", "Write everything into one file, while sending goes on."),
    ("restore", "cli.backup:restore", "Bring a backup back; what may have left since becomes a doubt."),
    ("staff", "cli.staff:app", "People who log in to the pages, and their roles."),
    ("keys", "cli.keys:app", "Keys for other systems to use the API."),
    ("webhooks", "cli.webhooks:app", "Endpoints of other systems that hear of events."),
    ("audit", "cli.audit:app", "Who did what: list it, and prove that nobody changed it."),
    ("adopt", "cli.runs:adopt", "Say that a copied or restored database is the real one now."),
)


ALIASES = {"template": "templates"}
"""What a command was called in release 0.1.0."""


def tidings(*, called: str) -> App:
    """Build the command line; the command that is `called` tells its own help, with its example."""
    app = App(
        name="tidings",
        help="Each customer decides how a company reaches them. Start with `tidings demo`.",
        version=lambda: version("tidings"),
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,  # `main` says what an interrupted command left
        default_parameter=Parameter(negative=(), show_default=_worth_showing),
    )
    called = next((name for name, other in ALIASES.items() if other == called), called)
    for number, (name, place, summary) in enumerate(COMMANDS):
        alias = ALIASES.get(name)
        app.command(place, name=name, alias=alias, help=None if name == called else summary, sort_key=number)
    return app


def _worth_showing(default: object) -> str | None:
    """Return what the help shows of a default; that an option is off, or empty, goes without saying."""
    return None if default is None or default is False or default in ("", ()) else str(default)
