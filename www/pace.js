// How often a model that trains is looked at: ten times a second at most, whatever is dragged or typed, and whoever asks.

/** Milliseconds between any two looks. */
const APART = 100;

/** Whether the model that is shown is being trained. */
export const pace = { trains: false };
/** What waits for its turn, by who asks: the first is the next.
 * @type {Map<object, () => void>} */
const waiting = new Map();
let timer = null;
let last = -Infinity;

/** Calls `look` for `who` at its turn, in the place of what else waits for it: at once where nothing trains. */
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
