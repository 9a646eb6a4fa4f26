// From logits to the next token, computed by the engine on the page's own thread: a slider acts at once, also while the
// worker is in the middle of a step.

let engine = /** @type {typeof import('../glasshouse.js') | null} */ (null);
let waiting = /** @type {Promise<void> | null} */ (null);

/** Fetches the engine for this thread; what was fetched for the worker is in the browser's cache. */
export function prepare() {
  waiting ??= import('../glasshouse.js').then(async (module) => {
    await module.default();
    engine = module;
  }).catch(() => {
    // Without it the worker is asked, as before: the answer only comes later.
    waiting = null;
  });
  return waiting;
}

/** What a choice makes of `logits` over the whole vocabulary; null where that is not known here yet.
 * @param {Float32Array | undefined} logits
 * @param {Messages.Choice} choice
 * @returns {Messages.Distribution | null} */
export function distribution(logits, { sampling, draw }) {
  return engine && logits ? engine.distribution(logits, sampling, draw) : null;
}
