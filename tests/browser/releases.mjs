// Releases in the console, and what customers fetch of them in the portal: only what their licences cover.
import { readFileSync } from "node:fs";
import { accessible, api, base, check, end, fill, firstPassword, open, release, same, send } from "./harness.mjs";

const [context, page] = await firstPassword();
const go = (path) => page.goto(base + path);
const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 2\ndistribution = { channels = ["stable"], versions = "<2" }\n
[[plan]]\ncode = "early"\ntier = "EARLY"\nrank = 2\nseats = 2\ndistribution = { channels = ["stable", "beta"], maintenance = "365d" }\n
[[plan]]\ncode = "bare"\ntier = "BARE"\nrank = 3\nseats = 2\n`;
const imported = await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
check(imported.product?.code === "tool", `a catalogue: ${JSON.stringify(imported)}`);
const issue = (plan, email) => api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", plan, email, days: 30 }) });
const [basic, bare] = [await issue("basic", "ada@example.com"), await issue("bare", "eve@example.org")];

// A draft is made on the page, its files come from elsewhere, and it goes out by a press.
await go("/console/releases");
check(await page.getByText("No releases yet").isVisible(), "none yet");
await accessible(page, "releases, of which there are none");
await send(page, "/console/releases", { product: "tool", version: "1.2.0", notes: "Faster.\nAnd <b>smaller</b>." });
const [draft] = (await api("/v1/admin/releases")).items;
same([draft.version, draft.channel, draft.state, draft.notes], ["1.2.0", "stable", "draft", "Faster.\nAnd <b>smaller</b>."], "the draft");
await accessible(page, "a draft");
const old = await release({ product: "tool", version: "1.1.0", files: { "tool-1.1.0.tar.gz": "the old one" } });
await release({ product: "tool", version: "2.0.0-rc.1", channel: "beta", files: { "tool-2.zip": "the next one" } });
const half = await release({ product: "tool", version: "3.0.0", draft: true, files: { "tool-3.zip": "not yet" } });
await go(`/console/releases/${half.id}`);
const [file] = (await api(`/v1/admin/releases/${half.id}`)).artifacts;
await send(page, `/console/artifacts/${file.id}/remove`);
same((await api(`/v1/admin/releases/${half.id}`)).artifacts, [], "a file is taken out of a draft");
await go(`/console/releases/${draft.id}`);
await send(page, `/console/releases/${draft.id}/publish`);
same((await api(`/v1/admin/releases/${draft.id}`)).state, "published", "it is out");
await go("/console/releases?product=tool");
same(await page.locator("main tbody tr").count(), 4, "all of the product");

// Its files, and who gets it.
await go(`/console/releases/${old.id}`);
await accessible(page, "a release that is out");
const rows = await page.locator("main .grid2 tbody tr").allInnerTexts();
same(rows.map((row) => [row.split(/\s/)[0], row.includes("Yes")]), [["basic", true], ["early", true], ["bare", false]], "which plans cover it");
check(rows[1].includes("365 d") && rows[2].includes("does not name this channel"), `and until when, and why not: ${rows}`);
const ask = async (id) => {
  const form = page.locator("main form[method=get]").last();
  await fill(form, { license: id });
  await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
  return page.locator("main .grid2 .note").first().innerText();
};
check((await ask(basic.id)).includes("covers this release"), "this licence gets it");
check((await ask(bare.id)).includes("does not name this channel"), "and that one does not");
const load = async (reader, selector) => {
  const [download] = await Promise.all([reader.waitForEvent("download"), reader.click(selector)]);
  return readFileSync(await download.path(), "utf8");
};
same(await load(page, "main a[href^='/console/artifacts/']"), "the old one", "an operator fetches a file");

// On the licence: what it covers, a link on its account, and that it was used.
await go(`/console/licenses/${basic.id}`);
const covered = page.locator("section", { has: page.getByRole("heading", { name: "Downloads" }) });
same(await covered.locator("tbody tr .main-cell").allInnerTexts(), ["tool-1.1.0.tar.gz"], "what the licence covers");
const [artifact] = old.artifacts;
await send(page, `/console/licenses/${basic.id}/downloads/${artifact.id}`);
await accessible(page, "a download link");
const link = new URL((await page.textContent("pre")).trim(), base);
same(await (await fetch(base + link.pathname + link.search)).text(), "the old one", "the link opens it");
await go(`/console/licenses/${basic.id}`);
check(await covered.getByText("Fetched lately").isVisible(), "that it was fetched is told");
await accessible(page, "a licence with downloads");

// A renewal link, used by its customer.
await go(`/console/licenses/${basic.id}/renewal-link`);
await accessible(page, "the page of a renewal link");
await send(page, `/console/licenses/${basic.id}/renewal-link`, { days: 10, valid_days: 5 });
const renewal = new URL((await page.textContent("pre")).trim(), base);
await accessible(page, "a renewal link");
same((await api(`/v1/admin/licenses/${basic.id}`)).expires_at, basic.expires_at, "making it changes nothing");
const renewed = await fetch(base + renewal.pathname, { method: "POST" });
const longer = Date.parse((await api(`/v1/admin/licenses/${basic.id}`)).expires_at) - Date.parse(basic.expires_at);
same([renewed.status, longer], [200, 10 * 86_400_000], "its button renews");

// The customer in the portal.
const visit = async (key, statuses = []) => {
  const theirs = await open({ statuses });
  const reader = await theirs.newPage();
  await reader.goto(`${base}/portal`);
  await reader.fill("#f-key", key);
  await Promise.all([reader.waitForNavigation(), reader.click("main form[action='/portal/log-in'] button[type=submit]")]);
  return [theirs, reader];
};
const [hers, ada] = await visit((await api(`/v1/admin/licenses/${basic.id}`)).key, [403]);
same(await ada.locator("a[href^='/portal/downloads/']").count(), 1, "one file is hers");
same(await load(ada, "a[href^='/portal/downloads/']"), "the old one", "she fetches it");
await accessible(ada, "downloads in the portal");
const [beta] = (await api("/v1/admin/releases")).items.find((one) => one.version === "2.0.0-rc.1").artifacts;
const straight = async (id) => (await hers.request.get(`${base}/portal/downloads/${id}`, { maxRedirects: 0 })).status();
same([await straight(artifact.id), await straight(beta.id)], [303, 403], "what is not hers is refused, whatever she asks for");
const [, eve] = await visit(bare.key);
same(await eve.locator("a[href^='/portal/downloads/']").count(), 0, "and the other one gets nothing");

// Yanked, after its version was typed: gone for everybody at once.
await go(`/console/releases/${old.id}`);
const csrf = await page.locator("main input[name=csrf]").first().inputValue();
const refused = await context.request.post(`${base}/console/releases/${old.id}/yank`, { form: { csrf, confirm: "1" }, headers: { origin: base } });
same([refused.status(), (await api(`/v1/admin/releases/${old.id}`)).state], [422, "published"], "not by mistake");
await send(page, `/console/releases/${old.id}/yank`, { reason: "eats <files>", confirm: "1.1.0" });
const gone = await api(`/v1/admin/releases/${old.id}`);
same([gone.state, gone.reason], ["yanked", "eats <files>"], "yanked");
await accessible(page, "a yanked release");
await ada.reload();
same([await ada.locator("a[href^='/portal/downloads/']").count(), await straight(artifact.id)], [0, 403], "nor hers any more");
await end();
