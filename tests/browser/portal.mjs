// The customers' portal: what a customer sees and does, and what he cannot.
import { accessible, api, base, check, end, open, same, send, token } from "./harness.mjs";

const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 5\nfeatures = ["a"]\nlimits = { calls = 10 }\nquotas = { calls = { per = "month" } }\n
[[meter]]\nname = "calls"\nunit = "call"\nscale = 0\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const issue = (email) => api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email, organization: "Example", days: 30 }) });
const [own, other] = [await issue("ada@example.com"), await issue("eve@example.org")];
const activate = async (license, n) => (await (await fetch(`${base}/v1/license/activate`, {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ license_key: license.key, cluster_id: `cluster-${n}`, nonce: "a-nonce-of-16-letters", hostname: `host-${n}` }),
})).json()).activation_id;
const seats = [];
for (let n = 0; n < 4; n += 1) seats.push(await activate(own, n));
const strange = await activate(other, 9);
await api(`/v1/admin/licenses/${own.id}/suspend`, { method: "POST", body: JSON.stringify({ reason: "a word among operators" }) });
await api(`/v1/admin/licenses/${own.id}/resume`, { method: "POST", body: "" });

const context = await open({ statuses: [403, 404, 429] });
const page = await context.newPage();
await page.goto(`${base}/portal`);
check((await page.title()).endsWith("Acme GmbH") && (await page.textContent(".brand")).includes("Acme GmbH"), "the vendor's name");
same(await page.locator("button.primary").evaluate((button) => getComputedStyle(button).backgroundColor), "rgb(194, 24, 91)", "the vendor's colour");
same(await page.locator(".brand img.logo").evaluate((logo) => logo.complete && logo.naturalWidth > 0), true, "the vendor's logo");
await accessible(page, "the portal's log-in");
await page.fill("#f-key", "TOOL-AAAAA-AAAAA-AAAAA-AAAAA");
await page.click("main button[type=submit]");
check((await page.textContent(".note.bad")).includes("Unknown key"), "a key that nobody knows opens nothing");
await page.fill("#f-key", own.key);
await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
same(new URL(page.url()).pathname, "/portal/license", "the key opens its licence");
await accessible(page, "a licence in the portal");
const text = await page.textContent("main");
check(text.includes("host-0") && text.includes("4 taken of") && text.includes(own.id), "the licence and its seats");
check(!text.includes(other.id) && !text.includes("a word among operators"), "and nothing of others");
check(!(await page.content()).includes("/console/"), "no page leads to the operators");

// Three seats a day, with the reason.
for (const seat of seats.slice(0, 3)) {
  await send(page, `/portal/seats/${seat}/release`);
  same((await api(`/v1/admin/activations/${seat}`)).live, false, "a seat is freed");
}
await send(page, `/portal/seats/${seats[3]}/release`);
check((await page.textContent("main")).includes("Three seats of this licence were released within a day"), "the fourth is refused, and why");
check(await page.locator("main time").isVisible(), "and from when it may be");
await accessible(page, "the refusal");
same((await api(`/v1/admin/activations/${seats[3]}`)).live, true, "the fourth is held");
// Not a seat of somebody else, and not without the token of the page.
await page.goto(`${base}/portal/license`);
const csrf = await page.locator("input[name=csrf]").first().inputValue();
const post = (path, form) => context.request.post(base + path, { form, headers: { "sec-fetch-site": "same-origin" } });
same((await post(`/portal/seats/${strange}/release`, { csrf })).status(), 404, "another's seat is not there");
same((await post("/portal/license/renewal", { csrf: "x", message: "?" })).status(), 403, "without the token");
same((await context.request.post(`${base}/portal/license/renewal`, { form: { csrf }, headers: { "sec-fetch-site": "same-site" } })).status(), 403, "from a page elsewhere");
same((await api(`/v1/admin/activations/${strange}`)).live, true, "nothing of it happened");

// A renewal is asked for once a day; the vendor hears of it.
await page.fill("#f-message", "for <b>two</b> years, please");
await send(page, "/portal/license/renewal");
check((await page.textContent(".note.good")).includes("The vendor has been told"), "asked for");
await send(page, "/portal/license/renewal");
const asked = (await api(`/v1/admin/audit?action=license.renewal_requested`)).items;
same([asked.length, asked[0].actor, asked[0].origin, asked[0].personal.message], [1, "customer", "committed", "for <b>two</b> years, please"], "on record once");

// A token for docker login of his own, and not one of somebody else's.
await page.fill("#f-name", "our cluster");
await send(page, "/portal/license/pull-tokens");
check((await page.textContent("pre")).trim().length > 30, "the token is shown once");
await page.goto(`${base}/portal/license`);
const pulls = async (id) => (await api(`/v1/admin/licenses/${id}/pull-tokens`)).items;
await send(page, `/portal/license/pull-tokens/${(await pulls(own.id))[0].id}/revoke`);
check((await pulls(own.id))[0].revoked_at !== null, "and revoked");
await api(`/v1/admin/licenses/${other.id}/pull-tokens`, { method: "POST", body: JSON.stringify({ name: "theirs" }) });
const [theirs] = await pulls(other.id);
same((await post(`/portal/license/pull-tokens/${theirs.id}/revoke`, { csrf })).status(), 404, "another's token is not there");
same((await pulls(other.id))[0].revoked_at, null, "and opens what it did");

// What is taken along.
const load = async (path) => {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(`a[href="${path}"]`)]);
  return (await (await download.createReadStream()).toArray()).join("");
};
const data = JSON.parse(await load("/portal/data"));
same([data.license.id, data.license.customer.email, data.seats.length], [own.id, "ada@example.com", 4], "the data");
check(!JSON.stringify(data).includes("a word among operators") && !JSON.stringify(data).includes("operator:"), "without what is the operators'");
check((await load("/portal/license/file")).includes(own.key), "the licence file");

// In German; and out.
await page.getByRole("button", { name: "Deutsch" }).click();
await page.getByText("Um Verlängerung bitten").first().waitFor();
await page.getByRole("button", { name: "Abmelden" }).click();
await page.goto(`${base}/portal/license`);
same(new URL(page.url()).pathname, "/portal", "out is out");
// A visit is over when the licence goes to somebody else; and a made-up one never was.
await page.fill("#f-key", own.key);
await Promise.all([page.waitForNavigation(), page.click("main button[type=submit]")]);
await api(`/v1/admin/licenses/${own.id}/transfer`, { method: "POST", body: JSON.stringify({ email: "new@example.net" }) });
await page.goto(`${base}/portal/license`);
same(new URL(page.url()).pathname, "/portal", "the former customer is out");
const [visit] = (await context.cookies()).filter((cookie) => cookie.name === "__Host-licentia_portal");
const [payload, tag] = visit.value.split(".");
const forged = Buffer.from(Buffer.from(payload, "base64url").toString().replace(own.id, other.id)).toString("base64url");
for (const value of [`${forged}.${tag}`, `${payload}.`, "x", token]) {
  const answer = await fetch(`${base}/portal/license`, { headers: { cookie: `__Host-licentia_portal=${value}` }, redirect: "manual" });
  same(answer.status, 303, "a made-up visit opens nothing");
}
await end();
