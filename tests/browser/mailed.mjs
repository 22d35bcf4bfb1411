// Into the portal by a mailed link: asked for on the page, read from the mail, good once, and silent about who is known.
import { accessible, api, base, check, end, open, same } from "./harness.mjs";

const catalog = `[product]\ncode = "tool"\nname = "Tool"\nkey_prefix = "TOOL"\ndefault_plan = "basic"\n
[[plan]]\ncode = "basic"\ntier = "BASIC"\nrank = 1\nseats = 1\n`;
await api("/v1/admin/products/import", { method: "POST", body: catalog, headers: { "content-type": "application/toml" } });
const own = await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email: "ada@example.com", days: 30 }) });
await api("/v1/admin/licenses", { method: "POST", body: JSON.stringify({ product: "tool", email: "eve@example.org", days: 30 }) });

// Mails come in on standard input, a line each.
const mails = [];
let look = () => {};
let rest = "";
process.stdin.setEncoding("utf8").on("data", (piece) => {
  const lines = (rest + piece).split("\n");
  rest = lines.pop();
  mails.push(...lines.filter(Boolean).map((line) => JSON.parse(line)));
  look();
});
const mailed = (wanted) => new Promise((good, bad) => {
  const late = setTimeout(() => bad(new Error(`no such mail among ${mails.map((mail) => mail.headers.Subject)}`)), 30_000);
  look = () => {
    const found = mails.find(wanted);
    if (!found) return;
    clearTimeout(late);
    good(found);
  };
  look();
});

const context = await open({ statuses: [410] });
const page = await context.newPage();
const ask = async (email) => {
  await page.goto(`${base}/portal`);
  await page.fill("#f-email", email);
  await Promise.all([page.waitForNavigation(), page.locator("form[action='/portal/log-in-link'] button").click()]);
  return (await page.textContent("main")).replace(/\s+/g, " ");
};
await page.goto(`${base}/portal`);
await accessible(page, "the portal's log-in with a link");
same(await ask("nobody@example.net"), await ask("ada@example.com"), "nobody learns who is known");
const mail = await mailed((one) => one.to[0] === "ada@example.com" && /\/portal\/link\?t=/.test(one.text));
const link = new URL(mail.text.match(/https:\/\/\S*\/portal\/link\?t=\S+/)[0]);
same(link.origin, "https://licenses.example.com", "the link is under the issuer");
const there = base + link.pathname + link.search;
// Programs open links before people do: nothing is spent by that.
for (let n = 0; n < 2; n += 1) same((await fetch(there)).status, 200, "looking changes nothing");
await page.goto(there);
await accessible(page, "the licences of a link");
same(await page.locator("main form").count(), 1, "her licences, and nobody else's");
await Promise.all([page.waitForNavigation(), page.locator("main form button").click()]);
same(new URL(page.url()).pathname, "/portal/license", "she is in");
check((await page.textContent("main")).includes(own.id), "and sees her licence");
const [entered] = (await api("/v1/admin/audit?action=portal.enter&limit=1")).items;
same([entered.actor, entered.subject], ["customer", `license:${own.id}`], "on record");
const other = await open({ statuses: [410] });
const late = await other.newPage();
same((await late.goto(there)).status(), 410, "the link is spent");
await accessible(late, "a spent link");
check(!mails.some((one) => one.to[0] === "nobody@example.net"), "nobody was mailed");
await end();
process.exit(0);
