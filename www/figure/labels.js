// The names of tokens beside the rows of a matrix: as large as a row allows, and none where rows are too low for a name.

import { element } from './caption.js';
import { marked } from '../words/glyphs.js';

/** The height of a name, in pixels: below the first nobody can read it. */
const [MIN_HEIGHT, MAX_HEIGHT] = [9, 11];

/** Fills the list `place` beside the canvas `matrix`, which has a row for each name. */
export class Labels {
  /** @type {number | undefined} */
  frame;

  /** @param {HTMLElement} place
   * @param {HTMLElement} matrix */
  constructor(place, matrix) {
    this.place = place;
    this.matrix = matrix;
    // Names that come or go make room for the matrix, which is seen again: at the next picture, so that it ends.
    new ResizeObserver(() => {
      this.frame ??= requestAnimationFrame(() => {
        this.frame = undefined;
        this.fit();
      });
    }).observe(matrix);
  }

  /** Shows the names of tokens. As many as before have the rows of before: what else changes rows changes the matrix.
   * @param {Messages.Piece[]} tokens */
  show(tokens) {
    const before = this.place.childElementCount;
    this.place.replaceChildren(...tokens.map((token) => element('li', '', marked(token.text))));
    if (tokens.length !== before) this.fit();
  }

  /** Marks the name of row `chosen`.
   * @param {number} chosen */
  mark(chosen) {
    for (const [i, label] of [...this.place.children].entries()) label.classList.toggle('chosen', i === chosen);
  }

  /** Measures the rows that full names leave, whatever stood there before: so the answer is the same each time. */
  fit() {
    const { place, matrix } = this;
    place.hidden = false;
    place.style.fontSize = `${MAX_HEIGHT}px`;
    const row = matrix.clientHeight / place.childElementCount;
    place.hidden = row < MIN_HEIGHT;
    place.style.fontSize = `${Math.min(MAX_HEIGHT, row)}px`;
  }
}
