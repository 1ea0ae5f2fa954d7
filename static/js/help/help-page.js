// Give each block of code on a help page the button that copies it.

const model = document.querySelector("#copy-model");

for (const [index, code] of document.querySelectorAll(".help-article .prose pre").entries()) {
  const box = document.createElement("div");
  box.className = "snippet";
  code.id = `code-${index + 1}`;
  code.tabIndex = 0;
  code.replaceWith(box);
  const copy = model.content.cloneNode(true);
  copy.querySelector("button").dataset.copy = `#${code.id}`;
  box.append(code, copy);
}
