"""Writes the seeds of each fuzz target, from the vectors and examples of the checkout: seeds.py FOLDER"""

import hashlib
import io
import json
import pathlib
import sys
import tarfile
import zipfile

top = pathlib.Path(__file__).resolve().parent.parent
corpus = pathlib.Path(sys.argv[1])


def seed(target, text):
    """One file a seed, named by its content, so that a second run adds nothing."""
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    data = text if isinstance(text, bytes) else text.encode()
    (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


attacks = json.loads((top / "spec/vectors/jwt-attacks/attacks.json").read_text())
for test in attacks["tests"]:
    for target in ("license_token", "any_key"):
        seed(target, test["token"])
jwks = attacks["jwks"]
seed("jwks", json.dumps(jwks))
for key in jwks["keys"]:
    seed("jwks", json.dumps(key))
seed("trust_bundle", json.dumps(jwks))
seed("trust_bundle", (top / "examples/cluster-node/trust.pem").read_text())

keys = [{"jwk": key, "purposes": ["license", "lease"], "state": "active"} for key in jwks["keys"]]
keyset = {"iss": "a", "iat": 1767225600, "version": 2, "keys": keys}
seed("keyset", json.dumps(keyset))
seed("strict_json", json.dumps(keyset))
seed("strict_json", json.dumps(attacks["tests"][:2]))
seed("strict_json", r'{"a":[{"x":1,"y":-0.5e3}],"e\u0078p":null,"t":true}')

for line in ("license: a.b.c", "license: a.b.c\nkeyset: d.e.f\nrevocations: g\nreceipt: h"):
    seed("license_file", f"-----BEGIN LICENTIA LICENSE-----\n{line}\n-----END LICENTIA LICENSE-----\n")
seed("license_file", '{"LicenseKey":"MRR-xxxxx"}')
uuid = "550e8400-e29b-41d4-a716-446655440000"
for key in (f"TMWS-PRO-{uuid}-20301231-0123456789abcdef", "CAIO-v2-acme-eu-e30.AA", "BZZZ-2025-ABC123-XYZ"):
    seed("any_key", key)
for path in sorted((top / "examples/catalogs").glob("*.toml")):
    seed("catalog", path.read_text())
# RFC 8410 section 10.3, an example key.
pem = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC"
for label in ("PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY"):
    seed("private_key", f"-----BEGIN {label}-----\n{pem}\n-----END {label}-----\n")

registry = json.loads((top / "spec/vectors/registry-token/matrix.json").read_text())
for query in registry["client_queries_seen"]:
    seed("registry_scope", query)
for scope in ("repository:localhost:5000/acme/app:pull,push", "registry:catalog:* repository(plugin):b:pull&repository:a:"):
    seed("registry_scope", scope)
# A size of eight bytes, then the header.
for size, header in ((10, "bytes=0-0"), (10, "bytes=-3"), (1 << 40, "bytes=5-99999999999999999999999"), (0, "bytes=-1")):
    seed("range", size.to_bytes(8, "little") + header.encode())
for taken in ("app/run", "app/license.lic"):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.comment = b"a comment"
        archive.writestr(taken, "x" * 100)
    seed("archive", made.getvalue())
for mode in ("w", "w:gz"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as tape:
        tape.addfile(tarfile.TarInfo("app/run"))
    seed("archive", made.getvalue())
