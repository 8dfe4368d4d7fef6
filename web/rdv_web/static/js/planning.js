// Plannings: dates are moved by dragging (planning-drag.js) and by keys (here). Every move is one
// POST; its answer is the planning anew, with what is told of the move and a button to undo it.
import { isMovable, moveOf, quarterOf, send, sendForm } from "./planning-moves.js";
import { startDragging } from "./planning-drag.js";

const MINUTES = { quarter: 15, day: 24 * 60, week: 7 * 24 * 60 };

for (const each of document.querySelectorAll("[data-print], #planning-keys")) each.hidden = false;
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());

// On a narrow or long planning, what matters now is in view from the start.
const scrollToNow = () => {
  const frame = document.querySelector(".planning-frame");
  const now = frame?.querySelector(".x .now");
  if (now) frame.scrollLeft = Math.max(0, now.offsetLeft - frame.clientWidth / 3);
};
scrollToNow();

// An empty place in the line of a person is where one plans for him.
document.addEventListener("click", (event) => {
  const track = event.target.closest(".track.x[data-new]");
  if (!track?.dataset.new || event.target.closest(".place")) return;
  const quarters = Math.floor((event.clientX - track.getBoundingClientRect().left) / quarterOf(track));
  const minutes = Number(track.dataset.hour) * 60 + Math.floor(quarters / 2) * 30;
  if (minutes < 0 || minutes >= MINUTES.day) return;
  const clock = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, "0"));
  const url = new URL(track.dataset.new, window.location.href);
  url.searchParams.set("debut", `${track.dataset.day}T${clock.join(":")}`);
  window.location.assign(url);
});

// What a key means depends on how the planning is drawn: where time goes, and where persons are.
const stepOf = (key, view, isTeam) => {
  const forwards = key === "ArrowDown" || key === "ArrowRight" ? 1 : -1;
  const isVertical = key === "ArrowDown" || key === "ArrowUp";
  if (isTeam && isVertical) return { person: forwards };
  if (view === "mois") return { minutes: forwards * (isVertical ? MINUTES.week : MINUTES.day) };
  if (isTeam) return { minutes: forwards * (view === "jour" ? MINUTES.quarter : MINUTES.day) };
  return { minutes: forwards * (isVertical ? MINUTES.quarter : MINUTES.day) };
};

const personBeside = (entry, by) => {
  const rows = [...document.querySelectorAll("table.team tbody tr")];
  const row = rows[rows.indexOf(entry.closest("tr")) + by];
  return row?.querySelector("[data-person]")?.dataset.person;
};

const moveByKey = (entry, event) => {
  const view = document.getElementById("planning").dataset.view;
  const isTeam = entry.closest("table.team") !== null;
  if (event.shiftKey) {
    const forwards = event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1;
    const by = entry.dataset.allDay ? MINUTES.day : MINUTES.quarter;
    return moveOf(entry, { longer: forwards * by });
  }
  const step = stepOf(event.key, view, isTeam);
  if (step.person) {
    const person = personBeside(entry, step.person);
    return person ? moveOf(entry, { person }) : null;
  }
  const isTooFine = entry.dataset.allDay && Math.abs(step.minutes) < MINUTES.day;
  return isTooFine ? null : moveOf(entry, { by: step.minutes });
};

const focusBeside = (entry, by) => {
  const all = [...document.querySelectorAll("#planning .entry")];
  all[all.indexOf(entry) + by]?.focus();
};

document.addEventListener("keydown", (event) => {
  const entry = event.target.closest?.("#planning .entry");
  if (!entry || !event.key.startsWith("Arrow") || event.ctrlKey || event.metaKey) return;
  if (!event.altKey) {
    if (event.shiftKey) return;
    event.preventDefault();
    focusBeside(entry, event.key === "ArrowDown" || event.key === "ArrowRight" ? 1 : -1);
    return;
  }
  event.preventDefault();
  // fast fingers: what the key moves is where it is by the time that its turn comes
  send(() => {
    const held = document.activeElement?.closest("#planning .entry");
    return held && isMovable(held) ? moveByKey(held, event) : null;
  });
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-move]")) return;
  event.preventDefault();
  sendForm(event.target);
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) document.getElementById("planning-toast").replaceChildren();
});

startDragging();
