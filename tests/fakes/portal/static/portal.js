// The scripted select: a div that opens a list, as many portals have instead of the browser's own.
for (const combo of document.querySelectorAll("[data-combo]")) {
  const shown = combo.querySelector("[role=combobox]");
  const list = combo.querySelector("[role=listbox]");
  const field = combo.querySelector("input[type=hidden]");
  const open = (wanted) => {
    list.hidden = !wanted;
    shown.setAttribute("aria-expanded", String(wanted));
  };
  shown.addEventListener("click", () => open(list.hidden));
  shown.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " " || event.key === "ArrowDown") {
      event.preventDefault();
      open(true);
    } else if (event.key === "Escape") {
      open(false);
    }
  });
  for (const option of list.children) {
    option.addEventListener("click", () => {
      for (const other of list.children) other.setAttribute("aria-selected", String(other === option));
      shown.textContent = field.value = option.textContent;
      open(false);
    });
  }
  document.addEventListener("click", (event) => {
    if (!combo.contains(event.target)) open(false);
  });
}
// Whoever presses the last button twice presses it once.
for (const form of document.querySelectorAll("form[method=post]")) {
  form.addEventListener("submit", () => {
    for (const button of form.querySelectorAll("button")) setTimeout(() => { button.disabled = true; }, 0);
  });
}
