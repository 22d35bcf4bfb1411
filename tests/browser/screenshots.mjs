// Pictures of each page at three widths in both colour schemes, in `target/screenshots`, to be looked at. `LICENTIA_TEST_PAGES=release,webhook`: these alone.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { api, base, end, firstPassword, modules, open, release } from "./harness.mjs";

const folder = `${modules}/../screenshots`;
mkdirSync(folder, { recursive: true });
const [context, page] = await firstPassword();
const catalog = `[product]\ncode = "studio"\nname = "Acme Studio"\nkey_prefix = "ACME"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["export"]\nlimits = { calls = 1000 }\nquotas = { calls = { per = "month" } }\ndistribution = { channels = ["stable"] }\n
[[plan]]\ncode = "pro"\ntier = "PRO"\nrank = 2\nseats = 10\nfeatures = ["export", "reports", "sso"]\nlimits = { calls = "unlimited" }\n
[[meter]]\nname = "calls"\nunit = "call"\nscale = 0\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const names = ["Kranich Werke", "Fjord Analytics", "Blue Harbour Ltd", "Nimbus Data", "Orchard & Pine", "Lumen Optics", "Quarry Stone", "Tidewater"];
const made = [];
for (const [n, organization] of names.entries()) {
  made.push(await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "studio", plan: n % 2 ? "pro" : "basic", email: `it@${organization.toLowerCase().replace(/[^a-z]/g, "")}.example`, organization, days: 12 + n * 40, trial: n === 5 }) }));
}
await api(`/v1/admin/licenses/${made[2].id}/suspend`, { method: "POST", body: JSON.stringify({ reason: "invoice 2041 is open" }) });
await api(`/v1/admin/licenses/${made[3].id}/revoke`, { method: "POST", body: JSON.stringify({ reason: "refund", grace_s: 86400 }) });
for (const cluster of ["eu-1", "eu-2"]) {
  const post = (path, body) => fetch(base + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }).then((answer) => answer.json());
  const seat = await post("/v1/license/activate", { license_key: made[0].key, cluster_id: `acme-cluster-${cluster}`, nonce: "a-nonce-of-16-letters", hostname: `render-${cluster}.internal` });
  await post("/v1/license/heartbeat", { activation_id: seat.activation_id, access_token: seat.access_token, token_version: seat.token_version, generation: 1, nonce: "another-nonce-of-20", usage: { calls: 430 } });
}
const stable = await release({ product: "studio", version: "4.2.0", notes: "Exports are twice as fast.\nThe report on quotas shows the month before, too.", files: { "studio-4.2.0-linux-x86_64.tar.gz": "x".repeat(3_000_000), "studio-4.2.0-windows.zip": "y".repeat(400_000) } });
await release({ product: "studio", version: "5.0.0-beta.1", channel: "beta", files: { "studio-5.0.0-beta.1.tar.gz": "z" } });
const draft = await release({ product: "studio", version: "4.2.1", draft: true, files: { "studio-4.2.1.tar.gz": "w" } });
const webhook = await api("/v1/admin/webhooks", { method: "POST", body: JSON.stringify({ url: "http://127.0.0.1:9/hook", description: "Bookkeeping" }) });
await api("/v1/admin/webhooks", { method: "POST", body: JSON.stringify({ url: "https://crm.example.com/hooks/licences", events: ["license.issued", "license.renewed"], signing: "v1a" }) });
await api(`/v1/admin/webhooks/${webhook.id}/test`, { method: "POST", body: "" });
await api(`/v1/admin/licenses/${made[1].id}/renew`, { method: "POST", body: JSON.stringify({ days: 30 }) });
const paths = {
  "log-in": "/console/log-in?out=1", overview: "/console", licenses: "/console/licenses", license: `/console/licenses/${made[0].id}`, revoked: `/console/licenses/${made[3].id}`,
  revoke: `/console/licenses/${made[1].id}/revoke`, "change-plan": `/console/licenses/${made[0].id}/change-plan`, new: "/console/licenses/new", customers: "/console/customers", customer: `/console/customers/${made[0].customer.id}`,
  products: "/console/products", product: "/console/products/studio", plan: "/console/products/studio/plans/basic", revocations: "/console/revocations", offline: "/console/offline", usage: "/console/usage", webhooks: "/console/webhooks", webhook: `/console/webhooks/${webhook.id}`, releases: "/console/releases", release: `/console/releases/${stable.id}?license=${made[0].id}`, draft: `/console/releases/${draft.id}`, "renewal-link": `/console/licenses/${made[0].id}/renewal-link`, decode: "/console/decode", simulate: `/console/simulate?license=${made[0].id}`,
  keys: "/console/keys", jobs: "/console/jobs", audit: "/console/audit", operators: "/console/operators", tokens: "/console/tokens", account: "/console/account", settings: "/console/settings", start: "/console/start", missing: `/console/licenses/00000000-0000-7000-8000-000000000000`,
};
const only = process.env.LICENTIA_TEST_PAGES?.split(",");
const state = await context.storageState();
const away = mkdtempSync(`${tmpdir()}/licentia-machine-`);
execFileSync(process.env.LICENTIA_TEST_BINARY, ["activate", "--product", "studio", "--trust", process.env.LICENTIA_TEST_TRUST, "--state-dir", `${away}/state`, "--key", made[1].key, "--license-server", "http://127.0.0.1:9", "--offline", "--out", `${away}/request.jwt`], { stdio: "ignore" });
const request = readFileSync(`${away}/request.jwt`, "utf8");
rmSync(away, { recursive: true });
for (const width of [390, 1280, 1920]) {
  for (const colorScheme of ["light", "dark"]) {
    const window = await open({ storageState: state, statuses: [404], colorScheme, viewport: { width, height: 900 } });
    const reader = await window.newPage();
    for (const [name, path] of Object.entries(paths)) {
      if (name === "log-in" || (only && !only.includes(name))) continue;
      await reader.goto(base + path);
      if (name === "new") await reader.locator("#preview dl").first().waitFor();
      await reader.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    }
    await window.close();
    const stranger = await open({ colorScheme, viewport: { width, height: 900 } });
    const outside = await stranger.newPage();
    await outside.goto(`${base}/console/log-in`);
    await outside.screenshot({ path: `${folder}/log-in-${width}-${colorScheme}.png` });
    await outside.goto(`${base}/portal`);
    await outside.screenshot({ path: `${folder}/portal-${width}-${colorScheme}.png` });
    await outside.fill("#f-key", made[0].key);
    await Promise.all([outside.waitForNavigation(), outside.click("main button[type=submit]")]);
    await outside.screenshot({ path: `${folder}/portal-license-${width}-${colorScheme}.png`, fullPage: true });
    await outside.goto(`${base}/portal`);
    await outside.click("header form[action='/portal/log-out'] button").catch(() => {});
    await outside.goto(`${base}/portal`);
    await outside.fill("#f-key", made[1].key);
    await Promise.all([outside.waitForNavigation(), outside.click("main button[type=submit]")]);
    await outside.goto(`${base}/portal/license/offline`);
    await outside.fill("#f-document", request);
    await Promise.all([outside.waitForNavigation(), outside.click("main button[type=submit]")]);
    await outside.screenshot({ path: `${folder}/portal-offline-${width}-${colorScheme}.png`, fullPage: true });
    await stranger.close();
  }
}
await end();
