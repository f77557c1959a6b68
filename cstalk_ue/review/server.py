"""The review page with live tuning: a small server for one person on one machine.

    GET  /?token=...    the page
    GET  /line/3        payload of line 3           GET  /ghost/3   of the one it is compared with
    GET  /audio/2       sound 2; lines may share one
    POST /state         where tuning of a line starts; begins to encode it
    POST /tune          the line in another emotion
    POST /save          its emotion into the manifest

Bound to 127.0.0.1 only. Every request carries the token of this run (in a header, for the page in the
address); the Host header has to be ours, so that no other site reaches it through a name of its own; a POST
has to come from our own page. Lines are addressed by number and no path ever names a file.
"""

import hmac
import html
import json
import os
import re
import secrets
import socketserver
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cstalk_ue.emotion import EmotionTrack
from cstalk_ue.errors import CSTalkError
from cstalk_ue.review.tuning import SupersededError, TuningSession
from cstalk_ue.take import FacePerformance

ADDRESS = "127.0.0.1"
LARGEST_BODY = 64 * 1024
_PART_PATH = re.compile(r"/(line|ghost|audio)/([0-9]{1,9})")
_DIGITS = re.compile(r"[0-9]{1,9}")
_META_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"')
_BARE_POLICY = "default-src 'none'; frame-ancestors 'none'"


@dataclass(frozen=True)
class Site:
    """What the server shows, all made elsewhere.

    Attributes:
        page: token -> HTML; its policy is read from its own meta element.
        line: number of a line -> payload of the curves on disk.
        ghost: number of a line -> payload of what it is compared with, or None.
        audio: number of a sound -> media type and bytes, or None if there is none of that number.
        payload: number of a line, new curves and their emotion -> payload.
    """

    page: Callable[[str], str]
    line: Callable[[int], Mapping[str, Any]]
    ghost: Callable[[int], Mapping[str, Any] | None]
    audio: Callable[[int], tuple[str, bytes] | None]
    payload: Callable[[int, FacePerformance, EmotionTrack], Mapping[str, Any]]


