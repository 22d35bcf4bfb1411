// A machine without network, which is the command line in a folder of its own: its files and codes go through the pages.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { accessible, api, base, check, end, firstPassword, open, same } from "./harness.mjs";

const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 1\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const issue = (email) => api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email, days: 30 }) });
const [own, other] = [await issue("ada@example.com"), await issue("eve@example.org")];
const live = async (license) => (await api(`/v1/admin/activations?license_id=${license.id}&live=true`)).items.length;

const folders = [];
const machine = (license) => {
  const folder = mkdtempSync(`${tmpdir()}/licentia-machine-`);
  folders.push(folder);
  const run = (verb, ...more) => JSON.parse(execFileSync(process.env.LICENTIA_TEST_BINARY, [
    "--json", verb, "--product", "tool", "--trust", process.env.LICENTIA_TEST_TRUST, "--state-dir", `${folder}/state`,
    "--key", license.key, "--license-server", "http://127.0.0.1:9", ...more,
  ], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env: { PATH: "/usr/bin:/bin" } }).trim().split("\n").pop() || "{}");
  return { folder, run };
};

const [context, page] = await firstPassword();
const visit = async (license) => {
  const theirs = await open({ statuses: [403, 404, 409, 422] });
  const reader = await theirs.newPage();
  await reader.goto(`${base}/portal`);
  await reader.fill("#f-key", license.key);
  await Promise.all([reader.waitForNavigation(), reader.click("main form[action='/portal/log-in'] button[type=submit]")]);
  return reader;
};
const send = (reader) => Promise.all([reader.waitForNavigation(), reader.locator("main form button.primary[type=submit]").click()]);

// In the console, by files.
for (const [reader, path, license] of [[page, "/console/offline", own], [await visit(other), "/portal/license/offline", other]]) {
  const one = machine(license);
  one.run("activate", "--offline", "--out", `${one.folder}/request.jwt`);
  await reader.goto(base + path);
  await accessible(reader, `${path}, before`);
  await reader.setInputFiles("#f-file", `${one.folder}/request.jwt`);
  await reader.waitForFunction(() => document.getElementById("f-document").value.length > 100);
  await send(reader);
  check(await reader.locator("figure svg.qr").isVisible(), `${path}: a QR code`);
  await accessible(reader, `${path}, with an activation file`);
  const [download] = await Promise.all([reader.waitForEvent("download"), reader.click("a[download='activation.lic']")]);
  writeFileSync(`${one.folder}/activation.lic`, readFileSync(await download.path()));
  same(one.run("activate", "--activation", `${one.folder}/activation.lic`).activated, true, `${path}: the machine takes it`);
  same([one.run("status").standing, await live(license)], ["licensed", 1], `${path}: it runs, on a seat`);
  // Back with its word.
  one.run("deactivate", "--offline", "--out", `${one.folder}/return.jwt`);
  await reader.goto(base + path);
  await reader.fill("#f-document", readFileSync(`${one.folder}/return.jwt`, "utf8"));
  await send(reader);
  check(await reader.getByText("The seat is free.").isVisible(), `${path}: the seat is free`);
  same(await live(license), 0, `${path}: and is free in the database`);
  // By typing: the portal knows the key.
  const two = machine(license);
  await reader.goto(base + path);
  await reader.fill("#f-code", two.run("activate", "--offline", "--typed").request);
  if (path.startsWith("/console")) await reader.fill("#f-license_key", license.key);
  await send(reader);
  const typed = await reader.locator("pre").textContent();
  same(typed.trim().split("\n").length, 8, `${path}: eight lines to type`);
  await accessible(reader, `${path}, to be typed`);
  writeFileSync(`${two.folder}/typed`, typed);
  two.run("activate", "--activation", `${two.folder}/typed`);
  same([two.run("status").standing, await live(license)], ["licensed", 1], `${path}: typed in, it runs`);
}

// Not another's machine, and not what cannot be read; what was entered stays.
const eve = await visit(other);
const theirs = machine(own);
theirs.run("activate", "--offline", "--out", `${theirs.folder}/request.jwt`);
await eve.goto(`${base}/portal/license/offline`);
for (const [text, why] of [[readFileSync(`${theirs.folder}/request.jwt`, "utf8").trim(), "another licence"], ["not a file", "document"]]) {
  await eve.fill("#f-document", text);
  await send(eve);
  check((await eve.textContent(".note.bad")).includes(why), `refused: ${why}: ${await eve.textContent(".note.bad")}`);
  same(await eve.inputValue("#f-document"), text, "what was entered stays");
}
same(await live(own), 1, "no seat of it");
// The only seat is taken.
const full = await open({ storageState: await context.storageState(), statuses: [409] });
const again = await full.newPage();
await again.goto(`${base}/console/offline`);
await again.fill("#f-document", readFileSync(`${theirs.folder}/request.jwt`, "utf8"));
await send(again);
check((await again.textContent(".note.bad")).includes("No free seat"), "no free seat");
for (const folder of folders) rmSync(folder, { recursive: true });
await end();
