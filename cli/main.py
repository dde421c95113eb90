"""The `tidings` command. Each command's module is imported only when it is called."""

import sys

from cyclopts import App, CycloptsError

from tidings.problem import Exit, Problem

app = App(
    name="tidings",
    help="Each customer decides how a company reaches them. Start with `tidings demo`.",
    version_flags=["--version"],
)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 unusable input, 3 some rows or documents rejected.

    A person never sees a traceback; `--debug` anywhere shows it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        code = app(words, exit_on_error=False, print_error=True, result_action="return_value")
    except CycloptsError:
        sys.exit(Exit.UNUSABLE)
    except Problem as problem:
        if debug:
            raise
        print(f"tidings: {problem}", file=sys.stderr)  # noqa: T201 -- the command line talks to a person
        sys.exit(problem.code)
    except KeyboardInterrupt:
        print("tidings: interrupted; nothing is half done, the same command goes on.", file=sys.stderr)  # noqa: T201
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        print(  # noqa: T201
            f"tidings: {type(error).__name__}: {error}. This is a fault of ours; --debug shows where.",
            file=sys.stderr,
        )
        sys.exit(Exit.FAILED)
    sys.exit(code if isinstance(code, int) else Exit.OK)


app.command("cli.imports:app", name="import")
app.command("cli.customers:app", name="customers")
app.command("cli.campaign:app", name="campaign")
app.command("cli.invoices:app", name="invoices")
app.command("cli.runs:release", name="release")
app.command("cli.runs:deliver", name="deliver")
app.command("cli.runs:runs", name="runs")
app.command("cli.runs:copy", name="copy")
app.command("cli.runs:adopt", name="adopt")
app.command("cli.why:explain", name="explain")
app.command("cli.why:timeline", name="timeline")
app.command("cli.templates:app", name="templates")
app.command("cli.setup:init", name="init")
app.command("cli.setup:check", name="check")
app.command("cli.keys:app", name="keys")
app.command("cli.demo:demo", name="demo")
app.command("cli.up:up", name="up")
