"""`tidings campaign`: run a campaign from its file."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from cli.instants import instant
from cli.options import By, Json, Now, Out, staff
from cli.output import console, print_example, print_json
from cli.progress import bar
from cli.rehearse import compare, rehearse
from cli.reports import show_report
from tidings.channel import Channel
from tidings.problem import Exit
from tidings.settings import Settings

app = App(name="campaign", help="Plan and send a campaign to the customers of its audience.")
app.command(rehearse)
app.command(compare)


@app.command
def run(
    file: Path,
    *,
    now: str | None = None,
    out: Out = None,
    rehearse: bool = False,
    by: By = None,
    json: bool = False,
) -> int:
    """Plan, render, send and report a campaign; run it again and only what is left is sent.

    Example: tidings campaign run autumn.toml --rehearse

    Parameters
    ----------
    file
        The campaign, as `tidings campaign example` prints one.
    now
        Business time, for example 2026-03-03T09:00:00Z; default is the clock.
    rehearse
        Do all but send.
    json
        Print one JSON object.
    """
    from flows.starting import started

    with started(Settings.read(), out=out, now=instant(now)) as shot:
        from work.campaign import open_campaign, read_campaign

        campaign = read_campaign(file)
        opened = open_campaign(
            shot.installation,
            campaign,
            shot.installation.policy,
            actor=staff(by),
            now=shot.desk.now(),
            rehearse=rehearse,
        )
        if opened.starts_later or opened.repeats:
            found = shot.report(opened.run)
        else:
            with bar(campaign.title or campaign.name) as progress:
                found = shot.run(opened.run, progress=progress)
        where = f"What was sent lies in {shot.outbox}." if shot.outbox and found["sent"] else ""
    show_report(found, json=json, where=where)
    if not json:
        _hints(opened.repeats, found)
        if opened.starts_later:
            console.print("Its start time has not come; it starts by itself while `tidings up` runs.")
    return Exit.OK


def _hints(repeats: str | None, found: dict[str, object]) -> None:
    if repeats:
        console.print(f"This edition was sent by run {repeats}; nothing is sent twice.")
    waiting = found["waiting"]
    if isinstance(waiting, dict) and "release" in waiting:
        console.print(f"A second person must release it: tidings release {found['run']} --by NAME")


@app.command(name="test")
def send_test(
    file: Path,
    *,
    to: str,
    channel: Channel = Channel.EMAIL,
    as_: Annotated[str | None, Parameter(name="--as")] = None,
    now: Now = None,
    out: Out = None,
    json: Json = False,
) -> int:
    """Send one message of a campaign to a colleague, as a real customer would get it. Nobody's history changes.

    Example: tidings campaign test autumn.toml --to ingrid@example.org --as C1042

    Parameters
    ----------
    file
        The campaign.
    to
        The colleague's address on that channel.
    channel
        email, sms or push.
    as_
        The customer whose message it is; default is the first of the audience.
    """
    from datetime import UTC, datetime

    from flows.desk import Desk
    from work.campaign import read_campaign
    from work.installation import opened
    from work.trial import send_trial

    campaign = read_campaign(file)
    moment = instant(now)
    with opened(Settings.read()) as installation:
        desk = Desk(installation=installation, out=out, fixed_now=moment)
        with desk.sender() as sender:
            trial = send_trial(
                sender,
                campaign,
                to=to,
                channel=channel,
                customer=as_,
                actor=staff(),
                now=moment or datetime.now(UTC),
            )
    if json:
        print_json({"message": trial.message, "state": trial.state, "detail": trial.detail})
    else:
        console.print(f"Test {trial.message}: {trial.state} {trial.detail}".rstrip(), markup=False)
    return Exit.OK if trial.state == "accepted" else Exit.FAILED


@app.command
def example(*, json: Json = False) -> int:
    """Print a complete campaign file with every key explained.

    Example: tidings campaign example > autumn.toml
    """
    from work.campaign import EXAMPLE

    print_example(EXAMPLE, json=json)
    return Exit.OK
