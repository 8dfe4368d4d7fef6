// Moves of dates: what they are, and how they are sent and answered.

const MINUTE = 60_000;

// Wall-clock times are reckoned as if they were UTC: no night is longer or shorter there.
const instantOf = (wall) => Date.parse(wall.length > 10 ? `${wall}:00Z` : `${wall}T00:00:00Z`);
const wallOf = (instant, isDay) => new Date(instant).toISOString().slice(0, isDay ? 10 : 16);

/** Return how many pixels a quarter of an hour takes in a track. */
export const quarterOf = (track) => {
  const rems = parseFloat(getComputedStyle(track).getPropertyValue("--quarter"));
  return rems * parseFloat(getComputedStyle(document.documentElement).fontSize);
};

export const isMovable = (entry) => "movable" in entry.dataset;

/** Return the move of an entry by some minutes, to a length or another person; null for none. */
export const moveOf = (entry, { by = 0, longer = 0, person = entry.dataset.person }) => {
  const { start, end, allDay } = entry.dataset;
  const first = instantOf(start) + by * MINUTE;
  const last = instantOf(end) + (by + longer) * MINUTE;
  if (longer && last <= first) return null;
  if (!by && !longer && person === entry.dataset.person) return null;
  return {
    entry: entry.dataset.entry,
    from: entry.dataset.person,
    to: person,
    was_start: start,
    was_end: end,
    start: wallOf(first, allDay),
    end: wallOf(last, allDay),
    ...(allDay ? { all_day: "yes" } : {}),
  };
};

/** Return the minutes between a day and another, both written as dates. */
export const minutesBetween = (day, other) => (instantOf(other) - instantOf(day)) / MINUTE;

/** Return the time of day of an entry's start, moved by some minutes, as people read it. */
export const clockOf = (entry, by, longer = 0) => {
  const shown = [instantOf(entry.dataset.start) + by * MINUTE, instantOf(entry.dataset.end) + (by + longer) * MINUTE];
  return shown.map((instant) => wallOf(instant, false).slice(11)).join("–");
};

const tell = (found) => {
  const place = document.getElementById("planning-toast");
  const toast = found?.querySelector(".toast");
  if (toast) place.replaceChildren(toast);
};

const show = (found, move) => {
  const fresh = found.getElementById("planning");
  if (!fresh) return;
  const old = document.getElementById("planning");
  const frame = old.querySelector(".planning-frame");
  const [left, top] = [frame?.scrollLeft ?? 0, frame?.scrollTop ?? 0];
  old.replaceWith(fresh);
  fresh.querySelector(".planning-frame")?.scrollTo(left, top);
  const same = [...fresh.querySelectorAll(".entry")].filter((each) => each.dataset.entry === String(move.entry));
  (same.find((each) => each.dataset.person === String(move.to)) ?? same[0])?.focus({ preventScroll: false });
};

const post = async (move) => {
  const form = document.getElementById("planning-move");
  const planning = document.getElementById("planning");
  planning.setAttribute("aria-busy", "true");
  try {
    const body = new FormData(form);
    for (const [name, value] of Object.entries(move)) {
      for (const each of [value].flat()) body.append(name, each);
    }
    const answer = await fetch(form.action, { method: "POST", body, headers: { "X-Planning-Part": "yes" } });
    if (answer.status === 401 || answer.redirected) return window.location.reload();
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok) show(found, move);
    if (!found.querySelector(".toast")) return window.location.reload();
    tell(found);
  } catch {
    // without an answer nobody knows what was written: the page shows it
    window.location.reload();
  } finally {
    document.getElementById("planning")?.removeAttribute("aria-busy");
  }
  return null;
};

let last = Promise.resolve();

/** Send a move after those that are under way; a function is asked for it when its turn comes. */
export const send = (move) => {
  last = last.then(() => {
    const now = typeof move === "function" ? move() : move;
    return now ? post(now) : null;
  });
  return last;
};

/** Send what a form says, as the button that undoes a move does. */
export const sendForm = (form) => {
  const fields = new FormData(form);
  fields.delete("csrf_token");
  send(Object.fromEntries([...fields.keys()].map((name) => [name, fields.getAll(name)])));
};
