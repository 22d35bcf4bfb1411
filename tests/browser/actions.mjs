// Each thing that can be done, done through its page, and looked up in the API.
import { accessible, api, check, code, end, fill, firstPassword, logIn, open, same, send, PASSWORD, base } from "./harness.mjs";

const [context, page] = await firstPassword();
const go = (path) => page.goto(base + path);
const license = (id) => api(`/v1/admin/licenses/${id}`);
const trail = async (action) => (await api(`/v1/admin/audit?action=${action}&limit=1`)).items[0];

// First run: from nothing to a licence on one page.
check(await page.getByText("Welcome to your licensing authority").isVisible(), "an empty authority welcomes");
await page.click("text=Set up your first licence");
await send(page, "/console/start", {
  name: "Acme Studio", code: "acme", enforcement: "degrade", plan: "pro", seats: 3, features: "export, reports",
  email: "ada@example.com", organization: "Example Ltd", days: 30,
});
const start = await page.textContent("main");
check(start.includes('Guard::builder("acme", TRUST)') && start.includes('guard.ensure("export")'), "the code to paste is shown");
await accessible(page, "the end of the first run");
const first = (await api("/v1/admin/licenses")).items[0];
same([first.product, first.plan, first.seats, first.features], ["acme", "pro", 3, ["export", "reports"]], "the first licence");
same(first.customer.email, "ada@example.com", "its customer");

// Products, plans, the matrix, a catalogue.
await go("/console/products");
await send(page, "/console/products-import", {
  catalog: `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["a"]\nlimits = { calls = 10 }\ntrial = "14d"\n
[[plan]]\ncode = "max"\ntier = "MAX"\nrank = 2\nseats = 5\nfeatures = ["a", "b"]\nlimits = { calls = "unlimited" }\n`,
});
check(page.url().endsWith("/console/products/tool?done=imported"), `an import leads to its product: ${page.url()}`);
await page.locator('[name="feature:basic"][value="b"]').check();
await send(page, "/console/products/tool/matrix", {
  "seats:basic": 4, "limit:basic:calls": "∞", new_feature: "c", "new_feature:max": true, new_limit: "users", "new_limit:max": 7,
});
const plans = Object.fromEntries((await api("/v1/admin/plans?product=tool")).items.map((plan) => [plan.code, plan]));
same([plans.basic.seats, plans.basic.features, plans.basic.limits], [4, ["a", "b"], { calls: null }], "the column basic");
same([plans.max.seats, plans.max.features, plans.max.limits], [5, ["a", "b", "c"], { calls: null, users: 7 }], "the column max");
await send(page, "/console/products/tool", { name: "Tool II", heartbeat_s: 600, meters: "calls, call, 0\nhours, h, 3" });
const tool = await api("/v1/admin/products/tool");
same([tool.name, tool.heartbeat_interval_s, tool.meters.length], ["Tool II", 600, 2], "the product");
await send(page, "/console/products/tool/plans", { code: "team", tier: "TEAM", rank: 3, seats: 9 });
await send(page, "/console/products/tool/matrix", { "limit:team:calls": 100 });
await go("/console/products/tool/plans/team");
await send(page, "/console/products/tool/plans/team", { overage: 2, on_clone: "suspend", quotas: "calls = month hard", info: "price = $9" });
const team = await api("/v1/admin/plans/tool/team");
same([team.overage, team.on_clone, team.quotas, team.info], [2, "suspend", { calls: { per: "month", kind: "hard" } }, { price: "$9" }], "the plan");
await go("/console/products");
await send(page, "/console/products", { name: "Third", code: "third", default_plan: "one" });
same((await api("/v1/admin/products/third")).name, "Third", "a product of its own");

// A licence with its preview.
await go("/console/licenses/new");
const form = page.locator("form[action='/console/licenses/new']");
await fill(form, { product: "tool", plan: "basic", email: "bob@example.com", organization: "Bob & Sons" });
await page.locator("#preview dd").getByText("Tool II").waitFor();
check((await page.textContent("#preview")).includes("BASIC"), "the preview says what the plan gives");
await fill(form, { plan: "max" });
await page.locator("#preview .chip").getByText("MAX").waitFor();
await fill(form, { plan: "basic", term: "days", days: 100 });
await page.locator("#preview .chip").getByText("BASIC").waitFor();
await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
check((await page.textContent("pre")).startsWith("eyJ"), "the key is shown");
await page.click("text=Show licence");
const id = page.url().split("/").pop();
same([(await license(id)).plan, (await license(id)).customer.organization], ["basic", "Bob & Sons"], "the licence");
const act = async (name, fields = {}) => {
  await go(`/console/licenses/${id}/${name}`);
  await send(page, `/console/licenses/${id}/${name}`, fields);
};

