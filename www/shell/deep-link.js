// The view in the address: step, layer, head, token and cell, as a link brings them and as they are chosen.

import { note } from './address.js';
import { selection } from '../figure/selection.js';

const NUMBERS = /** @type {const} */ (['step', 'layer', 'head', 'token']);
/** What an address says of a view. Tokens, layers and heads are counted from 0, as in the names of tensors. */
export const NAMES = [...NUMBERS, /** @type {const} */ ('tensor'), /** @type {const} */ ('cell')];
/** Tensors that a link brings back: the others are of what somebody did here. */
const LINKED = ['attention', 'pass', 'logits', 'tokens', 'text', 'documents', 'loss', 'lr', 'grad_norm', 'tokens_per_second'];
/** Whole numbers with a dot between each two. */
const WHOLE = /^\d{1,9}(\.\d{1,9})*$/;

/** Shows what a link says, and tells `bad` of the parts of it that do not exist. */
export class View {
  /** @type {(parts: string[]) => void} */
  bad;
  /** What a link says, until there is a run to show it of.
   * @type {Partial<import('../figure/selection.js').Chosen> | null} */
  link = null;
  /** What of it may not exist: it is known when its view has numbers.
   * @type {Partial<import('../figure/selection.js').Chosen>} */
  unsure = {};

  /** @param {(parts: string[]) => void} bad */
  constructor(bad) {
    this.bad = bad;
    selection.on(NAMES, () => this.write());
    selection.on(['came'], ({ tensors }) => this.check(tensors));
  }

  /** Takes what an address says, and returns those parts of it that mean nothing, as they are written.
   * @param {URLSearchParams} said */
  take(said) {
    this.link = {};
    for (const name of NUMBERS) if (/^\d{1,9}$/.test(said.get(name) ?? '')) this.link[name] = Number(said.get(name));
    const [tensor = '', cell = ''] = [said.get('tensor') ?? '', said.get('cell') ?? ''];
    if (LINKED.includes(tensor) && WHOLE.test(cell)) Object.assign(this.link, { tensor, cell: cell.split('.').map(Number) });
    const { link } = this;
    return NAMES.filter((name) => said.has(name) && !(name in link)).map((name) => `${name}=${said.get(name)}`);
  }

  /** A run is there: shows of it what the link says; `nearest` gives the step of its time line that is nearest to another.
   * @param {Messages.Model} model
   * @param {(step: number) => number | null} nearest */
  apply({ layers, heads }, nearest) {
    const { link } = this;
    if (!link) return;
    this.link = null;
    this.refuse(link, [(link.layer ?? 0) >= layers && 'layer', (link.head ?? 0) >= heads && 'head']);
    if (typeof link.step === 'number') link.step = nearest(link.step);
    this.unsure = { ...link };
    selection.set({ step: null, layer: 0, head: 0, token: null, tensor: null, cell: null, ...link });
    this.write();
  }

  /** What `tensors` have is there: says what of the link they have not.
   * @param {string[]} tensors */
  check(tensors) {
    const { unsure } = this;
    const { tensor } = unsure;
    const here = Boolean(tensor) && tensors.includes(tensor ?? '');
    const none = here && !selection.readers[tensor ?? ''](unsure.cell ?? null);
    const beyond = tensors.includes('attention') && (unsure.token ?? -1) >= (selection.look()?.tokens.length ?? Infinity);
    /** @type {(keyof import('../figure/selection.js').Chosen | false)[]} */
    const bad = [beyond && 'token', none && 'tensor', none && 'cell'];
    if (bad.some(Boolean)) selection.set(Object.fromEntries(bad.filter(Boolean).map((name) => [name, null])));
    this.refuse(unsure, bad);
    if (here) delete unsure.tensor;
    if (tensors.includes('attention')) delete unsure.token;
  }

  /** Takes those `names` that are any out of a link, and says so.
   * @param {Partial<import('../figure/selection.js').Chosen>} link
   * @param {(keyof import('../figure/selection.js').Chosen | false)[]} names */
  refuse(link, names) {
    const bad = names.filter((name) => name !== false);
    if (bad.length > 0) this.bad(bad.map((name) => `${name}=${[link[name]].flat().join('.')}`));
    for (const name of bad) delete link[name];
  }

  /** Writes what is chosen into the address, once what a link brought is chosen. */
  write() {
    if (this.link) return;
    const { step, layer, head, token, tensor, cell } = selection;
    const linked = LINKED.includes(tensor ?? '');
    note({ step, layer: layer || null, head: head || null, token, tensor: linked ? tensor : null, cell: linked && cell ? cell.join('.') : null });
  }
}
