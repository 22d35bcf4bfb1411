// A receiver of webhooks on a free port, with the Standard Webhooks library of npm. Tells each call as a line of JSON.
// Usage: receiver.mjs NODE_MODULES; then a line of standard input a secret: from then on calls are checked with it.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { Webhook } = createRequire(`${process.argv[2]}/`)("standardwebhooks");
let secret = null;
const say = (line) => console.log(JSON.stringify(line));

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    let event;
    let verified = true;
    try {
      event = new Webhook(secret).verify(body, request.headers);
    } catch (error) {
      [event, verified] = [{ problem: error.message }, false];
    }
    const signatures = request.headers["webhook-signature"].split(" ").length;
    say({ verified, event, id: request.headers["webhook-id"], signatures, headers: request.headers, body });
    response.writeHead(verified ? 204 : 401).end();
  });
});
server.listen(0, "127.0.0.1", () => say({ listening: server.address().port }));
createInterface({ input: process.stdin }).on("line", (line) => {
  secret = line.trim();
  say({ secret: true });
});
