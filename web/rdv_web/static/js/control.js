// The control table: marking all rows of a page, printing, and fields that belong to one action.

const rows = [...document.querySelectorAll('.control input[name="ligne"]')];
const place = document.querySelector("[data-mark-all]");
if (place && rows.length) {
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", place.previousElementSibling.textContent);
  const follow = () => {
    const marked = rows.filter((row) => row.checked).length;
    all.checked = marked === rows.length;
    all.indeterminate = marked > 0 && marked < rows.length;
  };
  all.addEventListener("change", () => rows.forEach((row) => (row.checked = all.checked)));
  rows.forEach((row) => row.addEventListener("change", follow));
  place.append(all);
  follow();
}

const action = document.querySelector("#action");
for (const field of document.querySelectorAll("[data-only-for]")) {
  const show = () => (field.hidden = action.value !== field.dataset.onlyFor);
  action.addEventListener("change", show);
  show();
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// an open list of formats closes when one looks elsewhere
const formats = document.querySelector("details.export");
if (formats) {
  document.addEventListener("click", (event) => {
    if (!formats.contains(event.target)) formats.open = false;
  });
  formats.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    formats.open = false;
    formats.querySelector("summary").focus();
  });
}
