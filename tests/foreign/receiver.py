"""A receiver of webhooks on a free port, with the Standard Webhooks library of PyPI. Tells each call as a line of JSON.

Usage: receiver.py [CERT KEY]; with a certificate it speaks TLS. Then a line of standard input a secret: from then on calls are checked with it.
"""

import json
import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

secret = None


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = Webhook(secret).verify(body, dict(self.headers))
            verified = True
        except WebhookVerificationError as error:
            event, verified = {"problem": str(error)}, False
        print(json.dumps({
            "verified": verified, "event": event, "id": self.headers["webhook-id"],
            "signatures": len(self.headers["webhook-signature"].split(" ")),
            "headers": {name.lower(): value for name, value in self.headers.items()}, "body": body.decode(),
        }), flush=True)
        self.send_response(204 if verified else 401)
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) == 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    # The handshake is the handler's thread's, so that a client who breaks it off stops nobody else.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(json.dumps({"listening": server.server_address[1]}), flush=True)
for line in sys.stdin:
    secret = line.strip()
    print(json.dumps({"secret": True}), flush=True)
