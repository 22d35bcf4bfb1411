// The big list of naughty strings in every text field: shown back, and inert.
import { api, base, browser, check, end, firstPassword, open, release, require } from "./harness.mjs";

const list = require("big-list-of-naughty-strings");
const strings = [...list, ...list.slice(0, 54).map((text) => `<b onmouseover=alert(1)>${text}</b>`)];
const [context, page] = await firstPassword();
const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["a"]\nlimits = { calls = 10 }\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const license = await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email: "ada@example.com" }) });
const customer = license.customer.id;

const webhook = await api("/v1/admin/webhooks", { method: "POST", body: JSON.stringify({ url: "http://127.0.0.1:9/" }) });
const out = await release({ product: "tool", version: "1.0.0" });

// Every form with a text field, as its page makes it.
const pages = ["/console/customers", `/console/customers/${customer}`, "/console/products", "/console/products/tool", "/console/products/tool/plans/basic", "/console/licenses", "/console/licenses/new", `/console/licenses/${license.id}/suspend`, `/console/licenses/${license.id}/transfer`, `/console/licenses/${license.id}/addons`, `/console/licenses/${license.id}/revoke`, "/console/decode", "/console/offline", "/console/simulate", "/console/usage", "/console/audit", "/console/operators", "/console/tokens", "/console/start", "/console/webhooks", `/console/webhooks/${webhook.id}`, "/console/releases", `/console/releases/${out.id}`, `/console/licenses/${license.id}/renewal-link`];
const forms = [];
for (const path of pages) {
  await page.goto(base + path);
  const found = await page.$$eval("main form", (all) => all.map((form) => ({
    action: form.getAttribute("action"),
    method: form.method,
    fields: [...new FormData(form)].map(([name, value]) => [name, String(value)]),
    texts: [...form.querySelectorAll("input:not([type]), input[type=text], input[type=search], input[type=url], textarea")].map((field) => field.name).filter((name) => name !== "confirm"),
  })));
  for (const form of found) if (form.texts.length > 0 && !forms.some((known) => known.action === form.action && known.method === form.method)) forms.push(form);
}
check(forms.length >= 23, `only ${forms.length} forms with text fields`);

// What a string did would show in here; a page in which nothing but our own runs holds no other script and no handler.
const window = await open({ storageState: await context.storageState(), statuses: [400, 404, 409, 412, 413, 422] });
const reader = await window.newPage();
reader.on("dialog", (dialog) => { check(false, `a dialog: ${dialog.message()}`); dialog.dismiss(); });
const inert = (where) => reader.evaluate(() => ({
  scripts: [...document.scripts].filter((script) => !script.src.startsWith(location.origin)).length,
  handlers: [...document.querySelectorAll("*")].filter((element) => element.getAttributeNames().some((name) => name.startsWith("on"))).length,
  foreign: [...document.querySelectorAll("[src], [href]")].filter((element) => /^(javascript|data|vbscript):/i.test((element.getAttribute("src") ?? element.getAttribute("href")).trim())).length,
  strange: document.querySelectorAll("main iframe, main object, main embed, main style, main base, main b[onmouseover], main marquee").length,
})).then((found) => check(Object.values(found).every((count) => count === 0), `${where}: ${JSON.stringify(found)}`));

// A window without our policy, where nothing is loaded.
const unguarded = await browser.newContext({ offline: true });
const bare = await unguarded.newPage();
bare.on("dialog", (dialog) => { check(false, `a dialog: ${dialog.message()}`); dialog.dismiss(); });
let answers = 0;
let shown = 0;
let sent = 0;
const statuses = new Map();
for (const form of forms) {
  for (const [place, text] of strings.entries()) {
    const fields = new URLSearchParams();
    for (const [name, value] of form.fields) if (!form.texts.includes(name) && name !== "once" && name !== "version") fields.append(name, value);
    for (const name of form.texts) fields.append(name, text);
    if (fields.has("email")) fields.set("email", `n${place}@example.com`);
    const url = `${base}${form.action}`;
    const answer = form.method === "get"
      ? await context.request.get(`${url}?${fields}`)
      : await context.request.post(url, { data: fields.toString(), headers: { "content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin" } });
    sent += 1;
    const status = answer.status();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    check(status < 500, `${status} for ${form.action} with ${JSON.stringify(text.slice(0, 60))}`);
    // The answer without its policy: what got through as markup would run here.
    if (/[<>"'&]/.test(text) && place % 4 === 0) {
      await bare.setContent(await answer.text());
      const found = await bare.evaluate(() => ({
        scripts: document.querySelectorAll("script:not([src^='/console/assets/console.js'])").length,
        handlers: [...document.querySelectorAll("*")].filter((element) => element.getAttributeNames().some((name) => name.startsWith("on"))).length,
        strange: document.querySelectorAll("iframe, object, embed, base, main style, main img, video").length,
      }));
      check(Object.values(found).every((count) => count === 0), `${form.action} with ${JSON.stringify(text)}: ${JSON.stringify(found)}`);
      answers += 1;
    }
  }
}
// What was kept, in the lists and pages that show it.
for (const path of ["/console/customers", "/console/customers?sort=created_at", "/console/licenses", "/console/tokens", "/console/audit", `/console/customers/${customer}`, `/console/licenses/${license.id}`, "/console/products", "/console/products/tool", "/console/operators", "/console/webhooks", `/console/webhooks/${webhook.id}`, "/console/releases", `/console/releases/${out.id}`]) {
  for (let next = path; next; ) {
    await reader.goto(base + next);
    await inert(next);
    shown += 1;
    const more = reader.locator("a[rel=next]");
    next = (await more.count()) && shown < 120 ? new URL(await more.first().getAttribute("href"), base + next).href.slice(base.length) : null;
  }
}
// A customer's name comes back letter by letter.
const kept = [];
for (let after = ""; after !== null; ) {
  const part = await api(`/v1/admin/customers?limit=1000${after ? `&after=${after}` : ""}`);
  kept.push(...part.items);
  after = part.next;
}
for (const one of kept.filter((one) => one.name).slice(0, 60)) {
  await reader.goto(`${base}/console/customers/${one.id}`);
  check((await reader.inputValue("#f-name")) === one.name, `the name ${JSON.stringify(one.name)} came back as another`);
  check((await reader.textContent("h1")).includes((one.organization ?? one.name).trim().slice(0, 40)), `the heading of ${one.id}`);
  await inert(`/console/customers/${one.id}`);
}
check(kept.length > 300, `only ${kept.length} customers were kept`);
console.log(`${strings.length} strings, ${forms.length} forms, ${sent} requests ${JSON.stringify([...statuses])}, ${answers} answers and ${shown} pages read`);
await end();
