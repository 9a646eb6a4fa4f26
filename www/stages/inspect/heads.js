// The heads of all layers as a grid of small pictures on one scale: arrow keys go from head to head, Enter chooses one.

import { element } from '../../figure/caption.js';
import { pick, rove } from '../../figure/picking.js';
import { paint } from '../../figure/colours.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';
import { text } from '../../words/language.js';

/** @param {HTMLElement} item */
const place = ({ dataset }) => ({ layer: Number(dataset.layer), head: Number(dataset.head) });

/** Draws into `grid`. */
export class Heads {
  /** @type {HTMLButtonElement[]} */
  cells = [];
  /** How many stand in a row. */
  columns = 0;

  /** @param {HTMLElement} grid */
  constructor(grid) {
    this.grid = grid;
    // Rows and columns are gone along by themselves, not as a list.
    grid.addEventListener('keydown', (event) => this.key(event));
    pick(grid, 'button', place, (cell) => selection.set(place(cell)));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const { cells, columns } = this;
    const at = cells.findIndex((cell) => cell === document.activeElement);
    const row = at - (at % columns);
    const whole = event.ctrlKey || event.metaKey;
    const to = /** @type {Record<string, number>} */ ({
      ArrowLeft: at === row ? at : at - 1, ArrowRight: at === row + columns - 1 ? at : at + 1, ArrowUp: at - columns, ArrowDown: at + columns,
      Home: whole ? 0 : row, End: whole ? cells.length - 1 : row + columns - 1,
    })[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    cells[to]?.focus();
  }

  /** Shows `layers` times `heads` pictures of `n` by `n` probabilities, `weights(layer, head)`, each with its `entropy` in
   * bits; those in `off` are switched off.
   * @param {{
   *   layers: number, heads: number, n: number, entropy: number[], weights: (layer: number, head: number) => Float32Array, off: Set<number>,
   * }} seen */
  show({ layers, heads, n, entropy, weights, off }) {
    if (this.cells.length !== layers * heads || this.columns !== heads) this.build(layers, heads);
    const titles = [text('heads.entropy')];
    for (let head = 1; head <= heads; head += 1) titles.push(text('heads.head', { head: count(head) }));
    for (let layer = 1; layer <= layers; layer += 1) titles.push(text('heads.layer', { layer: count(layer) }));
    for (const title of this.grid.querySelectorAll('[role$=header]')) title.textContent = titles.shift() ?? '';
    for (const [i, cell] of this.cells.entries()) {
      const [layer, head] = [Math.floor(i / heads), i % heads];
      const place = { layer: count(layer + 1), head: count(head + 1), entropy: measure(entropy[i]) };
      const [picture, words] = cell.children;
      paint(/** @type {HTMLCanvasElement} */ (picture), weights(layer, head), n);
      words.textContent = off.has(i) ? text('heads.off') : place.entropy;
      cell.setAttribute('aria-label', text(off.has(i) ? 'inspect.head.off' : 'inspect.head', place));
      cell.setAttribute('aria-selected', String(layer === selection.layer && head === selection.head));
    }
    // The grid is one stop of the Tab key.
    if (!this.grid.contains(document.activeElement)) rove(this.cells, this.cells[selection.layer * heads + selection.head]);
  }

  /** @param {number} layers
   * @param {number} heads */
  build(layers, heads) {
    /** @param {string} role
     * @param {...(string | Node)} content */
    const part = (role, ...content) => {
      const made = element('div', role.endsWith('header') ? 'hint' : '', ...content);
      made.setAttribute('role', role);
      return made;
    };
    this.columns = heads;
    this.cells = Array.from({ length: layers * heads }, (_, i) => {
      const picture = element('canvas');
      picture.setAttribute('aria-hidden', 'true');
      const cell = element('button', '', picture, element('span', 'hint'));
      cell.type = 'button';
      Object.assign(cell.dataset, { layer: String(Math.floor(i / heads)), head: String(i % heads) });
      cell.setAttribute('role', 'gridcell');
      return cell;
    });
    const titles = Array.from({ length: heads + 1 }, () => part('columnheader'));
    const rows = Array.from({ length: layers }, (_, i) => part('row', part('rowheader'), ...this.cells.slice(i * heads, (i + 1) * heads)));
    this.grid.replaceChildren(part('row', ...titles), ...rows);
    this.grid.style.gridTemplateColumns = `max-content repeat(${heads}, minmax(24px, 1fr))`;
  }
}
