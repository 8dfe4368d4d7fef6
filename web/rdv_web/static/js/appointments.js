// The form of a rendez-vous: tabs, hours that follow each other, fields that apply.

const form = document.querySelector("#appointment-form");
const part = (name) => form.querySelector(`[data-${name}]`);

// The panels become tabs; without this they stand one below the other, reached by the links.
const panels = document.querySelector("[data-tabs]");
if (panels) {
  const links = [...panels.querySelectorAll(":scope > .tabs a")];
  const panel = (link) => document.querySelector(link.hash);
  const show = (chosen) => {
    for (const link of links) {
      const isChosen = link === chosen;
      panel(link).hidden = !isChosen;
      if (isChosen) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  panels.classList.add("with-tabs");
  for (const link of links) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      show(link);
    });
  }
  const faulty = links.find((link) => panel(link).querySelector(".problem"));
  show(faulty ?? links.find((link) => link.hash === location.hash) ?? links[0]);
  // participants that were shown anew stay on view
  document.addEventListener("htmx:afterSwap", () => {
    show(links.find((link) => link.hasAttribute("aria-current")) ?? links[0]);
  });
}

// All day: no hours.
const allDay = part("all-day");
const showHours = () => {
  for (const each of form.querySelectorAll(".timed")) each.hidden = allDay.checked;
};
allDay.addEventListener("change", showHours);
showHours();

// Moving the beginning moves the end: a rendez-vous keeps its length.
const [startDay, startTime, endDay, endTime] = ["start-day", "start-time", "end-day", "end-time"].map(part);
const read = (day, time) => Date.parse(`${day.value}T${time.value || "00:00"}Z`);
let length = read(endDay, endTime) - read(startDay, startTime);
const follow = () => {
  const start = read(startDay, startTime);
  if (Number.isNaN(start)) return;
  if (Number.isNaN(length) || length < 0) length = 3_600_000;
  const end = new Date(start + length).toISOString();
  endDay.value = end.slice(0, 10);
  if (!allDay.checked && startTime.value) endTime.value = end.slice(11, 16);
};
startDay.addEventListener("change", follow);
startTime.addEventListener("change", follow);
for (const each of [endDay, endTime]) {
  each.addEventListener("change", () => {
    length = read(endDay, endTime) - read(startDay, startTime);
  });
}

// What only some repetitions have is shown with these alone.
const repeat = part("repeat");
if (repeat) {
  const showRepeat = () => {
    const ends = form.querySelector("[name='ends']:checked")?.value;
    for (const each of form.querySelectorAll("[data-of]")) each.hidden = each.dataset.of !== repeat.value;
    for (const each of form.querySelectorAll("[data-ends]")) each.hidden = each.dataset.ends !== ends;
  };
  repeat.closest("details").addEventListener("change", showRepeat);
  showRepeat();
}

// Opening a picker leads into it; the search then shows whom there is.
form.addEventListener("toggle", (event) => {
  if (event.target.matches(".picker[open]")) event.target.querySelector("input:not([type='hidden'])").focus();
}, true);

// Enter in the search looks for participants rather than saving; a place is taken at once.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.id === "words") event.preventDefault();
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-place]");
  if (!button) return;
  event.preventDefault();
  form.elements.location.value = button.dataset.place;
});

// Nobody leaves what he typed by mistake.
let isTyped = false;
form.addEventListener("input", () => { isTyped = true; });
form.addEventListener("submit", () => { isTyped = false; });
window.addEventListener("beforeunload", (event) => {
  if (isTyped) event.preventDefault();
});

// Whose session has expired is asked to log in, and finds what he typed again.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  const { elt } = requestConfig;
  if (xhr.status !== 401 || !elt.matches("#appointment-form button")) return;
  event.detail.isError = false;
  form.requestSubmit(elt);
});
