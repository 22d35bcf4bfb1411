// Log-in by an OpenID provider on another site: who is let in, who is not, and that nothing can be slipped in between.
import { accessible, api, base, browser, check, end, same } from "./harness.mjs";

for (const name of ["ada@example.com", "unverified@example.com"]) {
  await api("/v1/admin/operators", { method: "POST", body: JSON.stringify({ name, role: "support" }) });
}
const sessions = async (name) => (await api(`/v1/admin/sessions?operator=${name}`)).items;
const issuer = process.env.LICENTIA_OIDC__ISSUER;
const configure = async (more) => {
  const answer = await fetch(`${issuer}/configure`, { method: "POST", body: JSON.stringify({ console: base, ...more }) });
  same(await answer.text(), "done", "the provider is configured");
};
// The provider's own pages ask for fonts elsewhere; ours ask for nothing.
const visit = async () => {
  const context = await browser.newContext({ locale: "en-GB" });
  context.setDefaultTimeout(15_000);
  await context.route((url) => ![base, issuer].some((origin) => url.href.startsWith(`${origin}/`)), (route) => {
    check(!route.request().frame().url().startsWith(base), `a request left the origin: ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.on("console", (message) => {
    const ours = page.url().startsWith(base) && message.type() === "error" && !/status of (401|503) /.test(message.text());
    check(!ours, `on the console of ${page.url()}: ${message.text()}`);
  });
  return [context, page];
};
const logIn = async (page, who, next = "/console/licenses?state=active") => {
  await page.goto(`${base}${next}`);
  await page.getByRole("link", { name: "Log in with Acme ID" }).click();
  await page.fill("[name=login]", who);
  await page.fill("[name=password]", "whatever");
  await page.click("button[type=submit]");
  await page.click("button[type=submit]");
  await page.waitForURL((url) => url.href.startsWith(base) && !url.pathname.endsWith("/callback") || url.pathname.endsWith("/callback") && url.searchParams.has("state"));
};

// Not there yet: who has a password is not locked out.
const [early, first] = await visit();
await first.goto(`${base}/console/log-in`);
await accessible(first, "the log-in with a provider");
await first.getByRole("link", { name: "Log in with Acme ID" }).click();
check((await first.textContent(".note.bad")).includes("A password works"), "a provider that is away, and what to do");
await early.close();

// By both algorithms, with the address in the token and without; with other keys each time.
for (const [alg, inToken] of [["RS256", true], ["ES256", false]]) {
  await configure({ alg, inToken });
  const [context, page] = await visit();
  await logIn(page, "Ada@Example.com".toLowerCase());
  await page.waitForURL(`${base}/console/licenses?state=active`).catch(async (error) => {
    throw new Error(`${page.url()}: ${(await page.textContent("main")).replace(/\s+/g, " ")}`, { cause: error });
  });
  check((await page.textContent(".side .me")).includes("ada@example.com"), `in by ${alg}`);
  const cookies = Object.fromEntries((await context.cookies(base)).map((cookie) => [cookie.name, cookie]));
  check(!("__Host-licentia_oidc" in cookies), "what was carried along is gone");
  const session = Object.values(cookies).find((cookie) => cookie.name.startsWith("__Host-licentia") && cookie.sameSite === "Strict");
  check(session?.httpOnly && session.secure, "the session's cookie is for requests of ours alone");
  await context.close();
}
const [begun] = (await api("/v1/admin/audit?action=session.begin&limit=1")).items;
same([begun.actor, begun.details.by], ["operator:ada@example.com", "oidc"], "on record, with who vouched");
same((await sessions("ada@example.com")).length, 2, "two sessions");

// Whom the provider knows is not whom this authority knows; and a claim is not a proof.
for (const [who, why] of [["stranger@example.com", "There is no operator of the name"], ["unverified@example.com", "has not verified your e-mail"]]) {
  const [context, page] = await visit();
  await logIn(page, who);
  check((await page.textContent(".note.bad")).includes(why), `${who} is told why`);
  check(!(await context.cookies(base)).some((cookie) => cookie.sameSite === "Strict" && cookie.name.includes("session")), "and is not in");
  await page.goto(`${base}/console`);
  same(new URL(page.url()).pathname, "/console/log-in", `${who} is not in`);
  await context.close();
}
same((await sessions("unverified@example.com")).length, 0, "no session of the unverified");

// An answer counts in the browser that asked, once, and with its state.
const [context, page] = await visit();
await page.goto(`${base}/console/log-in`);
await page.getByRole("link", { name: "Log in with Acme ID" }).click();
await page.fill("[name=login]", "ada@example.com");
await page.fill("[name=password]", "whatever");
await page.click("button[type=submit]");
// Without what the browser carries along the answer is nobody's, and its code is still good.
const carried = (await context.cookies(base)).filter((cookie) => cookie.name === "__Host-licentia_oidc");
same(carried.length, 1, "what is carried along");
await context.clearCookies({ name: "__Host-licentia_oidc" });
await page.click("button[type=submit]");
await page.getByText("was not begun in this browser").waitFor();
const answer = page.url();
const get = (from, url) => from.request.get(url, { maxRedirects: 0 });
const [other] = await visit();
same((await get(other, answer)).status(), 401, "another browser");
const changed = (name, value) => {
  const url = new URL(answer);
  url.searchParams.set(name, value);
  return url.href;
};
for (const [name, value] of [["state", "x"], ["state", ""], ["code", "x"], ["iss", "https://evil.example"], ["error", "access_denied"]]) {
  await context.addCookies(carried);
  same((await get(context, changed(name, value))).status(), 401, `another ${name}`);
}
await context.addCookies(carried);
same((await get(context, answer)).status(), 200, "the very answer");
await context.addCookies(carried);
same((await get(context, answer)).status(), 401, "and not twice");
same((await sessions("ada@example.com")).length, 3, "one session of it");
await end();