class RequestError(Exception):
    """A request that is refused: status and one sentence for the client."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class ReviewServer(ThreadingHTTPServer):
    """One review, listening from construction on; `serve_forever` answers.

    Args:
        site: what is shown.
        session: what tunes.
        port: 0 for a free one.

    Raises:
        OSError: the port is taken.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    allow_reuse_address = os.name != "nt"  # on Windows it would let others take the port over

    def __init__(self, site: Site, session: TuningSession, *, port: int = 0) -> None:
        self.site, self.session = site, session
        self.token = secrets.token_urlsafe(24)
        super().__init__((ADDRESS, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the name lookup of the base class, which may ask the network."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        return f"http://{ADDRESS}:{self.server_port}/?token={self.token}"

    @property
    def hosts(self) -> tuple[str, str]:
        """The Host headers that a browser on this machine sends."""
        return (f"{ADDRESS}:{self.server_port}", f"localhost:{self.server_port}")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that hangs up is no error; the rest is told on standard error."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)

    def serve_until_stopped(self) -> None:
        """Answer until Ctrl-C, then free the port."""
        try:
            self.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass
        finally:
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: ReviewServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cstalk-ue", ""
    timeout = 60

    def do_GET(self) -> None:
        """The page, the payload of a line, the sound of a line."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """State, tune and save."""
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the address of the page holds the token."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Requests that the base class refuses by itself, such as unknown methods."""
        self._refuse(RequestError(HTTPStatus(code), f"{message or HTTPStatus(code).phrase}."))

    def _answer(self, work: Callable[[str, Mapping[str, list[str]]], None]) -> None:
        try:
            path, query = _taken_apart(self.path)
            self._check_sender(path, query)
            work(path, query)
        except RequestError as error:
            self._refuse(error)
        except SupersededError:
            self._send_json({"error": "A newer request for this line took over."}, HTTPStatus.CONFLICT)
        except CSTalkError as error:
            self._send_json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        except (ConnectionError, TimeoutError):
            raise  # nobody is there to be told
        except Exception as error:
            traceback.print_exc()
            told = f"The server met an unexpected {type(error).__name__}; its window says more."
            self._refuse(RequestError(HTTPStatus.INTERNAL_SERVER_ERROR, told))

    def _check_sender(self, path: str, query: Mapping[str, list[str]]) -> None:
        """Whoever asks knows the token and came by our own name."""
        hosts = self.headers.get_all("Host", [])
        if len(hosts) != 1 or hosts[0] not in self.server.hosts:
            raise RequestError(HTTPStatus.FORBIDDEN, "This server answers only under its own address.")
        tokens = self.headers.get_all("X-Review-Token", [])
        if path == "/" and self.command == "GET" and not tokens:
            tokens = query.get("token", [])
        mine = self.server.token.encode()
        if len(tokens) != 1 or not hmac.compare_digest(tokens[0].encode("utf-8", "replace"), mine):
            raise RequestError(
                HTTPStatus.FORBIDDEN,
                "The token is missing or of another run; open the address that was printed.",
            )

    def _get(self, path: str, query: Mapping[str, list[str]]) -> None:
        site = self.server.site
        found = _PART_PATH.fullmatch(path)
        if path == "/":
            page = site.page(self.server.token)
            meta = _META_POLICY.search(page)
            policy = (
                f"{html.unescape(meta[1]).rstrip('; ')}; frame-ancestors 'none'" if meta else _BARE_POLICY
            )
            self._send(page.encode("utf-8"), "text/html; charset=utf-8", policy=policy)
        elif found is None:
            raise RequestError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        elif found[1] == "audio":
            self._send_found(site.audio(int(found[2])))
        elif found[1] == "ghost":
            payload = site.ghost(self._line(int(found[2])))
            self._send_found(None if payload is None else ("application/json", _as_json(payload)))
        else:
            self._send_json(site.line(self._line(int(found[2]))))

    def _post(self, path: str, query: Mapping[str, list[str]]) -> None:
        started = time.perf_counter()
        work = {"/state": self._state, "/tune": self._tune, "/save": self._save}.get(path)
        if work is None:
            raise RequestError(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
        asked = self._body()
        answer = work(self._line(asked.get("line")), asked)
        milliseconds = round(1000 * (time.perf_counter() - started), 1)
        self._send_json({**answer, "milliseconds": milliseconds})

    def _state(self, line: int, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        state = asdict(self.server.session.state(line))
        return {**state, "manifest": str(self.server.session.manifest.resolve())}

    def _tune(self, line: int, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        emotion, intensity = _track(asked)
        face = self.server.session.regenerate(line, emotion, intensity)
        return self.server.site.payload(line, face, EmotionTrack.parse(emotion).scaled(intensity))

    def _save(self, line: int, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        session = self.server.session
        decision, note = (_text(asked, name, optional=True) for name in ("decision", "note"))
        had_row = session.save(line, *_track(asked), decision=decision, note=note)
        return {"manifest": str(session.manifest.resolve()), "updated": had_row}

    def _line(self, number: object) -> int:
        if not isinstance(number, int) or isinstance(number, bool):
            raise RequestError(HTTPStatus.BAD_REQUEST, "'line' has to be the number of a line.")
        if not 0 <= number < len(self.server.session.lines):
            raise RequestError(HTTPStatus.NOT_FOUND, f"There is no line {number} on this page.")
        return number

    def _body(self) -> dict[str, Any]:
        """The JSON object of a POST that our own page sent."""
        origins = self.headers.get_all("Origin", [])
        if len(origins) != 1 or origins[0] not in [f"http://{host}" for host in self.server.hosts]:
            raise RequestError(HTTPStatus.FORBIDDEN, "Only the review page itself may send this.")
        if self.headers.get_content_type() != "application/json":
            raise RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body has to be application/json.")
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or len(lengths) != 1 or not _DIGITS.fullmatch(lengths[0]):
            raise RequestError(HTTPStatus.LENGTH_REQUIRED, "The length of the body has to be given.")
        if int(lengths[0]) > LARGEST_BODY:
            raise RequestError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is over {LARGEST_BODY // 1024} KB."
            )
        data = self.rfile.read(int(lengths[0]))
        try:
            asked = json.loads(data)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise RequestError(HTTPStatus.BAD_REQUEST, "The body has to be one JSON object.")
        return asked

    def _refuse(self, error: RequestError) -> None:
        """Answer and hang up: what is left of the request was not read."""
        self.close_connection = True
        self._send_json({"error": error.message}, error.status)

    def _send_json(self, data: Mapping[str, Any], status: int = HTTPStatus.OK) -> None:
        self._send(_as_json(data), "application/json", status=status)

    def _send_found(self, part: tuple[str, bytes] | None) -> None:
        if part is None:
            raise RequestError(HTTPStatus.NOT_FOUND, "There is nothing of this number.")
        self._send(part[1], part[0])

    def _send(
        self, data: bytes, media_type: str, *, status: int = HTTPStatus.OK, policy: str = _BARE_POLICY
    ) -> None:
        self.send_response(status)
        for name, value in (
            ("Content-Type", media_type),
            ("Content-Length", str(len(data))),
            ("Content-Security-Policy", policy),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _as_json(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, allow_nan=False, separators=(",", ":")).encode("ascii")


def _taken_apart(address: str) -> tuple[str, dict[str, list[str]]]:
    """Path and query of a request; an address with a host in it is for a proxy, not for us."""
    try:
        parts = urlsplit(address)
        query = parse_qs(parts.query, max_num_fields=8)
    except ValueError:
        raise RequestError(HTTPStatus.BAD_REQUEST, "The address cannot be read.") from None
    if parts.scheme or parts.netloc or not address.startswith("/"):
        raise RequestError(HTTPStatus.BAD_REQUEST, "The address has to be a path on this server.")
    return parts.path, query


def _track(asked: Mapping[str, Any]) -> tuple[str, float]:
    """Emotion and intensity of a request."""
    intensity = asked.get("intensity", 1.0)
    if isinstance(intensity, bool) or not isinstance(intensity, int | float) or not 0 <= intensity <= 1:
        raise RequestError(HTTPStatus.BAD_REQUEST, "'intensity' has to be a number from 0 to 1.")
    return _text(asked, "emotion") or "", float(intensity)


def _text(asked: Mapping[str, Any], name: str, *, optional: bool = False) -> str | None:
    value = asked.get(name)
    if value is None and optional:
        return None
    if isinstance(value, str) and value.encode("utf-8", "replace").decode("utf-8") == value:
        return value
    raise RequestError(HTTPStatus.BAD_REQUEST, f"'{name}' has to be text.")