// Seats: activated by a product, shown, released.
const activated = await (await fetch(`${base}/v1/license/activate`, {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ license_key: (await license(id)).key, cluster_id: "cluster-of-the-test", nonce: "a-nonce-of-16-letters", hostname: "db<1>" }),
})).json();
await go(`/console/licenses/${id}`);
check(await page.getByText("cluster-of-the-test").isVisible(), "the seat is shown");
await send(page, `/console/activations/${activated.activation_id}/release`);
same((await api(`/v1/admin/activations/${activated.activation_id}`)).live, false, "the seat is free");

// The life of a licence.
await act("suspend", { reason: "unpaid" });
same([(await license(id)).state, (await license(id)).state_reason], ["suspended", "unpaid"], "suspended");
same((await trail("license.suspend")).actor, "operator:owner", "who did it");
await act("resume");
same((await license(id)).state, "active", "resumed");
const before = (await license(id)).expires_at;
await act("renew", { term: "days", days: 10 });
same(Date.parse((await license(id)).expires_at) - Date.parse(before), 10 * 86_400_000, "renewed from the former end");
await act("renew", { term: "until", until: "2199-12-31" });
same((await license(id)).expires_at, "2200-01-01T00:00:00Z", "through the end of a day");
await act("renew", { term: "perpetual" });
same((await license(id)).expires_at, null, "perpetual");
await act("change-plan", { plan: "max" });
same((await license(id)).plan, "max", "another plan");
await act("addons", { features: "extra", without: "b", limits: "users = 99", seats: "unlimited" });
same([(await license(id)).features.sort(), (await license(id)).limits.users, (await license(id)).seats], [["a", "c", "extra"], 99, null], "add-ons");
const former = (await license(id)).key_id;
await act("reissue");
check((await license(id)).key_id !== former, "a new key");
await act("transfer", { email: "carol@example.com", organization: "Carol KG" });
same((await license(id)).customer.email, "carol@example.com", "transferred");

// What cannot be undone has to be typed; without a script the server asks for it all the same.
await go(`/console/licenses/${id}/revoke`);
check(await page.locator("main button.danger").isDisabled(), "the button waits for what must be typed");
const csrf = await page.locator("main input[name=csrf]").first().inputValue();
const refused = await context.request.post(`${base}/console/licenses/${id}/revoke`, {
  form: { csrf, confirm: "wrong" }, headers: { origin: base },
});
same(refused.status(), 422, "an unconfirmed revocation");
same((await license(id)).state, "active", "nothing was revoked");
await act("revoke", { reason: "terms", grace_h: 2, confirm: id.slice(-6) });
same([(await license(id)).state, (await license(id)).state_reason], ["revoked", "terms"], "revoked");
check(Date.parse((await license(id)).grace_until) > Date.now() + 3_600_000, "with its grace");
await go("/console/revocations");
check(await page.getByText(id).isVisible(), "it is in the list of revocations");

// A trial is converted, another cancelled.
const issue = (more) => api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", plan: "basic", email: "dora@example.com", ...more }) });
const trial = await issue({ trial: true });
await go(`/console/licenses/${trial.id}/convert`);
await send(page, `/console/licenses/${trial.id}/convert`, { term: "days", days: 50, plan: "max" });
same([(await license(trial.id)).trial, (await license(trial.id)).plan], [false, "max"], "converted");
await go(`/console/licenses/${trial.id}/cancel`);
await send(page, `/console/licenses/${trial.id}/cancel`, { reason: "moved on" });
same((await license(trial.id)).state, "cancelled", "cancelled");

