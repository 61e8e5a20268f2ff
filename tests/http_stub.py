"""A real HTTP server on loopback that gives prepared answers in turn: for what no fake should have to offer."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Reply:
    """One prepared answer."""

    status: int = 200
    body: bytes | str = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """Close the connection without an answer."""
    reset: bool = False
    """Reset the connection without an answer."""
    cut: int = 0
    """Promise this many bytes more than are sent."""
    interim: int = 0
    """Send this many interim responses (103) before."""
    raw: bytes | None = None
    """Send these bytes in place of a response, and close the connection."""
    drip: threading.Event | None = None
    """Send a piece of the body again and again, which no time-out between bytes notices, until the event is set."""


@dataclass
class Stub:
    """What the server was asked, and what it answers next; the last reply is repeated."""

    url: str
    replies: list[Reply]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)

    def next(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]


@contextmanager
def answering(*replies: Reply) -> Iterator[Stub]:
    """Serve ``replies`` in turn on a free port of loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            stub.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            stub.connections.add(self.client_address)
            reply = stub.next()
            if reply.reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if reply.reset or reply.drop:
                self.close_connection = True
                return
            if reply.raw is not None:
                self.wfile.write(reply.raw)
                self.close_connection = True
                return
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </>; rel=preload\r\n\r\n" * reply.interim)
            body = reply.body.encode() if isinstance(reply.body, str) else reply.body
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", "Content-Length": str(len(body) + reply.cut)}
            for name, value in {**headers, **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            while reply.drip is not None and not reply.drip.wait(0.005):
                self.wfile.write(b" ")
            self.wfile.write(body)
            self.close_connection = bool(reply.cut)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stub = Stub(f"http://127.0.0.1:{server.server_port}", list(replies))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def closed_port() -> int:
    """Return a port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
