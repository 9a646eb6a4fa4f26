// The cells of a matrix of looks: pointed at, gone through by arrows, kept.

import { marked } from './glyphs.js';
import { selection } from './selection.js';
import { count, text } from './text.js';

const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity] };

/** Reads a cell of the `n` by `n` matrix of a head: who looks at whom, and its value, which `write` writes. None reads what lies
 * outside, and there is no value of what is never looked at.
 * @returns {import('./selection.js').Reading | null} */
export function read_look({ layer, head }, tokens, n, values, cell, write, unit) {
  const [row, column] = cell ?? [];
  if (!(row < n && column < n)) return null;
  const said = { name: `attention.${layer}.${head}`, shape: `${n} × ${n}` };
  if (column > row) return { ...said, place: text('inspect.masked'), value: '', shown: '' };
  const names = { row: count(row + 1), column: count(column + 1), from: marked(tokens[row].text), to: marked(tokens[column].text) };
  const value = values[row * n + column];
  return { ...said, place: text('reading.attention', names), value, shown: write(value), unit };
}

/** Hears what is done on `canvas`, which shows `size()` rows of `tensor`, and marks the cell that is seen. `means` says what a
 * cell stands for beside itself, and `start` in which row the keys begin. */
export class Matrix {
  /** @type {() => number} */
  size;
  /** @type {() => number} */
  start;
  /** @type {(row: number, column: number) => object} */
  means;
  canvas; tensor; mark;

  constructor(canvas, tensor, { size, start = () => size() - 1, means = () => ({}) }) {
    Object.assign(this, { canvas, tensor, size, start, means, mark: document.createElement('span') });
    Object.assign(this.mark, { className: 'cell-mark', hidden: true });
    canvas.after(this.mark);
    canvas.addEventListener('pointermove', (event) => selection.preview(this.chosen(this.under(event))));
    canvas.addEventListener('click', (event) => selection.keep(this.chosen(this.under(event))));
    for (const left of ['pointerleave', 'blur']) canvas.addEventListener(left, () => selection.preview(null));
    canvas.addEventListener('focus', () => {
      if (canvas.matches(':focus-visible')) selection.preview(this.chosen(this.at));
    });
    canvas.addEventListener('keydown', (event) => {
      const [row, column] = this.at;
      const move = MOVES[event.key];
      if (move) {
        // What is above the diagonal is never looked at: the keys pass it by.
        const to = Math.min(this.size() - 1, Math.max(0, row + move[0]));
        selection.preview(this.chosen([to, Math.min(to, Math.max(0, column + move[1]))]));
      } else if (event.key === 'Enter' || event.key === ' ') selection.keep(this.chosen([row, column]));
      else return;
      event.preventDefault();
      selection.dispatchEvent(new Event('said'));
    });
  }

  /** What of the selection a cell stands for.
   * @param {number[]} cell */
  chosen([row, column]) {
    return { ...this.means(row, column), tensor: this.tensor, cell: [row, column] };
  }

  /** The row and column under the pointer. */
  under({ offsetX, offsetY }) {
    const n = this.size();
    const { clientWidth: width, clientHeight: height } = this.canvas;
    return [[offsetY, height], [offsetX, width]].map(([at, all]) => Math.min(n - 1, Math.max(0, Math.floor((n * at) / all))));
  }

  /** Where the keys stand: at the cell that is seen, or else at a token's look at itself. */
  get at() {
    const { tensor, cell } = selection.shown;
    return (tensor === this.tensor ? cell : [this.start(), this.start()]).map((place) => Math.min(this.size() - 1, place));
  }

  /** Marks the cell that is seen. */
  show() {
    const { tensor, cell } = selection.shown;
    const n = this.size();
    const seen = tensor === this.tensor && Math.max(...cell) < n;
    this.mark.hidden = !seen;
    if (!seen) return;
    const part = 100 / n;
    Object.assign(this.mark.style, { top: `${cell[0] * part}%`, left: `${cell[1] * part}%`, width: `${part}%`, height: `${part}%` });
    this.mark.classList.toggle('kept', !selection.pointed);
  }
}
