// Which files and folders an address of the tab names; the same rules as the server's.

const MAX_TABS = 12;
const MODEL_FILE = /^\/\/([^/]*)\/(.*)$/s;

// Slashes are readable, and allowed in a query.
const encodePath = (text) => encodeURIComponent(text).replaceAll("%2F", "/");

/**
 * The query with a file shown in one of these tabs; open folders and the search stay.
 * @param {string} search the query now
 * @param {string} chosen as an address names it: a path, or `//model/path`; or ""
 * @param {string[]} tabs
 * @returns {string}
 */
export function addressQuery(search, chosen, tabs) {
  const query = new URLSearchParams(search);
  const shown = tabs.includes(chosen) || !chosen ? tabs : [...tabs, chosen].slice(-MAX_TABS);
  const open = shown.length > 1 ? shown : [];
  const parts = [
    ...(chosen ? fileParts(chosen) : []),
    ...(shown.length ? open : [""]).map((tab) => ["open", tab]),
    ...query.getAll("in").map((folder) => ["in", folder]),
    ...query.getAll("find").map((text) => ["find", text]),
  ];
  return parts.map(([name, value]) => `${name}=${encodePath(value)}`).join("&");
}

function fileParts(file) {
  const model = MODEL_FILE.exec(file);
  if (!model) return [["path", file]];
  return [
    ["model", model[1]],
    ["path", model[2]],
  ];
}

/**
 * The tabs without one of them, and the file that is shown then.
 * @param {string} file
 * @param {string[]} tabs
 * @param {string} chosen
 */
export function closeTab(file, tabs, chosen) {
  const position = tabs.indexOf(file);
  const others = tabs.filter((tab) => tab !== file);
  const next = chosen === file ? (others[Math.min(position, others.length - 1)] ?? "") : chosen;
  return { next, others };
}
