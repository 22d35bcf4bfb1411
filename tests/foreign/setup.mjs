// The set-up page in Chromium, as a phone and as a desktop: `node setup.mjs MODULES CHROMIUM URL SHOTS WIDTH HEIGHT STEPS`.
// STEPS is a JSON array of what to fill in, one object a submission. Prints what a person would see after each.
import { createRequire } from 'node:module';

const [modules, chromium, url, shots, width, height, steps] = process.argv.slice(2);
const { chromium: driver } = createRequire(`${modules}/`)('playwright-core');
const browser = await driver.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
const phone = Number(width) < 600;
const viewport = { width: Number(width), height: Number(height) };
const page = await browser.newPage({ viewport, isMobile: phone, hasTouch: phone });
const complaints = [];
// That a form comes back with 422 is what is wanted of it.
page.on('console', (message) => message.text().includes('status of 422') || complaints.push(message.text()));
page.on('pageerror', (error) => complaints.push(String(error)));

const seen = async (name) => {
  await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  return page.evaluate(() => {
    const box = (element) => element.getBoundingClientRect();
    const fields = [...document.querySelectorAll('input, textarea, button')];
    return {
      title: document.title,
      heading: document.querySelector('h1')?.textContent,
      alerts: [...document.querySelectorAll('[role=alert]')].map((e) => e.innerText),
      status: document.querySelector('[role=status]')?.innerText ?? null,
      facts: Object.fromEntries([...document.querySelectorAll('dl > div')].map((e) => [
        e.querySelector('dt').innerText, e.querySelector('dd').innerText,
      ])),
      values: Object.fromEntries(fields.filter((e) => e.name).map((e) => [
        e.name, e.type === 'checkbox' ? e.checked : e.value,
      ])),
      invalid: fields.filter((e) => e.getAttribute('aria-invalid') === 'true').map((e) => e.name),
      // Each field has a label or a text, and each mistake a text that belongs to its field.
      nameless: fields.filter((e) => e.tagName !== 'BUTTON' && !e.labels?.length).map((e) => e.name),
      unexplained: fields.filter((e) => e.getAttribute('aria-invalid') === 'true'
        && !document.getElementById(e.getAttribute('aria-describedby'))?.innerText).map((e) => e.name),
      small: fields.filter((e) => box(e.closest('.check') ?? e).height < 24).map((e) => e.name),
      overflows: document.documentElement.scrollWidth > window.innerWidth,
    };
  });
};

const report = [];
const label = phone ? 'phone' : 'desktop';
let answer = await page.goto(url);
report.push({ http: answer.status(), ...(await seen(`${label}-0`)) });
for (const [at, step] of JSON.parse(steps).entries()) {
  for (const [name, value] of Object.entries(step)) {
    if (name === 'terms') {
      if (value !== await page.$eval('#terms', (box) => box.checked)) await page.click('#terms');
      continue;
    }
    await page.fill(`#${name}`, value);
  }
  [answer] = await Promise.all([page.waitForNavigation(), page.click('button[type=submit]')]);
  report.push({ http: answer.status(), ...(await seen(`${label}-${at + 1}`)) });
}
await browser.close();
console.log(JSON.stringify({ report, complaints }));
