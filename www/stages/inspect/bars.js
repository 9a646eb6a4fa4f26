// The next token's distribution over the whole vocabulary as a picture: a bar a token by rank, the sums that top-p is held
// against, and the stretch from 0 to 1 on which the draw falls.

import { surface } from '../../figure/caption.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';

/** Pixels: at the left and at the right of what is drawn; above the bars, their height, what is between them and the sums,
 * the height of these, and what is below. */
export const [LEFT, RIGHT, TOP, BARS, GAP, SUMS, FOOT] = [64, 12, 16, 112, 16, 64, 20];
/** What the draw's line stands out above and below its stretch. */
export const OUT = 4;
/** Pixels from one label of the axis to the next. */
const APART = 44;
const [FLOOR, HIGH, LOW] = [TOP + BARS, TOP + BARS + GAP, TOP + BARS + GAP + SUMS];

/** Where the bar of `rank`, from 0, begins in a picture of `width`: the axis is logarithmic, so that the first are the widest.
 * @param {number} rank
 * @param {number} vocab
 * @param {number} width */
export function place(rank, vocab, width) {
  return Math.round(LEFT + ((width - LEFT - RIGHT) * Math.log(rank + 1)) / Math.log(vocab + 1));
}

/** The bars that a picture of `width` has room for, `{rank, last, from, to}`: of several in one column of pixels, up to the
 * `last`, the first, which is the highest.
 * @param {number} known
 * @param {number} vocab
 * @param {number} width */
export function columns(known, vocab, width) {
  const found = /** @type {{ rank: number, last: number, from: number, to: number }[]} */ ([]);
  for (let rank = 0; rank < known; rank += 1) {
    const before = found.at(-1);
    const to = place(rank + 1, vocab, width);
    if (before && to <= before.to) before.last = rank;
    else found.push({ rank, last: rank, from: before?.to ?? LEFT, to });
  }
  return found;
}

/** A distribution: by rank the token `ranked`, `tempered`, `reached` and `shares`, of as many tokens of `vocab` as are known; where
 * all are, in the order of ids `cumulative`. Cuts are marked where they are known.
 * @typedef {{
 *   vocab: number, kept: number, kept_by_k?: number, kept_by_p?: number, top_p: number, uniform: number, picked: number,
 *   ranked: number[] | Uint32Array, tempered: number[] | Float64Array, reached: number[] | Float64Array, shares: number[] | Float64Array,
 *   cumulative?: Float64Array,
 * }} Shown */

/** Draws into the canvases `bars` and `strip`; `means` says what of the selection a rank stands for (null for none). */
export class Bars {
  /** @type {Shown} */
  shown;
  /** The rank that is pointed at or kept.
   * @type {number | null} */
  pointed = null;
  /** @type {ReturnType<typeof columns>} */
  all = [];

