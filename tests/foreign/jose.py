"""PyJWT and cryptography on many licences at once: jose.py COMMAND ALG KEY, one licence a line.

verify, verify-v2: prints the `jti` of each licence that passes, verify-v1 its UUID; sign, sign-v2: makes one of each
line of claims, sign-v1 of each line `TIER:UUID:EXPIRY`.
"""

import base64
import hashlib
import hmac
import json
import sys

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

command, alg, path = sys.argv[1:]
pem = open(path, "rb").read()
if command.endswith("-v1"):
    key = pem
elif command.startswith("sign"):
    key = serialization.load_pem_private_key(pem, None)
else:
    key = serialization.load_pem_public_key(pem)
# What Ed25519 does by itself, RS256 is told.
scheme = () if alg == "EdDSA" else (padding.PKCS1v15(), hashes.SHA256())


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def tag(signed):
    return hmac.new(key, signed.encode(), hashlib.sha256).hexdigest()[:16]


for line in sys.stdin.read().split("\n"):
    if not line:
        continue
    if command == "verify":
        assert jwt.get_unverified_header(line)["typ"] == "license+jwt"
        print(jwt.decode(line, key, algorithms=[alg], audience="p")["jti"])
    elif command == "sign":
        print(jwt.encode(json.loads(line), key, algorithm=alg, headers={"typ": "license+jwt"}))
    elif command == "verify-v2":
        head, signature = line.rsplit(".", 1)
        # The customer of these has no dash: the payload is all behind the first.
        payload = decode(head.removeprefix("P-v2-").split("-", 1)[1])
        key.verify(decode(signature), payload, *scheme)
        print(json.loads(payload)["jti"])
    elif command == "sign-v2":
        customer = json.loads(line)["customer"]["id"]
        print(f"P-v2-{customer}-{encode(line.encode())}.{encode(key.sign(line.encode(), *scheme))}")
    elif command == "sign-v1":
        print(f"P-{line.replace(':', '-')}-{tag(line)}")
    elif command == "verify-v1":
        _, tier, *uuid, expiry, given = line.split("-")
        assert hmac.compare_digest(given, tag(f"{tier}:{'-'.join(uuid)}:{expiry}"))
        print("-".join(uuid))
