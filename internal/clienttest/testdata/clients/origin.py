"""An origin made with gripcontrol: what origin.mjs is for serve-grip, as far as the
library goes. It listens on the socket that it is started with. GRIP_URL says where
it publishes and by which key it knows the proxy."""

import json
import os
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import gripcontrol as grip
from pubcontrol import Item

CONFIG = grip.parse_grip_uri(os.environ["GRIP_URL"])
PUBLISHER = grip.GripPubControl(CONFIG)


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        url = urlsplit(self.path)
        self.query = dict(parse_qsl(url.query))
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.signed = grip.validate_sig(self.headers.get("Grip-Sig", ""), CONFIG["verify_key"], CONFIG["verify_iss"])
        if "Grip-Sig" not in self.headers:
            return self.answer(501, {}, "Not Implemented.\n")
        return getattr(self, url.path[1:])()

    do_GET = do_POST = handle_one

    def answer(self, status, headers, body):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def channel(self):
        return grip.Channel(self.query["channel"], self.query.get("prev"))

    def signature(self):
        verdict = {"isProxied": True, "isSigned": self.signed, "verdict": self.signed}
        self.answer(200, {"Content-Type": "application/json"}, json.dumps(verdict))

    # Instructions in headers, which the library helps with as far as channels go.

    def stream(self):
        self.answer(200, {
            "Content-Type": "text/event-stream; charset=utf-8",
            "Grip-Hold": "stream",
            "Grip-Channel": grip.create_grip_channel_header(self.channel()),
            "Grip-Keep-Alive": ":\\n\\n; format=cstring; timeout=1",
        }, ": open\n\n")

    def poll(self):
        status, body = 200, "nothing new\n"
        if self.headers.get("If-None-Match") == '"v1"':
            status, body = 304, ""
        self.answer(status, {
            "ETag": '"v1"',
            "Grip-Hold": "response",
            "Grip-Timeout": "5",
            "Grip-Channel": grip.create_grip_channel_header(self.channel()),
        }, body)

    # Instructions in JSON.

    def instruct(self):
        response = grip.Response(200, "Fine", {"Content-Type": "text/plain"}, b"\xff: bytes\n")
        hold = grip.create_hold_stream if self.query["hold"] == "stream" else grip.create_hold_response
        self.answer(200, {"Content-Type": "application/grip-instruct"}, hold(self.channel(), response))

    def ws(self):
        events = grip.decode_websocket_events(self.body)
        ws = grip.WebSocketContext(self.headers["Connection-Id"], {"said": self.headers.get("Meta-Said", "0")}, events)
        headers = {"Content-Type": "application/websocket-events"}
        if ws.is_opening():
            ws.accept()
            ws.subscribe(self.query["channel"])
            headers["Sec-WebSocket-Extensions"] = "grip"
        try:
            while ws.can_recv() and not ws.closed:
                self.say(ws)
        except OSError:  # DISCONNECT
            return self.answer(200, headers, b"")
        headers["Set-Meta-Said"] = ws.meta["said"]
        out = [grip.WebSocketEvent("OPEN")] if ws.accepted else []
        out += ws.out_events
        if ws.closed:
            out.append(grip.WebSocketEvent("CLOSE", ws.out_close_code.to_bytes(2, "big")))
        self.answer(200, headers, grip.encode_websocket_events(out))

    # As in origin.mjs.
    def say(self, ws):
        message = ws.recv()
        if message is None:
            return ws.close()
        ws.meta["said"] = str(int(ws.meta["said"]) + 1)
        if message == "bye":
            return ws.close(4000)
        return ws.send(ws.meta["said"] + ": " + message)

    # Publishes by the library's thread, several items in a request.
    def publish(self):
        for text, id, prev in json.loads(self.body):
            PUBLISHER.publish(self.query["channel"], grip_item(text, id, prev))
        PUBLISHER.wait_all_sent()
        self.answer(200, {}, "published\n")

    def log_message(self, *_):
        pass


def grip_item(text, id, prev):
    if text == "":
        return Item(grip.HttpStreamFormat(close=True), id, prev or None)
    return Item([
        grip.HttpStreamFormat("data: %s\nid: %s\n\n" % (text, id)),
        grip.WebSocketMessageFormat(text),
        grip.HttpResponseFormat(201, "Made", {"X-Id": id}, text),
    ], id, prev or None)


server = ThreadingHTTPServer(("", 0), Origin, bind_and_activate=False)
server.socket.close()
server.socket = socket.socket(fileno=3)
server.socket.listen()
print(json.dumps({"serving": True}), flush=True)
server.serve_forever()
