// Attention as arcs, for a prompt that is short: the tokens in a column, an arc from each that looks up to what it looks at.

import { element } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { pick } from '../../figure/picking.js';
import { colour, ink } from '../../figure/colours.js';
import { count, measure } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The most tokens that are shown as arcs. */
export const MAX_TOKENS = 40;
/** The share of each row's sum that the arcs hold. */
export const MASS = 0.9;
const SVG = 'http://www.w3.org/2000/svg';
/** The picture's own units: its width, the height of a token's row, and what stays clear at the right. */
const [WIDTH, ROW, CLEAR] = [200, 24, 8];

/** Of the causal matrix `weights`, `n` by `n`, the strongest looks of each row, until they hold MASS of its sum:
 * `{from, to, weight}`, from the token that looks.
 * @param {Float32Array} weights
 * @param {number} n */
export function edges(weights, n) {
  const found = [];
  for (let from = 0; from < n; from += 1) {
    const row = weights.subarray(from * n, from * n + from + 1);
    const wanted = MASS * row.reduce((sum, weight) => sum + weight, 0);
    let held = 0;
    for (const to of [...row.keys()].sort((a, b) => row[b] - row[a])) {
      if (held >= wanted) break;
      held += row[to];
      found.push({ from, to, weight: row[to] });
    }
  }
  return found;
}

/** The arc between two rows; a token that looks at itself has a loop.
 * @param {number} from
 * @param {number} to
 * @param {number} n */
function path(from, to, n) {
  /** @param {number} i */
  const middle = (i) => (i + 0.5) * ROW;
  if (from === to) return `M0 ${middle(from) - 5}C14 ${middle(from) - 7} 14 ${middle(from) + 7} 0 ${middle(from) + 5}`;
  // A cubic reaches three quarters of the way to its control points.
  const reach = ((WIDTH - CLEAR) * (0.15 + 0.85 * ((from - to) / (n - 1)))) / 0.75;
  return `M0 ${middle(from)}C${reach} ${middle(from)} ${reach} ${middle(to)} 0 ${middle(to)}`;
}

/** Draws into `place`. */
export class Arcs {
  /** How many tokens there are, and the probabilities of each over all of them.
   * @type {number} */
  n = 0;
  /** @type {Float32Array} */
  weights = new Float32Array();
  /** Whose looks are listed.
   * @type {string} */
  by = 'from';

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.tokens = place.querySelector('.arcs-tokens');
    this.lines = place.querySelector('.arcs-lines');
    pick(this.tokens, 'button', ({ dataset }) => ({ token: Number(dataset.index), tensor: null, cell: null }));
  }

  /** Shows the probabilities `weights` of one head over `tokens`; `by` says whose looks are listed: `from` where a token looks,
   * `to` who looks at it. Of more than MAX_TOKENS tokens it says that there are too many.
   * @param {Messages.Piece[]} tokens
   * @param {Float32Array} weights
   * @param {string} by */
  show(tokens, weights, by) {
    const n = tokens.length;
    const few = n <= MAX_TOKENS;
    this.place.classList.toggle('too-many', !few);
    const sentence = this.place.querySelector('.arcs-sentence');
    if (!few) {
      sentence.textContent = text('arcs.many', { most: count(MAX_TOKENS), tokens: count(n) });
      this.tokens.replaceChildren();
      this.lines.replaceChildren();
      return;
    }
    this.n = n;
    this.weights = weights;
    this.by = by;
    const drawn = edges(weights, n);
    const all = (n * (n + 1)) / 2;
    const said = text('arcs.sentence', { drawn: count(drawn.length), share: count(100 * MASS), left: count(all - drawn.length) });
    sentence.textContent = said;
    this.lines.setAttribute('viewBox', `0 0 ${WIDTH} ${n * ROW}`);
    this.lines.setAttribute('height', String(n * ROW));
    this.lines.setAttribute('aria-label', said);
    this.lines.replaceChildren(...drawn.map(({ from, to, weight }) => {
      const line = document.createElementNS(SVG, 'path');
      line.setAttribute('d', path(from, to, n));
      line.setAttribute('stroke-opacity', String(weight));
      Object.assign(line.dataset, { from: String(from), to: String(to), weight: String(weight) });
      return line;
    }));
    // The buttons stay while the model changes, so that the focus stays too.
    if (this.tokens.childElementCount !== n) {
      this.tokens.replaceChildren(...tokens.map((_, i) => {
        const token = element('button');
        Object.assign(token, { type: 'button', tabIndex: i === n - 1 ? 0 : -1 });
        token.setAttribute('role', 'option');
        token.dataset.index = String(i);
        return token;
      }));
    }
    for (const [i, token] of [...this.tokens.children].entries()) token.textContent = marked(tokens[i].text) || '�';
  }

  /** Shows the looks of token `shown` alone, or all where it is null; `kept` is the one that was chosen.
   * @param {number | null} shown
   * @param {number | null} kept */
  focus(shown, kept) {
    if (!this.tokens.childElementCount) return;
    const { n, weights, by } = this;
    for (const line of this.lines.children) line.classList.toggle('faint', shown !== null && Number(line.dataset[by]) !== shown);
    for (const [i, token] of /** @type {HTMLElement[]} */ ([...this.tokens.children]).entries()) {
      const [from, to] = by === 'from' ? [shown ?? -1, i] : [i, shown ?? -1];
      const seen = shown !== null && to <= from;
      const weight = seen ? weights[from * n + to] : 0;
      const filled = seen ? colour(weight) : null;
      token.style.background = filled ? `rgb(${filled.join()})` : '';
      token.style.color = filled ? ink(filled) : '';
      token.classList.toggle('shown', i === shown);
      token.setAttribute('aria-selected', String(i === kept));
      if (seen) token.title = measure(weight);
      else token.removeAttribute('title');
      if (kept !== null || shown !== null) token.tabIndex = i === (shown ?? kept) ? 0 : -1;
    }
  }
}
