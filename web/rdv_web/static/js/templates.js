// Writing a template: variables are put in by a click, and the preview follows what is typed.

const form = document.querySelector("#template-form");
const previewing = document.querySelector("[data-preview]");
const fields = form.querySelectorAll('[data-insert], [name="subject"]');

let chosen = form.querySelector("[data-insert]");
for (const each of fields) each.addEventListener("focus", () => (chosen = each));

for (const code of document.querySelectorAll("[data-variable]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "variable";
  code.replaceWith(button);
  button.append(code);
  button.addEventListener("click", () => {
    chosen.setRangeText(code.textContent, chosen.selectionStart, chosen.selectionEnd, "end");
    chosen.focus();
    chosen.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
for (const each of document.querySelectorAll("[data-with-script]")) each.hidden = false;

// A new frame each time: one that is shown anew would fill the list of pages to go back to.
const preview = () => {
  const frame = document.querySelector(".template-preview");
  const fresh = frame.cloneNode();
  fresh.removeAttribute("src");
  frame.replaceWith(fresh);
  form.requestSubmit(previewing);
};
let waiting;
const previewSoon = () => {
  clearTimeout(waiting);
  waiting = setTimeout(preview, 500);
};
form.addEventListener("input", previewSoon);
document.querySelector("#example")?.addEventListener("change", previewSoon);

// Looking is no sending: the form can be sent afterwards.
document.addEventListener("submit", (event) => {
  if (event.submitter === previewing) delete form.dataset.sent;
});
