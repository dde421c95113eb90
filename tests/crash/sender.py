"""A sender in a process of its own: settles, sends everything that is due, ends. `python -m tests.crash.sender`."""

from flows.deliver import send_everything
from flows.desk import Desk
from tests.town import NOON
from tidings.settings import Settings
from work.installation import opened

if __name__ == "__main__":
    with opened(Settings.read()) as installation:
        send_everything(Desk(installation=installation, fixed_now=NOON))
