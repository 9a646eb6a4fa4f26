// How often a model that trains is looked at, and what its steps tell is drawn: ten times a second at most, whatever is dragged
// or typed, and whoever asks.

/** Milliseconds between any two looks, and between two pictures of one view. */
const APART = 100;

/** Whether the model that is shown is being trained. */
export const pace = { trains: false };
/** What waits for its turn, by who asks: the first is the next.
 * @type {Map<object, () => void>} */
const waiting = new Map();
let timer = /** @type {number | null} */ (null);
let last = -Infinity;

/** Calls `look` for `who` at its turn, in the place of what else waits for it: at once where nothing trains.
 * @param {object} who
 * @param {() => void} look */
export function paced(who, look) {
  waiting.set(who, look);
  if (timer === null) turn();
}

function turn() {
  timer = null;
  for (const [who, look] of waiting) {
    const early = pace.trains ? last + APART - performance.now() : 0;
    if (early > 0) {
      timer = setTimeout(turn, early);
      return;
    }
    last = performance.now();
    waiting.delete(who);
    look();
  }
}

/** Views that wait to be drawn, the one that has waited longest first, and when each was drawn last.
 * @type {Map<object, () => void>} */
const views = new Map();
/** @type {WeakMap<object, number>} */
const drawn = new WeakMap();
let picture = /** @type {number | null} */ (null);

/** Draws `who` with one of the next pictures. While a model trains no two views are drawn in the same, so that none takes long.
 * @param {object} who
 * @param {() => void} draw */
export function drawn_later(who, draw) {
  views.set(who, draw);
  picture ??= requestAnimationFrame(next);
}

/** `who` needs not be drawn any more; says whether it waited for it.
 * @param {object} who */
export const drawn_now = (who) => views.delete(who);

function next() {
  picture = null;
  const now = performance.now();
  /** @param {object} who */
  const due = (who) => (pace.trains ? Math.max(0, (drawn.get(who) ?? -Infinity) + APART - now) : 0);
  const ready = [...views.keys()].filter((view) => due(view) === 0);
  for (const who of pace.trains ? ready.slice(0, 1) : ready) {
    const draw = views.get(who);
    views.delete(who);
    drawn.set(who, now);
    draw?.();
  }
  if (views.size === 0 || picture !== null) return;
  const early = Math.min(...[...views.keys()].map(due));
  picture = early > 0 ? setTimeout(() => { picture = requestAnimationFrame(next); }, early) : requestAnimationFrame(next);
}
