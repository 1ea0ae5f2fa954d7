// The list's address with another value of one parameter, short and in the server's order.

// As in studio/core/view_spec.py.
export const ORDER =
  "q sort columns children tree flat mine group differs charts selected only facets archived rows view after before".split(
    " ",
  );
const READABLE = /%(2F|3A|2C|7C|40|24|3B|3F)/g;

/**
 * Encode a value as the server does.
 * @param {string} text
 */
export function encodeValue(text) {
  return encodeURIComponent(text)
    .replace(READABLE, decodeURIComponent)
    .replaceAll("'", "%27")
    .replaceAll("%20", "+");
}

/**
 * The query string of this page, with its `?`, and another value of one parameter; "" leaves
 * the parameter out.
 * @param {string} name
 * @param {string} value
 */
export function parameter(name, value) {
  const items = location.search.slice(1).split("&").filter(Boolean);
  const key = (item) => item.split("=")[0];
  const kept = items.filter((item) => key(item) !== name);
  if (value) {
    const isLater = (item) => {
      const at = ORDER.indexOf(key(item));
      return at < 0 || at > ORDER.indexOf(name);
    };
    const at = kept.findIndex(isLater);
    kept.splice(at < 0 ? kept.length : at, 0, `${name}=${encodeValue(value)}`);
  }
  return kept.length ? `?${kept.join("&")}` : "";
}

/**
 * Show the list, or another part that follows its links, at a query, as a click on a link
 * does.
 * @param {string} query
 * @param {{ part?: string, replace?: boolean }} [options] `replace`: no new entry in the
 *   browser's history
 */
export function show(query, { part = "run-table", replace = false } = {}) {
  const link = document.createElement("a");
  link.href = location.pathname + query;
  link.hidden = true;
  if (replace) link.setAttribute("hx-replace-url", "true");
  document.getElementById(part).append(link);
  htmx.process(link);
  link.click();
}
