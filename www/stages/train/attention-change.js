// How updates changed where one head looks: after less before, of the head that changed most or of one that is chosen. The
// differences, each head's mean and largest, and which head it is are the engine's.

import { NOTHING, caption, element, finder, target_of } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { Labels } from '../../figure/labels.js';
import { Matrix, read_look } from '../../figure/matrix.js';
import { diverging, paint } from '../../figure/colours.js';
import { selection } from '../../figure/selection.js';
import { count, fine, signed } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Changes that a row's sentence names. */
const NAMED = 3;

/** Shows in `figure` what an update changed. */
export class AttentionChange {
  /** @type {Messages.Updated} */
  seen = NOTHING;
  /** @type {Messages.HeadShift} */
  shift;
  /** @type {Float32Array} */
  values;
  /** Whether the head that is selected is shown, not the one that changed most. */
  chosen = false;
  /** How many tokens look. */
  n = 0;

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.find = finder(figure);
    /** @type {HTMLCanvasElement} */
    this.matrix = this.find('.change-matrix');
    this.labels = new Labels(this.find('.change-labels'), this.matrix);
    this.most = this.find('[data-action=head-most]');
    this.most.addEventListener('click', () => this.choose(false));
    this.find('tbody').addEventListener('click', (event) => {
      const { layer, head } = target_of(event).closest('button')?.dataset ?? {};
      if (layer === undefined) return;
      selection.set({ layer: Number(layer), head: Number(head) });
      this.choose(true);
    });
    selection.on(['layer', 'head'], () => this.choose(true));
    this.cells = new Matrix(this.matrix, 'change', { size: () => this.n });
    selection.on(['cell', 'preview'], () => this.point());
    selection.readers.change = (cell) => this.seen && read_look(this.shift, this.seen.tokens, this.n, this.values, cell, signed, text('change.unit'));
    document.addEventListener('themechange', () => this.draw());
  }

  /** Takes in an update; null where there is no run, which forgets what was chosen.
   * @param {Messages.Updated | null} seen */
  show(seen) {
    if (!seen) this.chosen = false;
    this.seen = seen && seen.updates > 0 ? seen : NOTHING;
    this.draw();
  }

  /** Shows the head that is selected, or the one that changed most.
   * @param {boolean} chosen */
  choose(chosen) {
    this.chosen = chosen;
    this.draw();
  }

  draw() {
    const { seen } = this;
    this.figure.classList.toggle('waiting', !seen);
    if (!seen) {
      caption(this.figure, { sentence: text('change.none'), chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
      return;
    }
    const { heads, tokens, step, updates } = seen;
    const most = seen.most_changed ?? 0;
    const selected = heads.findIndex(({ layer, head }) => layer === selection.layer && head === selection.head);
    const at = this.chosen && selected >= 0 ? selected : most;
    this.n = tokens.length - 1;
    this.shift = heads[at];
    const { n, shift } = this;
    this.values = seen.attention_change.subarray(at * n * n, (at + 1) * n * n);
    /** @param {Messages.HeadShift} shift */
    const words = ({ layer, head, mean, largest, from, to }) => ({
      layer: count(layer + 1), head: count(head + 1), mean: fine(mean), largest: signed(largest), from: this.token(from), to: this.token(to),
    });
    const said = text('change.most', words(heads[most]));
    caption(this.figure, {
      sentence: at === most ? said : [text('change.head', words(shift)), said].join(text('update.join')),
      chip: text('change.source', { ...words(shift), tokens: count(n), step: count(step), updates: count(updates) }),
      tensor: `attention.${shift.layer}.${shift.head}`, shape: `${n}x${n}`, step, run: 'live',
    });
    const extent = Math.abs(shift.largest);
    paint(this.matrix, this.values.map((value) => value / (extent || 1)), n, diverging());
    this.matrix.setAttribute('aria-label', text('inspect.matrix', { ...words(shift), tokens: count(n) }));
    this.find('.change-less').textContent = signed(-extent);
    this.find('.change-more').textContent = signed(extent);
    this.labels.show(tokens.slice(0, n));
    this.find('.change-rows').replaceChildren(...Array.from({ length: n }, (_, i) => element('li', '', this.sentence(i))));
    this.most.setAttribute('aria-pressed', String(!this.chosen));
    this.table(words, at);
    this.point();
  }

  /** A row a head; the buttons stay, so that the focus stays too.
   * @param {(shift: Messages.HeadShift) => import('../../words/language.js').Values} words
   * @param {number} at */
  table(words, at) {
    const { heads } = this.seen;
    /** @type {HTMLTableSectionElement} */
    const body = this.find('tbody');
    if (body.childElementCount !== heads.length) {
      body.replaceChildren(...heads.map(({ layer, head }) => {
        const button = Object.assign(element('button'), { type: 'button' });
        Object.assign(button.dataset, { layer: String(layer), head: String(head) });
        const name = element('th', '', button);
        name.scope = 'row';
        return element('tr', '', name, element('td', 'number'), element('td', 'number'));
      }));
    }
    for (const [i, row] of [...body.rows].entries()) {
      const said = words(heads[i]);
      const button = row.querySelector('button');
      button.textContent = text('change.name', said);
      button.setAttribute('aria-pressed', String(i === at));
      row.cells[1].textContent = String(said.mean);
      row.cells[2].textContent = String(said.largest);
    }
  }

  /** @param {number} i */
  token(i) {
    return marked(this.seen.tokens[i].text);
  }

  /** The looks of token `i` that changed most, in words.
   * @param {number} i */
  sentence(i) {
    const row = [...this.values.subarray(i * this.n, i * this.n + i + 1)].map((value, j) => [j, value]);
    const order = row.sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)).slice(0, NAMED);
    return text('inspect.row', { token: this.token(i), looks: order.map(([j, value]) => `“${this.token(j)}” ${signed(value)}`).join(', ') });
  }

  /** Tells of the token whose look is seen, or of the one that changed most. */
  point() {
    if (!this.seen) return;
    const { tensor, cell } = selection.shown;
    const row = Math.min(this.n - 1, tensor === 'change' && cell ? cell[0] : this.shift.from);
    this.cells.show();
    this.find('.change-row').textContent = this.sentence(row);
    for (const [j, item] of [...this.find('.change-rows').children].entries()) item.classList.toggle('chosen', j === row);
    this.labels.mark(row);
  }
}
