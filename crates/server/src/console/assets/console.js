// Comfort alone: every page can be read, and every form sent, without this file.
"use strict";

const policy = window.trustedTypes
  ? window.trustedTypes.createPolicy("licentia", { createHTML: (html) => html })
  : { createHTML: (html) => html };
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// The reader's own time beside each time in UTC.
function localTimes(root = document) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone === "UTC") return;
  const language = document.documentElement.lang || undefined;
  for (const time of all("time[datetime]:not(.told)", root)) {
    time.classList.add("told");
    const at = new Date(time.getAttribute("datetime"));
    if (Number.isNaN(at.getTime())) continue;
    const full = at.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
    time.title = `${full} (${zone})`;
    if (time.classList.contains("day")) continue;
    // The day is told where it is another one here.
    const same = at.toLocaleDateString("sv") === time.getAttribute("datetime").slice(0, 10);
    const clock = at.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit", timeZoneName: "short" });
    const local = document.createElement("span");
    local.className = "local";
    local.textContent = same ? clock : `${at.toLocaleDateString(language)} ${clock}`;
    time.after(local);
  }
}

// Buttons that copy what is beside them.
function copyButtons(root = document) {
  for (const box of all("[data-copy]", root)) {
    if (box.querySelector(":scope > button")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tiny";
    button.textContent = box.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(box.querySelector("pre, code").textContent.trim());
      button.textContent = box.dataset.copied;
      setTimeout(() => { button.textContent = box.dataset.copy; }, 1500);
    });
    box.append(button);
  }
}

// A preview that follows the form.
for (const form of all("form[data-preview]")) {
  const place = document.getElementById(form.dataset.into);
  let last = 0;
  let timer;
  const show = async () => {
    const mine = ++last;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("csrf");
    try {
      const answer = await fetch(`${form.dataset.preview}?${fields}`, { headers: { accept: "text/html" } });
      if (mine !== last || !answer.ok) return;
      place.innerHTML = policy.createHTML(await answer.text());
      localTimes(place);
    } catch { /* The form can be sent without a preview. */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(show, 200); });
  form.addEventListener("change", () => { clearTimeout(timer); timer = setTimeout(show, 20); });
  show();
}

// Choices that depend on another: `data-of` names the value of the field they belong to.
for (const select of all("select[data-follows]")) {
  const leader = document.getElementById(select.dataset.follows);
  const options = all("option[data-of]", select).map((option) => option.cloneNode(true));
  const follow = () => {
    const chosen = select.value;
    for (const option of all("option[data-of]", select)) option.remove();
    for (const option of options) if (option.dataset.of === leader.value) select.append(option.cloneNode(true));
    if (all("option", select).some((option) => option.value === chosen)) select.value = chosen;
  };
  leader.addEventListener("change", follow);
  follow();
}

// Fields that only matter with a certain choice.
for (const part of all("[data-if]")) {
  const [name, ...wanted] = part.dataset.if.split(/[= ]/);
  const form = part.closest("form");
  const toggle = () => { part.hidden = !wanted.includes(new FormData(form).get(name) ?? ""); };
  form.addEventListener("change", toggle);
  toggle();
}

// A file that is chosen is read into the field that it stands for.
for (const part of all("[data-file-for]")) {
  part.hidden = false;
  const field = document.getElementById(part.dataset.fileFor);
  part.querySelector("input").addEventListener("change", async (event) => {
    const [file] = event.target.files;
    if (file) field.value = await file.text();
  });
}

// A confirmation that must be typed: the button waits for it.
for (const field of all("input[data-must-be]")) {
  const button = field.form.querySelector("button[type=submit]");
  const check = () => { button.disabled = field.value.trim() !== field.dataset.mustBe; };
  field.addEventListener("input", check);
  check();
}

// All rows at once.
for (const box of all("input[data-all]")) {
  box.hidden = false;
  const boxes = () => all(`input[name="${box.dataset.all}"]`);
  box.addEventListener("change", () => {
    for (const one of boxes()) one.checked = box.checked;
    document.dispatchEvent(new Event("ticked"));
  });
}

// Many at once, one after the other, with progress. Without a script the server does them all in one answer.
for (const form of all("form[data-bulk]")) {
  const bar = form.querySelector("progress");
  const told = form.querySelector("[data-told]");
  // Attributes: a field named `id` stands in the way of the property.
  const count = () => all(`input[name="id"][form="${form.getAttribute("id")}"]:checked`);
  const say = () => { form.querySelector("[data-count]").textContent = String(count().length); };
  document.addEventListener("change", say);
  document.addEventListener("ticked", say);
  say();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const boxes = count();
    if (boxes.length === 0) return;
    const button = form.querySelector("button[type=submit]");
    button.disabled = true;
    bar.hidden = false;
    bar.max = boxes.length;
    bar.value = 0;
    const failed = [];
    for (const box of boxes) {
      const fields = new URLSearchParams(new FormData(form));
      fields.delete("id");
      fields.append("id", box.value);
      try {
        const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields, headers: { accept: "application/json" } });
        const result = answer.ok ? await answer.json() : { failed: [{ id: box.value, why: String(answer.status) }] };
        failed.push(...result.failed);
      } catch (error) {
        failed.push({ id: box.value, why: String(error) });
      }
      bar.value += 1;
      told.textContent = `${bar.value} / ${boxes.length}`;
    }
    if (failed.length === 0) {
      const to = new URL(location.href);
      to.searchParams.set("done", "bulk");
      location.assign(to);
      return;
    }
    told.textContent = failed.map((one) => `${one.id}: ${one.why}`).join("; ");
    button.disabled = false;
  });
}

// A button that was pressed says so, and is not pressed twice.
for (const form of all("form[method=post]:not([data-bulk])")) {
  form.addEventListener("submit", () => {
    for (const button of all("button[type=submit]", form)) {
      button.setAttribute("aria-busy", "true");
      setTimeout(() => { button.disabled = true; }, 0);
    }
  });
}
// The browser's way back shows a page as it was left.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

localTimes();
copyButtons();
