// What is chosen in the page, once for all views: a step of the time line, a layer, a head, a token, a prompt.

/** Tells of changes as events named after what has changed. */
class Selection extends EventTarget {
  /** The step whose model is looked at; null for the live one. */
  step = /** @type {number | null} */ (null);
  /** The two steps that are compared; null where none is marked. */
  a = /** @type {number | null} */ (null);
  b = /** @type {number | null} */ (null);
  layer = 0;
  head = 0;
  /** The token of the prompt that is looked at, from 0; null for the last one. */
  token = /** @type {number | null} */ (null);
  prompt = '';

  /** Takes in what is new, and tells of it once all of it stands.
   * @param {{ step?: number | null, a?: number | null, b?: number | null, layer?: number, head?: number, token?: number | null, prompt?: string }} values */
  set(values) {
    const changed = Object.keys(values).filter((name) => this[name] !== values[name]);
    Object.assign(this, values);
    for (const name of changed) this.dispatchEvent(new Event(name));
  }

  /** Calls `hear` whenever one of `names` has changed.
   * @param {('step' | 'a' | 'b' | 'layer' | 'head' | 'token' | 'prompt')[]} names
   * @param {(name: string) => void} hear */
  on(names, hear) {
    for (const name of names) this.addEventListener(name, () => hear(name));
  }
}

export const selection = new Selection();
