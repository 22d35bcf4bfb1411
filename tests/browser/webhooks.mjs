// Webhooks: made, tried, searched, sent again, rotated, switched off and removed on their pages; a receiver checks each call.
import { createServer } from "node:http";
import { accessible, api, base, check, end, fill, firstPassword, open, require, same, send } from "./harness.mjs";

const { Webhook } = require("standardwebhooks");
const calls = [];
let status = 204;
const waiting = new Set();
const receiver = createServer((request, response) => {
  let body = "";
  request.on("data", (piece) => (body += piece));
  request.on("end", () => {
    calls.push({ headers: request.headers, body, event: JSON.parse(body) });
    response.writeHead(status).end();
    for (const look of waiting) look();
  });
});
await new Promise((listening) => receiver.listen(0, "127.0.0.1", listening));
const url = `http://127.0.0.1:${receiver.address().port}/hook`;
const called = (wanted) => new Promise((good, bad) => {
  const late = setTimeout(() => bad(new Error(`no call of ${wanted}`)), 30_000);
  const look = () => {
    const call = calls.find((one) => one.event.type === wanted && !one.seen);
    if (!call) return;
    call.seen = true;
    clearTimeout(late);
    waiting.delete(look);
    good(call);
  };
  waiting.add(look);
  look();
});
const settled = async (id, state) => {
  for (;;) {
    const job = await api(`/v1/admin/jobs/${id}`);
    if (job.state === state) return job;
    await new Promise((later) => setTimeout(later, 100));
  }
};

const [, page] = await firstPassword();
const go = (path) => page.goto(base + path);
const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["a"]\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });

// Made: its secret is shown once, and signs.
await go("/console/webhooks");
check(await page.getByText("No webhooks yet").isVisible(), "none yet");
await accessible(page, "webhooks, of which there are none");
await send(page, "/console/webhooks", { url, description: "books", event: "license.issued" });
const secret = (await page.textContent("pre")).trim();
check(secret.startsWith("whsec_"), "the secret is shown");
await accessible(page, "a webhook's secret");
const [made] = (await api("/v1/admin/webhooks")).items;
same([made.url, made.description, made.events, made.signing], [url, "books", ["license.issued"], "v1"], "the webhook");
await page.click("text=I have copied it");
check(!(await page.content()).includes(secret), "and not again");
const here = `/console/webhooks/${made.id}`;
check(await page.getByText("No deliveries").isVisible(), "nothing was sent");
await accessible(page, "a webhook without deliveries");

// Tried.
await send(page, `${here}/test`);
const job = page.url().match(/jobs\/([0-9a-f-]+)/)[1];
const tried = await called("webhook.test");
check(new Webhook(secret).verify(tried.body, tried.headers), "the secret that was shown signs");
await settled(job, "done");

// Told, searched, sent again.
const issued = [];
for (const email of ["ada@example.com", "bob@example.com"]) {
  issued.push(await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email }) }));
  await called("license.issued");
}
const told = (await api(`/v1/admin/jobs?license=${issued[0].id}&kind=webhook`)).items[0];
await settled(told.id, "done");
const filter = page.locator(`main form[method=get][action="${here}"]`);
const search = async (fields) => {
  await go(here);
  await fill(filter, fields);
  await Promise.all([page.waitForNavigation(), filter.locator("button[type=submit]").click()]);
  return page.locator("main section").first().locator("tbody tr").count();
};
same(await search({ license: issued[0].id }), 1, "found by licence");
same(await search({ event: "license.issued" }), 2, "by event");
same(await search({ state: "dead" }), 0, "by state");
await go(`${here}?event=license.issued`);
await accessible(page, "a webhook with deliveries");
await send(page, `/console/jobs/${told.id}/resend`);
const again = await called("license.issued");
same([again.headers["webhook-id"], again.event.data.license_id], [`msg_${told.id.replaceAll("-", "")}`, issued[0].id], "the same call once more");
same((await api("/v1/admin/audit?action=job.resend&limit=1")).items[0].actor, "operator:owner", "who sent it");

// Another secret; both sign for a day.
await go(here);
await send(page, `${here}/rotate`);
const next = (await page.textContent("pre")).trim();
check(next.startsWith("whsec_") && next !== secret, "another secret");
await go(here);
await send(page, `${here}/test`);
const both = await called("webhook.test");
for (const one of [secret, next]) check(new Webhook(one).verify(both.body, both.headers), "both sign");

// Changed, off and on.
await go(here);
const form = page.locator(`main form[action="${here}"][method=post]`);
await form.locator('[name=event][value="license.issued"]').uncheck();
await send(page, here, { description: "accounts", event: "license.suspended" });
same([(await api(`/v1/admin/webhooks/${made.id}`)).description, (await api(`/v1/admin/webhooks/${made.id}`)).events], ["accounts", ["license.suspended"]], "changed");
await send(page, `${here}/switch`);
check((await api(`/v1/admin/webhooks/${made.id}`)).disabled_at !== null, "off");
check(await page.getByText("What waited was given up").isVisible(), "and what that means");
await accessible(page, "a webhook that is off");
await send(page, `${here}/switch`);
same((await api(`/v1/admin/webhooks/${made.id}`)).disabled_at, null, "on");

// What is wrong is told where it was entered; nothing is removed by one press.
const wrong = await open({ storageState: await page.context().storageState(), statuses: [422] });
const other = await wrong.newPage();
await other.goto(base + here);
await send(other, here, { url: "https://user@example.com/" });
check((await other.textContent(".note.bad")).includes("without user or password"), "an address with a user is refused");
same(await other.inputValue("#f-url"), "https://user@example.com/", "what was entered is kept");
const csrf = await other.locator("main input[name=csrf]").first().inputValue();
const refused = await wrong.request.post(`${base}${here}/remove`, { form: { csrf, confirm: "no" }, headers: { origin: base } });
same([refused.status(), (await api("/v1/admin/webhooks")).items.length], [422, 1], "an unconfirmed removal");
await wrong.close();
await go(here);
await send(page, `${here}/remove`, { confirm: made.id.slice(-6) });
same((await api("/v1/admin/webhooks")).items, [], "removed");

// By Ed25519: a public key, which is no secret.
await send(page, "/console/webhooks", { url, signing: "v1a" });
check((await page.textContent("pre")).trim().startsWith("whpk_"), "a public key");
receiver.close();
receiver.closeAllConnections();
await end();
