// Dragging dates with a mouse, a pen or a finger. A finger has to rest first: else it scrolls.
import { clockOf, isMovable, minutesBetween, moveOf, quarterOf, send } from "./planning-moves.js";

const NEAR = 5; // pixels that a hand may tremble
const REST = 350; // milliseconds that a finger rests before it drags
const QUARTER = 15;

let drag = null;

const timeLabel = () => {
  const label = document.createElement("div");
  label.className = "drag-time";
  label.setAttribute("aria-hidden", "true");
  document.body.append(label);
  return label;
};

// How many pixels a quarter of an hour takes in a track, and along which axis; null where it is none.
const scaleOf = (track) => {
  if (track?.dataset.drop !== "time" || getComputedStyle(track).display !== "grid") return null;
  const isAcross = track.classList.contains("x");
  return { isAcross, quarter: quarterOf(track) };
};

const dropUnder = (x, y) =>
  document.elementsFromPoint(x, y).map((each) => each.closest("[data-drop]")).find((each) => each) ?? null;

// By how many minutes the pointer moved the entry, told by where it is now.
const shiftAt = (x, y) => {
  const { entry, home, scale } = drag;
  const target = dropUnder(x, y) ?? home;
  if (drag.isResize) {
    const pixels = scale.isAcross ? x - drag.x : y - drag.y;
    return { target: home, by: 0, longer: Math.round(pixels / scale.quarter) * QUARTER };
  }
  const days = minutesBetween(home.dataset.day, target.dataset.day);
  const there = scaleOf(target);
  if (!there || !scale || entry.dataset.allDay) return { target, by: days, longer: 0 };
  const scrolled = there.isAcross ? drag.frame.scrollLeft - drag.left : drag.frame.scrollTop - drag.top;
  const pixels = (there.isAcross ? x - drag.x : y - drag.y) + scrolled + pageShift(there);
  return { target, by: days + Math.round(pixels / there.quarter) * QUARTER, longer: 0 };
};

const pageShift = ({ isAcross }) => (isAcross ? window.scrollX - drag.pageX : window.scrollY - drag.pageY);

const begin = () => {
  drag.isOn = true;
  drag.entry.classList.add("held");
  drag.entry.parentElement.classList.add("lifted");
  document.body.classList.add("dragging");
  drag.label = timeLabel();
  document.getSelection()?.removeAllRanges();
};

const follow = (event) => {
  const { target, by, longer } = shiftAt(event.clientX, event.clientY);
  drag.aimed?.classList.remove("aimed");
  drag.aimed = target;
  target.classList.add("aimed");
  if (!drag.isResize) {
    const [x, y] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.entry.parentElement.style.transform = `translate(${x}px, ${y}px)`;
  }
  drag.label.hidden = Boolean(drag.entry.dataset.allDay);
  drag.label.textContent = clockOf(drag.entry, by, longer);
  drag.label.style.left = `${Math.min(event.clientX + 14, window.innerWidth - 120)}px`;
  drag.label.style.top = `${event.clientY + 14}px`;
  scrollAtEdge(event);
};

// Near an edge of the frame, it gives way.
const scrollAtEdge = ({ clientX, clientY }) => {
  const box = drag.frame.getBoundingClientRect();
  const edge = 36;
  if (clientX > box.right - edge) drag.frame.scrollLeft += 12;
  if (clientX < box.left + edge) drag.frame.scrollLeft -= 12;
  if (clientY > Math.min(box.bottom, window.innerHeight) - edge) drag.frame.scrollTop += 12;
  if (clientY < box.top + edge) drag.frame.scrollTop -= 12;
};

const end = () => {
  if (!drag) return;
  clearTimeout(drag.timer);
  drag.aimed?.classList.remove("aimed");
  drag.entry.classList.remove("held");
  drag.entry.parentElement.classList.remove("lifted");
  drag.entry.parentElement.style.transform = "";
  document.body.classList.remove("dragging");
  drag.label?.remove();
  drag = null;
};

const drop = (event) => {
  const { target, by, longer } = shiftAt(event.clientX, event.clientY);
  const move = moveOf(drag.entry, { by, longer, person: target.dataset.person });
  end();
  // the click that follows would open the entry
  const swallow = (click) => {
    click.preventDefault();
    click.stopPropagation();
  };
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 50);
  if (move) send(move);
};

const pick = (event) => {
  const entry = event.target.closest?.("#planning .entry");
  if (!entry || !isMovable(entry) || event.button !== 0 || drag) return;
  const home = entry.closest("[data-drop]");
  const scale = scaleOf(home);
  drag = {
    entry,
    home,
    scale,
    frame: entry.closest(".planning-frame"),
    isResize: scale !== null && event.target.closest(".handle") !== null,
    isFinger: event.pointerType === "touch",
    pointer: event.pointerId,
    x: event.clientX,
    y: event.clientY,
    left: entry.closest(".planning-frame").scrollLeft,
    top: entry.closest(".planning-frame").scrollTop,
    pageX: window.scrollX,
    pageY: window.scrollY,
  };
  if (drag.isFinger) drag.timer = setTimeout(begin, REST);
};

const moved = (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  const isFar = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > NEAR;
  if (!drag.isOn && isFar) {
    if (drag.isFinger) return end();
    begin();
  }
  if (drag.isOn) follow(event);
  return null;
};

/** Let entries be dragged, now and after each move. */
export const startDragging = () => {
  document.addEventListener("pointerdown", pick);
  document.addEventListener("pointermove", moved);
  document.addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.pointer) return;
    if (drag.isOn) drop(event);
    else end();
  });
  document.addEventListener("pointercancel", end);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") end();
  });
  // a finger that drags does not scroll, and holding it opens no menu
  document.addEventListener("touchmove", (event) => drag?.isOn && event.preventDefault(), { passive: false });
  document.addEventListener("contextmenu", (event) => drag?.isFinger && event.preventDefault());
  // a browser may take hold of the link that lies beneath
  document.addEventListener("dragstart", (event) => drag && event.preventDefault());
};
