"""A bad line: a proxy on loopback between a browser and the site, which can be slow, lossy or cut.

Loss is told apart from a cut: on TCP a lost packet shows as a stall until it is sent again, now and then
as a connection that breaks. Speed is that of each connection and direction. So of all pieces that pass, the given share waits for a retransmission's
time, and one in ten of those breaks its connection instead. Packets themselves are not dropped.
"""

import random
import socket
import threading
import time
from contextlib import suppress

PIECE = 4096
RETRANSMISSION_S = (0.2, 1.0)


class Line:
    """A port that leads to another port of this machine. `bits_per_s` 0: as fast as it goes."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.is_cut = False
        self.bits_per_s = 0
        self.loss = 0.0
        self._open: set[socket.socket] = set()
        self._stalled: set[socket.socket] = set()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the site is reached through it."""
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Every connection breaks, and none is made."""
        self.is_cut = True
        for one in list(self._open):
            _break(one)

    def stall(self) -> None:
        """What is connected now stays so and hears nothing any more; new connections are well."""
        self._stalled |= self._open

    def restore(self) -> None:
        """The line is there again."""
        self.is_cut = False

    def close(self) -> None:
        """For good."""
        self.cut()
        self._server.close()

    def _listen(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            if self.is_cut:
                _break(near)
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target), timeout=5)
            except OSError:
                _break(near)
                continue
            far.settimeout(None)
            self._open |= {near, far}
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while piece := one.recv(PIECE):
                if one in self._stalled:
                    continue
                if self.loss and random.random() < self.loss:
                    if random.random() < 0.1:
                        break
                    time.sleep(random.uniform(*RETRANSMISSION_S))
                if self.bits_per_s:
                    time.sleep(len(piece) * 8 / self.bits_per_s)
                other.sendall(piece)
        for end in (one, other):
            self._open.discard(end)
            _break(end)


def _break(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
