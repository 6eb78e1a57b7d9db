"""An origin behind Holdfast: it holds /events and publishes what is posted to
/publish. Needs Python 3.8 or later, and no packages."""

import json
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import Request, urlopen

CONTROL = "http://127.0.0.1:5561/publish/"


def publish(channel, text):
    """Sends text as one event. As JSON it has no line breaks of its own."""
    content = f"data: {json.dumps(text)}\nid: {uuid.uuid4()}\n\n"
    item = {"channel": channel, "formats": {"http-stream": {"content": content}}}
    body = json.dumps({"items": [item]}).encode()
    urlopen(Request(CONTROL, body, {"Content-Type": "application/json"}), timeout=5).close()


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path != "/events":
            return self.answer(404)
        self.answer(
            200,
            b": welcome\n\n",
            {"Content-Type": "text/event-stream", "Grip-Hold": "stream", "Grip-Channel": "news"},
        )

    def do_POST(self):
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path != "/publish":
            return self.answer(404)
        try:
            publish("news", text)
        except OSError as error:
            return self.answer(502, f"{error}\n".encode())
        self.answer(200)

    def answer(self, status, body=b"", headers={}):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", 8000), Origin).serve_forever()
