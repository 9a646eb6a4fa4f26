// What is chosen in the page, once for all views, and what is pointed at: a stage, a run and its step, a prompt and its token, a
// layer, a head, a cell of a tensor.

import { marked } from '../words/glyphs.js';
import { count } from '../words/format.js';
import { text } from '../words/language.js';

/** @typedef {{
 *   run: Messages.Ready | null, step: number | null, a: number | null, b: number | null, layer: number, head: number,
 *   token: number | null, prompt: string, tensor: string | null, cell: number[] | null, stage: string | null,
 * }} Chosen */
/** What is read of a cell: which tensor it is of, of what shape, where, its value, and how that is written.
 * @typedef {{
 *   name: string, shape: number | string, place: string, value: number | string, shown: string, unit?: string,
 * }} Reading */

/** What Escape lets go: the rest is always chosen. */
const LOOSE = { token: null, tensor: null, cell: null };

/** A token among others, in words.
 * @param {Messages.Piece[]} tokens
 * @param {number} at */
export const place_of = (tokens, at) => text('reading.at', { place: count(at + 1), tokens: count(tokens.length), token: marked(tokens[at].text), id: count(tokens[at].id) });

/** @param {any} a
 * @param {any} b */
const same = (a, b) => a === b || (Array.isArray(a) && Array.isArray(b) && a.join() === b.join());
/** @param {any} a
 * @param {any} b
 * @param {string[]} names */
const differs = (a, b, names) => names.some((name) => !same(a[name], b[name]));

/** Tells of changes as events named after what has changed. */
class Selection extends EventTarget {
  /** The run that is shown, as the engine described it when it was ready.
   * @type {Messages.Ready | null} */
  run = null;
  /** The step whose model is looked at; null for the live one. */
  step = /** @type {number | null} */ (null);
  /** The two steps that are compared; null where none is marked. */
  a = /** @type {number | null} */ (null);
  b = /** @type {number | null} */ (null);
  /** The stage that is open. */
  stage = /** @type {string | null} */ (null);
  layer = 0;
  head = 0;
  /** The token of the prompt that is looked at, from 0; null for the last one. */
  token = /** @type {number | null} */ (null);
  prompt = '';
  /** A cell that is kept: what it is a cell of, by the name of its reader, and its place in it; null for none. */
  tensor = /** @type {string | null} */ (null);
  cell = /** @type {number[] | null} */ (null);
  /** What is pointed at, over what is kept.
   * @type {Partial<Chosen>} */
  previewed = {};
  /** By the name of a tensor, what reads a cell of it; null where there is no such one. Without a cell it reads what its view
   * stands at.
   * @type {Record<string, (cell: number[] | null) => Reading | null>} */
  readers = Object.create(null);
  /** The look at the prompt, as long as there is none.
   * @type {() => Messages.Looked | undefined} */
  look = () => undefined;

  /** Takes in what is new, and tells of it once all of it stands.
   * @param {Partial<Chosen>} values */
  set(values) {
    const changed = /** @type {(keyof Chosen)[]} */ (Object.keys(values)).filter((name) => !same(this[name], values[name]));
    Object.assign(this, values);
    for (const name of changed) this.dispatchEvent(new Event(name));
  }

  /** Points at `values` for as long as nothing else is pointed at; null for nothing.
   * @param {Partial<Chosen> | null} values */
  preview(values) {
    const next = values ?? {};
    if (!differs(next, this.previewed, Object.keys({ ...next, ...this.previewed }))) return;
    this.previewed = next;
    this.dispatchEvent(new Event('preview'));
  }

  /** Keeps `values` until Escape, or until they are chosen once more.
   * @param {Partial<Chosen>} values */
  keep(values) {
    if (differs(values, this, Object.keys(values))) this.set(values);
    else this.release();
  }

  /** Lets go of what is kept and of what is pointed at. */
  release() {
    this.preview(null);
    this.set(LOOSE);
  }

  /** Whether anything is kept that can be let go. */
  get kept() {
    return differs(LOOSE, this, Object.keys(LOOSE));
  }

  /** Whether something else is pointed at than what is kept. */
  get pointed() {
    return differs(this.previewed, this, Object.keys(this.previewed));
  }

  /** What is seen: what is pointed at, or else what is kept. */
  get shown() {
    const { layer, head, token, tensor, cell, previewed } = this;
    return { layer, head, token, tensor, cell, ...previewed };
  }

  /** Tells that the readers of `tensors` have something new to read.
   * @param {...string} tensors */
  came(...tensors) {
    this.dispatchEvent(Object.assign(new Event('came'), { tensors }));
  }

  /** Calls `hear` whenever one of `names` has changed; `preview` is what is pointed at, `came` new numbers, `said` what is to be
   * said aloud.
   * @param {(keyof Chosen | 'preview' | 'came' | 'said')[]} names
   * @param {(event: any) => void} hear */
  on(names, hear) {
    for (const name of names) this.addEventListener(name, hear);
  }
}

export const selection = new Selection();
