// jose and Node's own cryptography on many licences at once: jose.mjs NODE_MODULES COMMAND ALG KEY, one licence a
// line. verify, verify-v2 print the `jti` of each licence that passes, verify-v1 its UUID; sign, sign-v2 make one of
// each line of claims, sign-v1 of each line `TIER:UUID:EXPIRY`.

import { createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, command, alg, path] = process.argv.slice(2);
const jose = await import(pathToFileURL(`${modules}/jose/dist/webapi/index.js`));
const text = readFileSync(path, "utf8");
// What Ed25519 does by itself, RS256 is told.
const digest = alg === "EdDSA" ? null : "sha256";

const tag = (signed) => createHmac("sha256", text).update(signed).digest("hex").slice(0, 16);

const commands = {
  sign: async () => {
    const key = await jose.importPKCS8(text, alg);
    const header = { alg, typ: "license+jwt" };
    return (line) => new jose.CompactSign(Buffer.from(line)).setProtectedHeader(header).sign(key);
  },
  verify: async () => {
    const key = await jose.importSPKI(text, alg);
    const options = { algorithms: [alg], typ: "license+jwt", audience: "p" };
    return async (line) => (await jose.jwtVerify(line, key, options)).payload.jti;
  },
  "sign-v2": () => {
    const key = createPrivateKey(text);
    return (line) => {
      const customer = JSON.parse(line).customer.id;
      const payload = Buffer.from(line);
      return `P-v2-${customer}-${payload.toString("base64url")}.${sign(digest, payload, key).toString("base64url")}`;
    };
  },
  "verify-v2": () => {
    const key = createPublicKey(text);
    return (line) => {
      // The customer of these has no dash: the payload is all behind the first.
      const [, payload, signature] = /^P-v2-[^-]+-([^.]+)\.(.+)$/.exec(line);
      const bytes = Buffer.from(payload, "base64url");
      if (!verify(digest, bytes, key, Buffer.from(signature, "base64url"))) throw new Error(line);
      return JSON.parse(bytes).jti;
    };
  },
  "sign-v1": () => (line) => `P-${line.replaceAll(":", "-")}-${tag(line)}`,
  "verify-v1": () => (line) => {
    const [, tier, id, expiry, given] = /^P-([^-]+)-(.{36})-([^-]+)-([0-9a-f]{16})$/.exec(line);
    const wanted = tag(`${tier}:${id}:${expiry}`);
    if (!timingSafeEqual(Buffer.from(given), Buffer.from(wanted))) throw new Error(line);
    return id;
  },
};

const work = await commands[command]();
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  console.log(await work(line));
}