  /** @param {HTMLCanvasElement} bars
   * @param {HTMLCanvasElement} strip
   * @param {(rank: number | null) => Partial<import('../../figure/selection.js').Chosen> | null} means */
  constructor(bars, strip, means) {
    this.bars = bars;
    this.strip = strip;
    this.means = means;
    /** @param {MouseEvent} event */
    const at = ({ offsetX }) => means(this.all.find(({ to }) => offsetX < to)?.rank ?? null);
    bars.addEventListener('pointermove', (event) => selection.preview(at(event)));
    bars.addEventListener('click', (event) => {
      const chosen = at(event);
      if (chosen) selection.keep(chosen);
    });
    for (const left of ['pointerleave', 'blur']) bars.addEventListener(left, () => selection.preview(null));
    bars.addEventListener('keydown', (event) => this.key(event));
    document.addEventListener('themechange', () => this.draw());
    new ResizeObserver(() => this.draw()).observe(bars);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const last = this.shown.tempered.length - 1;
    const at = this.pointed ?? -1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at >> 1, PageDown: 2 * at + 1, Home: 0, End: last }[event.key];
    if (to !== undefined) selection.preview(this.means(Math.min(last, Math.max(0, to))));
    else if ((event.key === 'Enter' || event.key === ' ') && this.pointed !== null) selection.keep(this.means(this.pointed) ?? {});
    else return;
    event.preventDefault();
    selection.dispatchEvent(new Event('said'));
  }

  /** Shows a distribution, and where `pointed` is a rank, marks that.
   * @param {Shown} shown
   * @param {number | null} pointed */
  show(shown, pointed) {
    this.shown = shown;
    this.pointed = pointed;
    this.draw();
  }

  draw() {
    // Where there is no width the stage is not open.
    if (!this.shown || !this.bars.clientWidth) return;
    this.draw_bars();
    if (this.shown.cumulative) this.draw_strip();
  }

  draw_bars() {
    const { shown: { vocab, tempered, reached, shares, kept, kept_by_k: by_k, kept_by_p: by_p, top_p, ranked, picked }, pointed } = this;
    const { g, width, colour } = surface(this.bars, '--panel');
    /** @param {number} rank */
    const x = (rank) => place(rank, vocab, width);
    const known = tempered.length;
    const right = width - RIGHT;
    const most = shares[0];
    /** @param {number} p */
    const y = (p) => FLOOR - (BARS * p) / most;
    /** @param {number} p */
    const sum = (p) => LOW - SUMS * p;
    // What is not known shows what lies behind the canvas.
    for (const [top, tall] of [[TOP, BARS], [HIGH, SUMS]]) g.clearRect(x(known), top, right - x(known), tall);
    this.all = columns(known, vocab, width);
    g.fillStyle = colour('--activation');
    const [line, sums] = [new Path2D(), new Path2D()];
    for (const { rank, last, from, to } of this.all) {
      g.globalAlpha = rank < kept ? 1 : 0.35;
      const top = y(rank < kept ? shares[rank] : tempered[rank]);
      // Bars that are wide enough stand apart.
      g.fillRect(from, top, to - from - (to - from > 3 ? 1 : 0), FLOOR - top);
      for (const end of [from, to]) {
        line.lineTo(end, y(tempered[rank]));
        sums.lineTo(end, sum(reached[last]));
      }
    }
    g.globalAlpha = 1;
    g.fillStyle = g.strokeStyle = colour('--ink');
    g.stroke(line);
    g.lineWidth = 1.5;
    g.stroke(sums);
    g.lineWidth = 1;
    // The cuts, each with its letter.
    for (const { letter, rank, dash } of [{ letter: 'k', rank: by_k, dash: 6 }, { letter: 'p', rank: by_p, dash: 2 }]) {
      if (rank === undefined || !(rank < vocab)) continue;
      const at = x(rank) + 0.5;
      g.setLineDash([dash, 3]);
      g.beginPath();
      g.moveTo(at, TOP - 4);
      g.lineTo(at, LOW);
      if (letter === 'p') {
        g.moveTo(LEFT, sum(top_p));
        g.lineTo(at, sum(top_p));
      }
      g.stroke();
      g.fillText(letter, at + (letter === 'k' ? -9 : 3), TOP - 4);
    }
    /** @param {number} rank */
    const middle = (rank) => (x(rank) + x(rank + 1)) / 2;
    const drawn = ranked.indexOf(picked);
    if (drawn >= 0) {
      g.beginPath();
      for (const [dx, dy] of [[0, 3], [-5, 11], [5, 11]]) g.lineTo(middle(drawn) + dx, FLOOR + dy);
      g.fill();
    }
    if (pointed !== null) {
      const from = x(pointed);
      const wide = Math.max(2, x(pointed + 1) - from);
      g.fillRect(from + wide - 2, sum(reached[pointed]) - 2, 4, 4);
      g.globalAlpha = 0.2;
      g.fillRect(from, TOP, wide, LOW - TOP);
      g.globalAlpha = 1;
    }
    g.fillStyle = colour('--ink-2');
    g.textAlign = 'right';
    g.fillText(measure(most), LEFT - 6, TOP + 8);
    g.fillText('1', LEFT - 6, HIGH + 8);
    for (const at of [FLOOR, LOW]) {
      g.fillRect(LEFT, at, right - LEFT, 1);
      g.fillText('0', LEFT - 6, at);
    }
    g.textAlign = 'center';
    let next = 0;
    for (let power = 1; power <= vocab; power *= 10) {
      for (const rank of [power, 2 * power, 5 * power]) {
        const at = middle(rank - 1);
        if (at < next || at > width - APART / 2) continue;
        g.fillText(count(rank), at, LOW + 14);
        next = at + APART;
      }
    }
  }

  draw_strip() {
    const { shown: { cumulative, ranked, uniform, picked }, pointed } = this;
    if (!cumulative) return;
    const { g, width, height, colour } = surface(this.strip, '--panel');
    /** @param {number} share */
    const x = (share) => Math.round(LEFT + (width - LEFT - RIGHT) * share);
    const tall = height - 2 * OUT;
    g.fillStyle = colour('--activation');
    let [from, odd] = [LEFT, false];
    for (const [id, sum] of cumulative.entries()) {
      const to = x(sum);
      if (to <= from) continue;
      // Neighbours differ in shade.
      odd = !odd;
      g.globalAlpha = id === picked ? 1 : odd ? 0.25 : 0.4;
      g.fillRect(from, OUT, to - from, tall);
      from = to;
    }
    g.globalAlpha = 1;
    g.strokeStyle = g.fillStyle = colour('--ink');
    const id = ranked[pointed ?? -1];
    const begin = cumulative[id - 1] ?? 0;
    if (cumulative[id] > begin) g.strokeRect(x(begin) + 0.5, OUT + 0.5, Math.max(1, x(cumulative[id]) - x(begin) - 1), tall - 1);
    g.fillRect(x(uniform) - 1, 0, 2, height);
    g.fillStyle = colour('--ink-2');
    for (const end of [0, 1]) g.fillText(String(end), x(end) + 4 - 14 * (1 - end), height / 2 + 4);
  }
}