// Many at once, with progress.
const many = [];
for (let n = 0; n < 5; n += 1) many.push((await issue({ email: `many${n}@bulk.example`, organization: "Bulk" })).id);
await go("/console/licenses?search=bulk");
await page.locator("input[data-all]").check();
same(await page.textContent("[data-count]"), "5", "all are marked");
await fill(page.locator("#bulk"), { act: "suspend", reason: "many" });
await page.click("#bulk button[type=submit]");
await page.waitForURL(/done=bulk/);
for (const one of many) same((await license(one)).state, "suspended", "one of many");
const plain = await open({ storageState: await context.storageState(), javaScriptEnabled: false });
const still = await plain.newPage();
await still.goto(`${base}/console/licenses?search=bulk`);
for (const one of many.slice(0, 2)) await still.locator(`input[value="${one}"]`).check();
await still.locator("#f-act").selectOption("resume");
await still.locator("#bulk button").click();
check((await still.textContent("main")).includes("2 done, 0 not done"), "the same without a script");
same((await license(many[0])).state, "active", "resumed without a script");
await still.goto(`${base}/console/licenses/${id}`);
check((await still.textContent("h1")).includes("Carol KG"), "a licence is read without a script");
await plain.close();

// What docker login sends.
await go(`/console/licenses/${many[0]}`);
await send(page, `/console/licenses/${many[0]}/pull-tokens`, { name: "cluster" });
check((await page.textContent("pre")).trim().length > 30, "the pull token is shown once");
const pulls = async () => (await api(`/v1/admin/licenses/${many[0]}/pull-tokens`)).items;
await go(`/console/licenses/${many[0]}`);
await send(page, `/console/licenses/${many[0]}/pull-tokens/${(await pulls())[0].id}/revoke`);
check((await pulls())[0].revoked_at !== null, "and revoked");
await go("/console/jobs?state=dead");
check(await page.getByText("Nothing to deliver").isVisible(), "nothing was given up");

// Customers.
await go("/console/customers");
await send(page, "/console/customers", { email: "new@customer.example", name: "New" });
const customer = page.url().match(/customers\/([0-9a-f-]+)/)[1];
await send(page, `/console/customers/${customer}`, { organization: "Named GmbH", name: "" });
const shown = await api(`/v1/admin/customers/${customer}`);
same([shown.organization, shown.name], ["Named GmbH", null], "the customer");
await go("/console/customers?search=named");
check(await page.getByText("Named GmbH").isVisible(), "found by a word");

// Decode and verify, simulate.
const known = await license(many[0]);
await go("/console/decode");
await send(page, "/console/decode", { key: known.key });
same(await page.locator(".note.good").count(), 2, "good offline and here");
const bits = known.key.split(".");
const broken = `${bits[0]}.${bits[1]}.${bits[2].startsWith("A") ? "B" : "A"}${bits[2].slice(1)}`;
await send(page, "/console/decode", { key: broken });
check((await page.textContent("main")).includes("The signature does not match"), "a changed key and why");
await go(`/console/simulate?license=${many[0]}`);
check(await page.locator(".note.good").isVisible(), "it would get a seat now");
await go(`/console/simulate?license=${first.id}&at=2199-01-01T00:00`);
check((await page.textContent(".note.bad")).includes("Expired"), "and not when it has ended");

// Keys: the sequence, to its end.
const keys = async () => (await api("/v1/admin/keys")).items.filter((key) => key.purposes.includes("license"));
await go("/console/keys");
await send(page, "/console/keys/rotate");
same((await keys()).map((key) => key.state).sort(), ["active", "next"], "published");
await send(page, "/console/keys/rotate");
same((await keys()).map((key) => key.state).sort(), ["active", "previous"], "at work");
const old = (await keys()).find((key) => key.state === "previous").kid;
await page.click("main >> text=Re-issue its licences");
await send(page, `/console/keys/${encodeURIComponent(old)}/reissue`);
check(page.url().endsWith("done=reissued"), `all are re-issued: ${page.url()}`);
const lease = (await api("/v1/admin/keys")).items.find((key) => key.purposes.includes("lease"));
await go(`/console/keys/${encodeURIComponent(lease.kid)}/compromise`);
await send(page, `/console/keys/${encodeURIComponent(lease.kid)}/compromise`, { confirm: lease.kid.slice(0, 8) });
same((await api("/v1/admin/keys")).items.find((key) => key.kid === lease.kid).state, "compromised", "compromised");

// The trail.
await go("/console/audit?action=license.revoke");
same(await page.locator("main tbody tr").count(), 1, "narrowed to the one revocation");
const [download] = await Promise.all([page.waitForEvent("download"), page.click("main a[download]")]);
check((await (await download.createReadStream()).toArray()).join("").includes("license.revoke"), "exported as narrowed");
await send(page, "/console/audit/check");
check((await page.textContent(".note.good")).includes("The trail is whole"), "the trail is whole");

