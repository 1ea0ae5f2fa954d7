// Completion of the search box, a combobox whose options the server makes: arrows choose,
// Tab completes, Enter applies, Esc closes. What is typed is never changed without a request.

const box = document.getElementById("q");
const list = document.getElementById("completion");
const TYPING_PAUSE_MS = 120;
let pending, timer, active;
// The text that the options are for: the list of a slow response has those of less.
let listedText = "";

box.setAttribute("role", "combobox");
box.setAttribute("aria-autocomplete", "list");
box.setAttribute("aria-haspopup", "listbox");
box.setAttribute("aria-expanded", "false");

const options = () => [...list.querySelectorAll("[role=option]")];

function close() {
  clearTimeout(timer);
  pending?.abort();
  list.hidden = true;
  list.replaceChildren();
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-controls");
  choose(null);
}

function choose(option) {
  active?.setAttribute("aria-selected", "false");
  active = option;
  if (option) {
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", option.id);
  } else box.removeAttribute("aria-activedescendant");
}

async function loadSuggestions() {
  pending?.abort();
  const controller = new AbortController();
  pending = controller;
  const text = box.value;
  const query = new URLSearchParams(location.search);
  for (const name of ["q", "after", "before"]) query.delete(name);
  query.set("text", text);
  query.set("at", String([...box.value.slice(0, box.selectionStart)].length));
  if (list.dataset.in) query.set("in", list.dataset.in);
  for (const filter of recentFilters()) query.append("recent", filter);
  try {
    const response = await fetch(`${list.dataset.url}?${query}`, { signal: controller.signal });
    if (!response.ok) return close();
    const html = await response.text();
    if (controller.signal.aborted || document.activeElement !== box) return;
    show(html);
    listedText = text;
  } catch (error) {
    if (error.name !== "AbortError") close();
  }
}

function show(html) {
  choose(null);
  list.innerHTML = html;
  const any = options().length > 0;
  list.hidden = !any;
  box.setAttribute("aria-expanded", String(any));
  if (any) box.setAttribute("aria-controls", "q-options");
  else box.removeAttribute("aria-controls");
  // The value that fits what is typed; without one Enter applies what is typed.
  choose(list.querySelector("[data-chosen]"));
}

// The filters that were applied in this browser, the newest first.
const RECENT_KEY = `recent-filters ${list.dataset.url}`;
const MAX_RECENT = 8;
const MAX_RECENT_LENGTH = 500;

function recentFilters() {
  try {
    return JSON.parse(localStorage.getItem(RECENT_KEY)) ?? [];
  } catch {
    return [];
  }
}

function rememberFilter() {
  const text = box.value.trim();
  if (!text || text.length > MAX_RECENT_LENGTH) return;
  const recent = [text, ...recentFilters().filter((each) => each !== text)];
  try {
    localStorage.setItem(RECENT_KEY, JSON.stringify(recent.slice(0, MAX_RECENT)));
  } catch {
    // Without storage nothing is remembered.
  }
}

function scheduleCompletion() {
  clearTimeout(timer);
  timer = setTimeout(loadSuggestions, TYPING_PAUSE_MS);
}

const isCurrent = () => box.value === listedText;

// Inserts what was chosen, or else the first option. Those of fewer letters begin with
// another one, so it waits for those of all that is typed.
async function complete() {
  if (active) return insertOption(active);
  if (!isCurrent()) {
    clearTimeout(timer);
    await loadSuggestions();
  }
  const first = options().find((option) => !option.dataset.href);
  if (first && isCurrent()) insertOption(first);
}

function insertOption(option) {
  const { start, end, insert, href } = option.dataset;
  // A run that has the word opens its page.
  if (href) return location.assign(href);
  box.focus();
  const from = codeUnitOffset(start);
  const until = isCurrent() ? codeUnitOffset(end) : box.selectionEnd;
  box.setSelectionRange(from, until);
  // The browser's own way of typing, so that Ctrl+Z takes it back.
  const typed = insert
    ? document.execCommand("insertText", false, insert)
    : document.execCommand("delete");
  if (!typed) box.setRangeText(insert, from, until, "end");
}

// Characters beyond the first plane count as one for the server and two here.
function codeUnitOffset(number) {
  return [...box.value].slice(0, Number(number)).join("").length;
}

function submitFilter() {
  close();
  box.value = box.value.trimEnd();
  box.form.requestSubmit();
}

function moveActive(step) {
  const all = options();
  const next = all.indexOf(active) + step;
  if (next < -1) choose(all.at(-1));
  else choose(all[next] ?? null);
}

box.addEventListener("input", () => {
  choose(null);
  scheduleCompletion();
});
box.addEventListener("blur", close);
box.form.addEventListener("submit", rememberFilter);
box.addEventListener("click", () => {
  if (!box.value && list.hidden) loadSuggestions();
});

box.addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey) return;
  const open = !list.hidden;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (open) moveActive(event.key === "ArrowDown" ? 1 : -1);
    else loadSuggestions();
  } else if (event.key === "Escape" && open) {
    event.preventDefault();
    event.stopPropagation();
    close();
  } else if (event.key === "Tab" && open && !event.shiftKey && (active || box.value)) {
    event.preventDefault();
    complete();
  } else if (event.key === "Enter") {
    clearTimeout(timer);
    if (!open || !active) return close();
    event.preventDefault();
    const ends = "ends" in active.dataset;
    insertOption(active);
    if (ends) submitFilter();
  }
});

// The box keeps the focus while the mouse chooses.
list.addEventListener("mousedown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (option) insertOption(option);
});
