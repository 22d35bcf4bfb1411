// Drives Debian's Chromium against a served authority. `node SCRIPT BASE TOKEN MODULES` prints what failed and ends 1.
import { createRequire } from "node:module";
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

export const [base, token, modules] = process.argv.slice(2);
export const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const PASSWORD = "correct horse battery";
const failures = [];

export function check(good, what) {
  if (!good) failures.push(what);
  if (!good) console.log(`FAILED ${what}`);
}

export function same(got, wanted, what) {
  check(JSON.stringify(got) === JSON.stringify(wanted), `${what}: ${JSON.stringify(got)} and not ${JSON.stringify(wanted)}`);
}

/** The API, with the first operator's token. */
export async function api(path, options = {}) {
  const answer = await fetch(base + path, {
    ...options,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...options.headers },
  });
  const text = await answer.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A release with these files, by name; out, unless it is to stay a draft. */
export async function release({ files = {}, draft = false, ...of }) {
  const made = await api("/v1/admin/releases", { method: "POST", body: JSON.stringify(of) });
  for (const [name, text] of Object.entries(files)) {
    const bytes = Buffer.from(text);
    const about = { name, size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
    const file = await api(`/v1/admin/releases/${made.id}/artifacts`, { method: "POST", body: JSON.stringify(about) });
    const path = `/v1/admin/artifacts/${file.id}`;
    const sent = await api(`${path}/parts/0`, { method: "PUT", body: bytes, headers: { "content-type": "application/octet-stream" } });
    const stored = await api(`${path}/complete`, { method: "POST", body: "{}" });
    check(sent === "" && stored.stored_at, `${name} is stored: ${JSON.stringify([sent, stored])}`);
  }
  return draft ? made : api(`/v1/admin/releases/${made.id}/publish`, { method: "POST", body: "" });
}

export const browser = await chromium.launch({
  executablePath: process.env.LICENTIA_TEST_CHROMIUM ?? "/usr/bin/chromium",
  // As root in a container there is no sandbox to be had.
  args: ["--no-sandbox"],
});

/** A window whose every request, error and report is looked at. `statuses` are answers that the test wants to see. */
export async function open({ statuses = [], ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    ...options,
  });
  context.setDefaultTimeout(15_000);
  const origin = new URL(base).origin;
  context.on("request", (request) => {
    const url = request.url();
    check(url.startsWith(`${origin}/`) || url.startsWith("data:") || url === "about:blank", `a request left the origin: ${url}`);
  });
  context.on("weberror", (error) => check(false, `an error on a page: ${error.error()}`));
  context.on("console", (message) => {
    if (message.type() !== "error") return;
    const wanted = statuses.some((status) => message.text().includes(`status of ${status} `));
    check(wanted, `on the console of ${message.page()?.url()}: ${message.text()}`);
  });
  context.on("response", (response) => {
    const status = response.status();
    check(status < 400 || statuses.includes(status), `${status} for ${response.request().method()} ${response.url()}`);
  });
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
    });
  });
  return context;
}

/** Sets the first password, or logs in. */
export async function logIn(context, name = "owner", password = PASSWORD, code = "") {
  const page = await context.newPage();
  await page.goto(`${base}/console/log-in`);
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", password);
  await page.fill("[name=code]", code);
  await page.click("button[type=submit]:not([name=language])");
  return page;
}

export async function firstPassword() {
  const context = await open();
  const page = await context.newPage();
  await page.goto(`${base}/console/first-password`);
  await page.fill("[name=token]", token);
  await page.fill("[name=password]", PASSWORD);
  await page.fill("[name=again]", PASSWORD);
  await page.click("button[type=submit]");
  check(new URL(page.url()).pathname === "/console", `the first password leads to ${page.url()}`);
  return [context, page];
}

/** What an assistive technology would stumble over. */
export async function accessible(page, what) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const one of found.violations.filter((one) => ["serious", "critical"].includes(one.impact))) {
    const node = one.nodes[0];
    check(false, `axe ${one.id} (${one.impact}) on ${what}: ${node.html.slice(0, 160)} ${node.failureSummary?.split("\n").slice(1, 2).join(" ")}`);
  }
}

/** Presses the button of a form that goes there. */
export async function send(page, action, fields = {}) {
  const form = page.locator(`main form[method=post][action="${action}"]`).first();
  await fill(form, fields);
  await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
}

export async function fill(form, fields) {
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name="${name}"]`).first();
    const kind = await field.evaluate((element) => element.tagName + (element.type ?? ""));
    if (kind.startsWith("SELECT")) await field.selectOption(value);
    else if (kind === "INPUTradio") await form.locator(`[name="${name}"][value="${value}"]`).check();
    else if (kind === "INPUTcheckbox") await form.locator(`[name="${name}"]${value === true ? "" : `[value="${value}"]`}`).first().check();
    else await field.fill(String(value));
  }
}

/** A time-based code (RFC 6238) of a secret in base32. */
export function code(secret, at = Date.now()) {
  let bits = "";
  for (const letter of secret) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const tag = createHmac("sha1", key).update(step).digest();
  const place = tag[tag.length - 1] & 15;
  return String((tag.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

export async function end() {
  await browser.close();
  if (failures.length > 0) process.exit(1);
}
