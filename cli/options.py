"""Options that many commands have, each with what the help says of it; who has more to say uses a docstring instead."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(help="Print one JSON value.")]
Now = Annotated[str | None, Parameter(help="Business time, for rehearsals; default is the clock.")]
Out = Annotated[Path | None, Parameter(help="The outbox folder; default is the home's own.")]
