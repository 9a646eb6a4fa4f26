// The cells of a matrix: pointed at, gone through by arrows, kept.

import { marked } from '../words/glyphs.js';
import { selection } from './selection.js';
import { count } from '../words/format.js';
import { text } from '../words/language.js';

const MOVES = /** @type {Record<string, number[]>} */ ({ ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity] });

/** Reads a cell of the `n` by `n` matrix of a head: who looks at whom, and its value, which `write` writes. None reads what lies
 * outside, and there is no value of what is never looked at.
 * @param {{ layer: number, head: number }} place
 * @param {Messages.Piece[]} tokens
 * @param {number} n
 * @param {Float32Array} values
 * @param {number[] | null} cell
 * @param {(x: number) => string} write
 * @param {string} unit
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

/** Hears what is done on `canvas`, which shows `size()` rows of `tensor` and as many columns, where it does not give both, and
 * marks the cell that is seen. `means` says what a cell stands for beside itself, `start` in which row the keys begin, and
 * `within` which part of the tensor is shown, where it has several: the numbers in front of row and column. */
export class Matrix {
  /** @param {HTMLCanvasElement} canvas
   * @param {string} tensor
   * @param {{ size: () => number | number[], start?: () => number, means?: (row: number, column: number) => object, within?: () => number[] }} shown */
  constructor(canvas, tensor, { size, start = () => this.shape[0] - 1, means = () => ({}), within = () => [] }) {
    this.canvas = canvas;
    this.tensor = tensor;
    this.size = size;
    this.start = start;
    this.means = means;
    this.within = within;
    this.mark = document.createElement('span');
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
        const { size, shape: [rows, columns] } = this;
        const to = nearest(rows, row + move[0]);
        // What is above the diagonal is never looked at: the keys pass it by.
        selection.preview(this.chosen([to, nearest(Array.isArray(size()) ? columns : to + 1, column + move[1])]));
      } else if (event.key === 'Enter' || event.key === ' ') selection.keep(this.chosen([row, column]));
      else return;
      event.preventDefault();
      selection.dispatchEvent(new Event('said'));
    });
  }

  /** Rows and columns. */
  get shape() {
    const [rows, columns = rows] = [this.size()].flat();
    return [rows, columns];
  }

  /** What of the selection a cell stands for.
   * @param {number[]} cell */
  chosen([row, column]) {
    return { ...this.means(row, column), tensor: this.tensor, cell: [...this.within(), row, column] };
  }

  /** The row and column under the pointer.
   * @param {MouseEvent} event */
  under({ offsetX, offsetY }) {
    const { shape: [rows, columns], canvas: { clientWidth: width, clientHeight: height } } = this;
    return [nearest(rows, (rows * offsetY) / height), nearest(columns, (columns * offsetX) / width)];
  }

  /** Row and column of the cell that is seen; null where it is of something else. */
  get seen() {
    const { tensor, cell } = selection.shown;
    const part = this.within();
    return cell && tensor === this.tensor && part.every((number, i) => number === cell[i]) ? cell.slice(part.length) : null;
  }

  /** Where the keys stand: at the cell that is seen, or else at the begin of a row, which of tokens is a token's look at itself. */
  get at() {
    const { shape, size } = this;
    const start = this.start();
    return (this.seen ?? [start, Array.isArray(size()) ? 0 : start]).map((place, i) => nearest(shape[i], place));
  }

  /** Marks the cell that is seen. */
  show() {
    const { shape: [rows, columns], seen } = this;
    const there = seen && seen[0] < rows && seen[1] < columns;
    this.mark.hidden = !there;
    if (!there) return;
    Object.assign(this.mark.style, {
      top: `${(100 * seen[0]) / rows}%`, left: `${(100 * seen[1]) / columns}%`, width: `${100 / columns}%`, height: `${100 / rows}%`,
    });
    this.mark.classList.toggle('kept', !selection.pointed);
  }
}

/** The place in a list of `n` that is nearest to `at`.
 * @param {number} n
 * @param {number} at */
export const nearest = (n, at) => Math.min(n - 1, Math.max(0, Math.floor(at)));
