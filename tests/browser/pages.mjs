// Every page, in both languages and both colour schemes: reached by links from the first, read by axe.
import { accessible, api, base, check, end, firstPassword, open, release } from "./harness.mjs";

const [context, page] = await firstPassword();
const state = await context.storageState();
await accessible(page, "the overview of an empty authority");

const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\nfeatures = ["a"]\nlimits = { calls = 10 }\nquotas = { calls = { per = "month" } }\ndistribution = { channels = ["stable"] }\n
[[meter]]\nname = "calls"\nunit = "call"\nscale = 0\n`;
const imported = await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
check(imported.product?.code === "tool", `a catalogue: ${JSON.stringify(imported)}`);
const issue = (more) => api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email: "ada@example.com", organization: "Example", ...more }) });
await api("/v1/admin/webhooks", { method: "POST", body: JSON.stringify({ url: "http://127.0.0.1:9/", description: "Nobody" }) });
await release({ product: "tool", version: "1.0.0", notes: "First.", files: { "tool-1.0.0.zip": "bytes" } });
await release({ product: "tool", version: "1.1.0", draft: true, files: { "tool-1.1.0.zip": "bytes" } });
const license = await issue({ days: 20 });
await issue({ trial: true });
const gone = await issue({});
await api(`/v1/admin/licenses/${gone.id}/revoke`, { method: "POST", body: JSON.stringify({ reason: "terms", grace_s: 7200 }) });
const activation = await (await fetch(`${base}/v1/license/activate`, {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ license_key: license.key, cluster_id: "cluster-1", nonce: "a-nonce-of-16-letters", hostname: "host-1" }),
})).json();
await fetch(`${base}/v1/license/heartbeat`, {
  method: "POST", headers: { "content-type": "application/json" },
  body: JSON.stringify({ activation_id: activation.activation_id, access_token: activation.access_token, token_version: activation.token_version, generation: 1, nonce: "another-nonce-of-20", usage: { calls: 9 } }),
});

// One of each kind: what differs by an id alone is the same page.
const kind = (path) => path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, ":id").replace(/keys\/[^/?]+\//, "keys/:kid/").replace(/(after|subject|email|organization|license|purpose|next|product)=[^&]*/g, "$1");
const queue = ["/console", "/console/log-in", "/console/first-password", "/console/start"];
const paths = [];
const seen = new Set(queue.map(kind));
while (queue.length > 0) {
  const path = queue.shift();
  paths.push(path);
  const answer = await page.goto(base + path);
  check(answer.ok(), `${answer.status()} ${path}`);
  for (const href of await page.$$eval("a[href]", (links) => links.map((link) => link.getAttribute("href")))) {
    const url = new URL(href, base + path);
    const next = url.pathname + url.search;
    const download = /\/(export|file|artifacts)\b/.test(url.pathname);
    check(url.origin === new URL(base).origin, `a link leads away: ${href}`);
    if (next.startsWith("/console") && !download && !seen.has(kind(next))) {
      seen.add(kind(next));
      queue.push(next);
    }
  }
}
check(paths.length >= 52, `only ${paths.length} pages were found`);

for (const [colorScheme, locale, width] of [["light", "en-GB", 1280], ["dark", "de-DE", 390]]) {
  const window = await open({ storageState: state, colorScheme, locale, viewport: { width, height: 900 } });
  const reader = await window.newPage();
  for (const path of paths) {
    await reader.goto(base + path);
    check((await reader.getAttribute("html", "lang")) === locale.slice(0, 2), `${path} is not in ${locale}`);
    const wide = await reader.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wide <= 0, `${path} is ${wide} px wider than ${width}`);
    const text = await reader.textContent("body");
    check(!/undefined|\{\{|\[object/.test(text), `${path} shows what it should not`);
    await accessible(reader, `${path} (${colorScheme}, ${width})`);
  }
  await window.close();
}
// By keyboard alone: the first stop leads to the content, and the search is reached.
await page.goto(`${base}/console/licenses`);
await page.keyboard.press("Tab");
check((await page.evaluate(() => document.activeElement.className)) === "skip", "the first stop skips the navigation");
await page.keyboard.press("Enter");
check((await page.evaluate(() => document.activeElement.id)) === "main", "and leads to the content");
// Where there is nothing.
const strangers = await open({ storageState: state, statuses: [404] });
const lost = await strangers.newPage();
check((await lost.goto(`${base}/console/licenses/00000000-0000-7000-8000-000000000000`)).status() === 404, "no such licence");
await accessible(lost, "a page that is not there");
console.log(`${paths.length} pages`);
await end();
