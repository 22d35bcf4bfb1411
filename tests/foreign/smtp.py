"""A mail server on a free port, or the one that is given: aiosmtpd. Tells each message it took as a line of JSON.

Usage: smtp.py '{"security": "none"|"starttls"|"tls", "cert": PEM, "key": PEM, "user": U, "password": P, "port": N}'
"""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

told = json.loads(sys.argv[1])
security = told.get("security", "none")
context = None
if security != "none":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(told["cert"], told["key"])


def say(line):
    print(json.dumps(line), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        # A mailbox that is gone, and one that is full for now.
        if address.startswith("gone@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("full@"):
            return "452 4.2.2 the mailbox is full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        defects = [str(d) for part in message.walk() for d in part.defects]
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        encrypted = session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None
        say({
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": encrypted,
            "authenticated": session.authenticated, "defects": defects,
            "headers": {name: str(value) for name, value in message.items()},
            "text": text and text.get_content(), "html": html and html.get_content(),
            "attachments": [{"name": part.get_filename(), "type": part.get_content_type(),
                             "text": part.get_content().decode()} for part in message.iter_attachments()],
        })
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login.decode() == told["user"] \
        and data.password.decode() == told["password"]
    return AuthResult(success=good)


def session():
    options = {}
    if told.get("user"):
        options = {"authenticator": authenticate, "auth_required": True,
                   "auth_require_tls": security == "starttls"}
    if security == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    return SMTP(Handler(), hostname="localhost", **options)


async def main():
    loop = asyncio.get_running_loop()
    implicit = context if security == "tls" else None
    server = await loop.create_server(session, "127.0.0.1", told.get("port", 0), ssl=implicit)
    say({"listening": server.sockets[0].getsockname()[1]})
    await asyncio.Event().wait()


asyncio.run(main())
