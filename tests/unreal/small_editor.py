"""An editor of one thread that speaks the protocol, badly if told to; knows nothing about scripts or assets.

Has the real one's habits: one read is one message, no answer to what it cannot read, one connection, pongs to
the group, an announcement it believes to know is ignored. Sockets only, none of the client's code, so that
the two check each other. What it saw is in `seen`.
"""

import json
import socket
import threading
import time
import uuid


class SmallEditor(threading.Thread):
    """Answers on a port until stopped. `answer(editor, stream, command message)` replaces the good answer."""

    def __init__(self, port, *, name="Game", root="/games/Game", answer=None, silent_pings=0,
                 ignored_opens=0, engine="5.6.0-1"):  # fmt: skip
        super().__init__(daemon=True)
        self.port, self.project, self.root, self.engine = port, name, root, engine
        self.node_id = uuid.uuid4().hex.upper()
        self.answer = answer or (lambda editor, stream, message: editor.reply(stream, message))
        self.silent_pings, self.ignored_opens = silent_pings, ignored_opens
        self.seen, self.commands = [], []
        self.connected_to = None
        self._stream = None
        self._stopping = threading.Event()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "SO_REUSEPORT"):
            self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.udp.bind(("0.0.0.0", port))
        group = socket.inet_aton("239.0.0.1") + socket.inet_aton("0.0.0.0")
        self.udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        self.udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)
        self.udp.settimeout(0.005)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self.join(5)
        self.disconnect()
        self.udp.close()

    def run(self):
        while not self._stopping.is_set():
            self._tick()

    def _tick(self):
        try:
            message = json.loads(self.udp.recv(65536))
            if message["source"] != self.node_id and message.get("dest") in (None, self.node_id):
                self._take(message)
        except (TimeoutError, ValueError, KeyError, TypeError):
            pass
        if self._stream is not None:
            try:
                raw = self._stream.recv(1 << 20)
            except (BlockingIOError, TimeoutError):
                return
            except OSError:
                raw = b""
            if raw:  # a closed connection is never noticed
                try:
                    message = json.loads(raw)
                except ValueError:
                    return
                self.commands.append(message)
                self.answer(self, self._stream, message)

    def _take(self, message):
        kind = message["type"]
        if kind != "pong":
            self.seen.append(message)
        if kind == "ping":
            self.silent_pings -= 1
            if self.silent_pings < 0:
                self.pong(message["source"])
        elif kind == "open_connection":
            self.ignored_opens -= 1
            if self.ignored_opens < 0:
                self._connect(message)
        elif kind == "close_connection" and self.connected_to and self.connected_to[0] == message["source"]:
            self.disconnect()

    def _connect(self, message):
        wanted = (message["source"], message["data"]["command_ip"], message["data"]["command_port"])
        if wanted == self.connected_to:
            return
        self.disconnect()
        self._stream = socket.create_connection(wanted[1:], timeout=2)
        self._stream.setblocking(False)
        self.connected_to = wanted

    def disconnect(self):
        if self._stream is not None:
            self._stream.close()
        self._stream = self.connected_to = None

    def seen_kinds(self):
        return [message["type"] for message in self.seen]

    # What it says

    def say(self, fields):
        """Anything at all to the group."""
        raw = fields if isinstance(fields, bytes) else json.dumps(fields, ensure_ascii=False).encode()
        self.udp.sendto(raw, ("239.0.0.1", self.port))

    def pong(self, dest, **changed):
        data = {"user": "artist", "machine": "ws1", "engine_version": self.engine, "engine_root": "/ue"}
        if self.project:
            data |= {"project_name": self.project, "project_root": self.root}
        fields = {"version": 1, "magic": "ue_py", "type": "pong", "source": self.node_id, "dest": dest}
        self.say(fields | {"data": data} | changed)

    def reply_bytes(self, message, *, success=True, result="None", output=(), data=None, **changed):
        reply = {"success": success, "command": message["data"]["command"], "result": result}
        reply["output"] = [{"type": kind, "output": text} for kind, text in output]
        fields = {"version": 1, "magic": "ue_py", "type": "command_result", "source": self.node_id}
        fields |= {"dest": message["source"], "data": reply | (data or {})} | changed
        return json.dumps(fields, ensure_ascii=False).encode()

    def reply(self, stream, message, **changed):
        send_in_pieces(stream, self.reply_bytes(message, **changed))


def send_in_pieces(stream, raw, size=1 << 20, pause=0.0):
    """Send all of it, `size` bytes at a time."""
    stream.setblocking(True)
    try:
        for start in range(0, len(raw), size):
            stream.sendall(raw[start : start + size])
            time.sleep(pause)
        stream.setblocking(False)
    except OSError:
        pass  # the client has hung up, as it should on some of this


def free_port_settings(port, **changed):
    """Settings of a client in a hurry."""
    from cstalk_ue.unreal import RemoteExecutionSettings

    return RemoteExecutionSettings(
        **{"group_port": port, "ping_seconds": 0.1, "connect_seconds": 30, "bind_address": "0.0.0.0"}
        | changed
    )
