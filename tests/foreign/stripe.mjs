// Stripe's own library signs events: stripe.mjs NODE_MODULES, one {"payload", "secret", "timestamp"} a line; prints the
// header `Stripe-Signature` of each.

import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const { default: Stripe } = await import(pathToFileURL(`${process.argv[2]}/stripe/esm/stripe.esm.node.js`));

for await (const line of createInterface({ input: process.stdin })) {
  console.log(Stripe.webhooks.generateTestHeaderString(JSON.parse(line)));
}
