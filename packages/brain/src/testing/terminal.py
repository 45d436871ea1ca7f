"""Plays the tour as a person would, on a pseudo-terminal: a message, another label than the one that was given, the end.
Prints what the terminal showed, without its control sequences, and ends with the exit code of the command."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

CONTROL = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]|\r")
STEPS = [
    (b"A message", b"the blue wire is nowhere to be found\r"),
    (b"Is that right?", b"\x1b[B\r"),  # the next label but the one that was given
    (b"again", None),
    (b"A message", b"\r"),
]

child, terminal = pty.fork()
if child == 0:
    os.environ["TERM"] = "xterm"
    os.execv(sys.argv[1], sys.argv[1:])

# A new terminal has no width, and then each letter gets a line of its own.
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
seen = b""
shown = b""
steps = list(STEPS)
end = time.monotonic() + float(os.environ.get("SECONDS_MAX", "60"))
while True:
    if time.monotonic() > end:
        os.kill(child, signal.SIGKILL)
        break
    if select.select([terminal], [], [], 0.2)[0]:
        try:
            new = os.read(terminal, 65536)
        except OSError:
            break
        if not new:
            break
        shown += new
        seen += new
        continue
    # Quiet for a moment: it waits for a key.
    if steps and steps[0][0] in CONTROL.sub(b"", seen):
        _, keys = steps.pop(0)
        if keys is not None:
            seen = b""
            os.write(terminal, keys)
sys.stdout.buffer.write(CONTROL.sub(b"", shown))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
