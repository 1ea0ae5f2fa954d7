// The list's address with another value of one parameter, short and in the server's order.

const ORDER =
  "q sort columns children tree flat mine group differs charts selected only facets archived rows view".split(
    " ",
  );
const READABLE = /%(2F|3A|2C|7C|40|24|3B|3F)/g;

export const encoded = (text) =>
  encodeURIComponent(text).replace(READABLE, decodeURIComponent).replace(/%20/g, "+");

// The query string, with its `?`; a value of "" leaves the parameter out. The place in the
// list is given up where `place` is not kept.
export function parameter(name, value, { place = true } = {}) {
  const items = location.search.slice(1).split("&").filter(Boolean);
  const key = (item) => item.split("=")[0];
  const kept = items.filter(
    (item) => key(item) !== name && (place || !["after", "before"].includes(key(item))),
  );
  if (value) {
    const later = (item) => {
      const at = ORDER.indexOf(key(item));
      return at < 0 || at > ORDER.indexOf(name);
    };
    const at = kept.findIndex(later);
    kept.splice(at < 0 ? kept.length : at, 0, `${name}=${encoded(value)}`);
  }
  return kept.length ? `?${kept.join("&")}` : "";
}

// Shows the list, or another part that follows its links, at that query, as one of them
// would. The address of before stays in the history unless it is to be replaced.
export function show(query, { part = "run-table", replace = false } = {}) {
  const link = document.createElement("a");
  link.href = location.pathname + query;
  link.hidden = true;
  if (replace) link.setAttribute("hx-replace-url", "true");
  document.getElementById(part).append(link);
  htmx.process(link);
  link.click();
}
