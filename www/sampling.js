// From logits to the next token, computed by the engine on the page's own thread: a slider acts at once, also while the
// worker is in the middle of a step.

let engine = null;
let waiting = null;

/** Fetches the engine for this thread; what was fetched for the worker is in the browser's cache. */
export function prepare() {
  waiting ??= import('./glasshouse.js').then(async (module) => {
    await module.default();
    engine = module;
  }).catch(() => {
    // Without it the worker is asked, as before: the answer only comes later.
    waiting = null;
  });
  return waiting;
}

/** What `sampling` makes of what was `seen`, for the draw number `draw`; null where that is not known here yet. The token
 * that is drawn may be none of the candidates: then its text is still to be asked for.
 * @param {Told.Looked} seen
 * @param {Told.Sampling} sampling
 * @param {number} draw
 * @returns {Told.Looked | null} */
export function resampled(seen, sampling, draw) {
  if (!engine || !seen.logits) return null;
  const ids = seen.candidates.map(({ id }) => id);
  const { chances, ...found } = engine.distribution(seen.logits, sampling, draw, Uint32Array.from(ids));
  const candidates = seen.candidates.map((candidate, i) => ({ ...candidate, ...chances[i] }));
  // Behind the likeliest stands the one that was drawn before: it goes where another is drawn now.
  return { ...seen, ...found, candidates: candidates.filter(({ id, rank }, i) => rank === i || id === found.picked) };
}
