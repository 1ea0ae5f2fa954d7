// A page that another address opened (a view's link, a list's default) shows its own.
const { address } = document.getElementById("shown-at").dataset;
history.replaceState(history.state, "", address + location.hash);
