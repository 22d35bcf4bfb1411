// An OpenID provider: `oidc-provider` of npm, which is certified. Prints its issuer; ends with its standard input.
// `POST /configure` says where the console is, and how it is to behave.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { generateKeyPairSync } from "node:crypto";

const require = createRequire(`${process.argv[2]}/`);
const { Provider } = await import(require.resolve("oidc-provider"));
const { exportJWK } = await import(require.resolve("jose"));

const jwk = async (kid, alg, [kind, options]) => ({ ...(await exportJWK(generateKeyPairSync(kind, options).privateKey)), kid, alg, use: "sig" });
const RSA = ["rsa", { modulusLength: 2048 }];
const EC = ["ec", { namedCurve: "P-256" }];
let serve = (_, answer) => answer.writeHead(503).end();
let round = 0;

// People by their log-in; those who have not shown that an address is theirs are `unverified`.
const account = (_, id) => ({
  accountId: id,
  claims: () => ({ sub: id, email: id, email_verified: !id.startsWith("unverified") }),
});

async function configure({ console: place, alg, inToken }) {
  round += 1;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "licentia", client_secret: "a secret: of the+test", redirect_uris: [`${place}/console/oidc/callback`],
      grant_types: ["authorization_code"], response_types: ["code"], id_token_signed_response_alg: alg,
    }],
    // New ones each time, as after a rotation.
    jwks: { keys: [await jwk(`r${round}`, "RS256", RSA), await jwk(`e${round}`, "ES256", EC)] },
    claims: { openid: ["sub"], email: ["email", "email_verified"] },
    conformIdTokenClaims: !inToken,
    findAccount: account,
    pkce: { required: () => true },
    cookies: { keys: ["a key of the test"] },
  });
  serve = provider.callback();
}

const server = createServer((request, answer) => {
  if (request.method !== "POST" || request.url !== "/configure") return serve(request, answer);
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => configure(JSON.parse(body)).then(() => answer.end("done"), (error) => answer.writeHead(500).end(String(error))));
});
await new Promise((listening) => server.listen(0, "localhost", listening));
const issuer = `http://localhost:${server.address().port}`;
console.log(issuer);
// It tells much that nobody reads.
console.info = console.warn = console.log = () => {};
process.stdin.on("end", () => process.exit(0)).resume();
