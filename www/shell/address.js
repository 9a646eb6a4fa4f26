// The address: what is open, which text, which settings, which head. Whoever opens the link sees the same.

/** Milliseconds in which several changes become one: browsers refuse to write the address many times a second. */
const WRITE_PAUSE = 250;

const waiting = new Map();
let timer = /** @type {number | null} */ (null);

/** What the address says, also what is still to be written into it. */
export function address() {
  const said = new URLSearchParams(location.hash.slice(1));
  for (const [key, value] of waiting) {
    if (value === null || value === '') said.delete(key);
    else said.set(key, String(value));
  }
  return said;
}

/** Writes `values` into the address, soon; null takes a key out of it.
 * @param {Record<string, string | number | null | undefined>} values */
export function note(values) {
  for (const [key, value] of Object.entries(values)) waiting.set(key, value);
  timer ??= setTimeout(settle, WRITE_PAUSE);
}

/** Writes what waits, at once, and tells the document of it. */
export function settle() {
  clearTimeout(timer ?? undefined);
  timer = null;
  const said = address().toString();
  waiting.clear();
  history.replaceState(null, '', said ? `#${said}` : location.pathname + location.search);
  document.dispatchEvent(new Event('addresschange'));
}