// Operators, tokens, sessions.
await go("/console/operators");
await send(page, "/console/operators", { name: "sue", role: "support", password: "a password of sue's".replace("sue", "hers") });
const sue = (await api("/v1/admin/operators")).items.find((operator) => operator.name === "sue");
same(sue.role, "support", "an operator");
await go(`/console/operators/${sue.id}`);
await send(page, `/console/operators/${sue.id}/role`, { role: "read-only" });
same((await api(`/v1/admin/operators/${sue.id}`)).role, "read-only", "another role");
await send(page, `/console/operators/${sue.id}/password`, { password: "another one, longer" });
const theirs = await open({ statuses: [401, 403] });
const hers = await logIn(theirs, "sue", "wrong password!!");
check(await hers.locator(".note.bad").isVisible(), "a wrong password is refused");
await hers.fill("[name=password]", "another one, longer");
await Promise.all([hers.waitForNavigation(), hers.locator("form[action='/console/log-in'] button").click()]);
same(new URL(hers.url()).pathname, "/console", "she is in");
await hers.goto(`${base}/console/licenses/${many[0]}`);
same(await hers.locator("main form").count(), 0, "who reads is shown no forms");
same((await hers.goto(`${base}/console/licenses/${many[0]}/revoke`)).status(), 403, "nor the page of an action");
await go(`/console/operators/${sue.id}`);
const [hersNow] = (await api("/v1/admin/sessions?operator=sue")).items;
await send(page, `/console/sessions/${hersNow.id}/end`);
await hers.goto(`${base}/console`);
same(new URL(hers.url()).pathname, "/console/log-in", "an ended session opens nothing");
await theirs.close();
await go(`/console/operators/${sue.id}`);
await send(page, `/console/operators/${sue.id}/remove`, { confirm: "sue" });
check(!(await api("/v1/admin/operators")).items.some((operator) => operator.name === "sue"), "removed");
await go("/console/tokens");
await send(page, "/console/tokens", { name: "of the test", scope: "licenses:read" });
const made = (await page.textContent("pre")).trim();
const own = (await api("/v1/admin/tokens")).items.find((one) => one.name === "of the test");
same(own.scopes, ["licenses:read"], "the token's scopes");
same((await fetch(`${base}/v1/admin/licenses`, { headers: { authorization: `Bearer ${made}` } })).status, 200, "it opens what it says");
await go("/console/tokens");
await send(page, `/console/tokens/${own.id}/revoke`);
same((await fetch(`${base}/v1/admin/licenses`, { headers: { authorization: `Bearer ${made}` } })).status, 401, "and nothing any more");

// One-time codes, and the log-in with them.
await go("/console/account");
await send(page, "/console/account/codes", { current: PASSWORD });
const secret = await page.locator("main p code").textContent();
check(await page.locator("svg.qr").isVisible(), "the QR code is shown");
await accessible(page, "the second factor");
await send(page, "/console/account/codes/confirm", { code: code(secret) });
check((await page.textContent("pre")).trim().split("\n").length === 10, "ten recovery codes");
const recovery = (await page.textContent("pre")).trim().split("\n")[0];
const again = await open({ statuses: [401] });
const second = await logIn(again);
check((await second.textContent(".note.bad")).includes("one-time code"), "the password alone opens nothing");
await second.fill("[name=password]", PASSWORD);
await second.fill("[name=code]", recovery);
await Promise.all([second.waitForNavigation(), second.locator("form[action='/console/log-in'] button").click()]);
same(new URL(second.url()).pathname, "/console", "a recovery code opens once");
await again.close();
await go("/console/account");
await send(page, "/console/account/codes/drop", { current: PASSWORD });
await send(page, "/console/account/password", { current: PASSWORD, password: "another horse battery", again: "another horse battery" });
check(page.url().endsWith("done=password"), "the password is changed");

// German, and out.
await page.locator(".side").getByRole("button", { name: "Deutsch" }).click();
await page.getByRole("heading", { name: "Ihr Konto" }).waitFor();
same(await page.getAttribute("html", "lang"), "de", "the page is German");
await page.locator(".side").getByRole("button", { name: "Abmelden" }).click();
await page.getByText("Sie sind abgemeldet.").waitFor();
await go("/console/licenses");
same(new URL(page.url()).pathname, "/console/log-in", "out is out");
await end();
