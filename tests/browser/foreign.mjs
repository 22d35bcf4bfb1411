// A page on another origin fires every route that changes something, with the session's cookie at hand: nothing changes.
import { createServer } from "node:http";
import { api, base, browser, check, end, firstPassword, release, same } from "./harness.mjs";

const [context, page] = await firstPassword();
const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["a"]\ndistribution = { channels = ["stable"] }\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const license = await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email: "ada@example.com", trial: true, days: 9 }) });
await fetch(`${base}/v1/license/activate`, {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ license_key: license.key, cluster_id: "cluster-1", nonce: "a-nonce-of-16-letters" }),
});
const webhook = await api("/v1/admin/webhooks", { method: "POST", body: JSON.stringify({ url: "http://127.0.0.1:9/" }) });
await release({ product: "tool", version: "1.0.0", files: { "tool-1.0.0.zip": "bytes" } });
await release({ product: "tool", version: "1.1.0", draft: true, files: { "tool-1.1.0.zip": "bytes" } });
const given = await api(`/v1/admin/webhooks/${webhook.id}/test`, { method: "POST", body: "" });
await api("/v1/admin/operators", { method: "POST", body: JSON.stringify({ name: "sue", role: "support" }) });

// Every form there is, as its page would send it, but for the token that only its page knows.
const forms = new Map();
const seen = new Set();
const queue = ["/console", "/console/start"];
while (queue.length > 0) {
  const path = queue.shift();
  // What differs by an id alone is the same page; of releases each has other forms.
  const kind = path.startsWith("/console/releases/") ? path : path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id").replace(/keys\/[^/?]+\//, "keys/:kid/");
  if (seen.has(kind)) continue;
  seen.add(kind);
  await page.goto(base + path);
  const found = await page.$$eval("form[method=post]", (all) => all.map((form) => [new URL(form.action).pathname, [...new FormData(form)].filter(([name]) => name !== "csrf")]));
  for (const [action, fields] of found) forms.set(action, Object.fromEntries(fields));
  for (const href of await page.$$eval("a[href^='/console']:not([download])", (links) => links.map((link) => link.getAttribute("href")))) queue.push(href.split("?")[0]);
}
forms.delete("/console/language");
// That they are there is what the rest of this is worth.
for (const wanted of [/webhooks\/[^/]+$/, /webhooks\/.*\/(switch|rotate|test|remove)$/, /releases\/.*\/publish$/, /releases\/.*\/yank$/, /artifacts\/.*\/remove$/, /licenses\/.*\/downloads\//, /licenses\/.*\/renewal-link$/]) {
  check([...forms.keys()].some((action) => wanted.test(action)), `no form goes to ${wanted}`);
}
check(forms.size >= 30, `only ${forms.size} forms: ${[...forms.keys()].join(" ")}`);
forms.set("/console/licenses/bulk", { act: "suspend", id: license.id });
forms.set(`/console/jobs/${given.id}/resend`, {});
const confirmed = (action) => {
  if (action.endsWith("/revoke")) return license.id.slice(-6);
  if (action.endsWith("/yank")) return "1.0.0";
  return action.startsWith("/console/webhooks/") ? webhook.id.slice(-6) : "sue";
};

const document = await api("/openapi.json");
const routes = [];
for (const [path, item] of Object.entries(document.paths)) {
  if (!path.startsWith("/v1/admin/")) continue;
  for (const method of ["post", "put", "patch", "delete"]) if (item[method]) routes.push([method.toUpperCase(), path.replaceAll("{id}", license.id).replaceAll(/\{[^}]+\}/g, "tool")]);
}
check(routes.length >= 30, `only ${routes.length} routes of the API`);

const lists = ["licenses", "products", "plans", "customers", "activations", "keys", "operators", "tokens", "sessions", "webhooks", "releases"];
const all = async () => JSON.stringify([await Promise.all(lists.map((list) => api(`/v1/admin/${list}?limit=1000`))), await api("/v1/admin/audit?limit=1000")], (name, value) => (name === "last_used_at" ? undefined : value));
const before = await all();

// The same host on another port: the same site, so that even a strict cookie is sent.
const elsewhere = createServer((_, answer) => answer.setHeader("content-type", "text/html").end("<!doctype html><title>elsewhere</title>"));
await new Promise((listening) => elsewhere.listen(0, "127.0.0.1", listening));
const foreign = `http://127.0.0.1:${elsewhere.address().port}`;
const state = await context.storageState();
const window = await browser.newContext({ storageState: state });
const evil = await window.newPage();
const sent = [];
let fired = 0;
window.on("request", (request) => { if (request.method() !== "GET" && request.url().startsWith(base)) fired += 1; });
// What a script elsewhere may not even know the answer of is not among these.
window.on("response", (response) => { if (response.request().method() !== "GET") sent.push([response.request().method(), new URL(response.url()).pathname, response.status(), response.request()]); });
await evil.goto(foreign);
for (const [action, fields] of forms) {
  const body = new URLSearchParams({ ...fields, confirm: confirmed(action) }).toString();
  await evil.evaluate(([url, text]) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include", headers: { "content-type": "application/x-www-form-urlencoded" }, body: text }).catch(() => {}), [base + action, body]);
}
for (const [method, path] of routes) {
  await evil.evaluate(([url, verb]) => fetch(url, { method: verb, mode: verb === "POST" ? "no-cors" : "cors", credentials: "include", body: "{}" }).catch(() => {}), [base + path, method]);
}
// And as a form that takes the whole window along.
for (const [action, fields] of forms) {
  await evil.goto(foreign);
  await Promise.all([
    evil.waitForNavigation(),
    evil.evaluate(([url, all]) => {
      const form = document.createElement("form");
      form.method = "post";
      form.action = url;
      for (const [name, value] of Object.entries(all)) {
        const field = document.createElement("input");
        field.name = name;
        field.value = value;
        form.append(field);
      }
      document.body.append(form);
      form.submit();
    }, [base + action, { ...fields, confirm: confirmed(action) }]),
  ]);
}
for (const [method, path, status] of sent) check(status >= 400, `${method} ${path} was answered ${status}`);
check(fired >= forms.size * 2 + routes.length, `only ${fired} requests were sent`);
const whole = sent.filter(([, , , request]) => request.isNavigationRequest());
check(whole.length === forms.size, `only ${whole.length} forms took the window along`);
const withCookie = await Promise.all(whole.map(async ([, , , request]) => "cookie" in (await request.allHeaders())));
check(withCookie.every(Boolean), "the cookie went along, or this test shows nothing");
same(await all(), before, "what there is");
// Neither can it show a page of ours in a frame.
await evil.goto(foreign);
await evil.evaluate((url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  document.body.append(frame);
}, `${base}/console`);
await evil.waitForTimeout(300);
check(evil.frames().every((frame) => !frame.url().startsWith(base)), "no page of ours is framed");
console.log(`${forms.size} forms, ${routes.length} routes, ${fired} requests`);
elsewhere.close();
await end();
