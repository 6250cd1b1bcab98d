"""What the stand-ins' admin APIs have in common: the part of their programs that answers in JSON."""

from __future__ import annotations

ANSWERING = """class Answering(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, value, code=200):
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""
