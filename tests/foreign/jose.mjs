// jose on many licences at once: jose.mjs NODE_MODULES COMMAND ALG KEY.pem, one licence a line.
// verify prints the `jti` of each licence that passes, sign makes one of each line of claims.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [modules, command, alg, path] = process.argv.slice(2);
const jose = await import(pathToFileURL(`${modules}/jose/dist/webapi/index.js`));

const pem = readFileSync(path, "utf8");
const sign = command === "sign";
const key = await (sign ? jose.importPKCS8(pem, alg) : jose.importSPKI(pem, alg));
for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  if (sign) {
    const header = { alg, typ: "license+jwt" };
    console.log(await new jose.CompactSign(Buffer.from(line)).setProtectedHeader(header).sign(key));
  } else {
    const options = { algorithms: [alg], typ: "license+jwt", audience: "p" };
    console.log((await jose.jwtVerify(line, key, options)).payload.jti);
  }
}
