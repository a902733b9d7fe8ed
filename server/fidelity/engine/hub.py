"""What Docker Hub answers to somebody who is not logged in, for what its mirror doesn't have.

The daemon asks it under Docker Hub's own names, so its sentences are those that a learner would read at
home: an unknown repository and a push are denied, an unknown tag of an official image is unknown.
"""

import json
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

OFFICIAL = {"nginx", "ubuntu", "alpine", "redis", "python", "busybox", "hello-world"}
TOKEN = "https://auth.docker.io/token"


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        # What a client sends is read, or it would be taken for the next request.
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlparse(self.path)
        parts = url.path.strip("/").split("/")
        if parts[0] == "token":
            self.send(200, {"token": "nobody", "access_token": "nobody", "expires_in": 300})
        elif parts[:2] == ["v1", "search"]:
            self.search(parse_qs(url.query))
        elif parts[0] == "v2" and "Authorization" not in self.headers:
            self.unauthorized('service="registry.docker.io"')
        elif parts == ["v2"]:
            self.send(200, {})
        elif parts[0] == "v2" and parts[1] == "library" and parts[2] in OFFICIAL and self.command in ("GET", "HEAD"):
            self.send(404, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown", "detail": "unknown"}]})
        else:
            name = "/".join(parts[1:3])
            self.unauthorized(f'service="registry.docker.io",scope="repository:{name}:pull",error="insufficient_scope"')

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

    def search(self, query):
        term = query.get("q", [""])[0]
        limit = int(query.get("n", ["25"])[0])
        found = [
            {"name": name, "description": "", "is_official": True, "is_automated": False, "star_count": 0}
            for name in sorted(OFFICIAL)
            if term in name
        ][:limit]
        self.send(200, {"query": term, "num_results": len(found), "results": found})

    def unauthorized(self, challenge):
        errors = [{"code": "UNAUTHORIZED", "message": "authentication required", "detail": None}]
        self.send(401, {"errors": errors}, {"WWW-Authenticate": f'Bearer realm="{TOKEN}",{challenge}'})

    def send(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in dict(headers).items():
            self.send_header(name, text)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 443), Hub)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/hub/hub.crt", "/hub/hub.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
