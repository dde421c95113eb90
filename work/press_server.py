"""What the press's fork server imports before anything else: it and the workers it forks leave Ctrl-C to our program.

A terminal sends it to all of them; each would print a traceback beside the one sentence of ours.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
