// The stage Inspect: where each head of each layer looks in a typed prompt, with heads switched off or alone. Every number is
// the engine's, of the model as it is at that step.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { Arcs } from './arcs.js';
import { NOTHING, caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { Heads } from './heads.js';
import { Labels } from '../../figure/labels.js';
import { Matrix, read_look } from '../../figure/matrix.js';
import { on_screen } from '../../figure/on-screen.js';
import { drawn_later, drawn_now, paced } from '../../figure/pacing.js';
import { prepare } from '../../engine/sampling.js';
import { paint } from '../../figure/colours.js';
import { selection } from '../../figure/selection.js';
import { count, measure } from '../../words/format.js';
import { named, text } from '../../words/language.js';

/** Milliseconds between two looks at a model that is training. */
const LOOK_PAUSE = 500;
/** Tokens that a row's sentence names. */
const NAMED = 3;

/** Asks for the engine's `look`, and shows what it tells in `attention`; what comes next in the view `next`. */
export class Inspect {
  /** @type {Messages.Looked} */
  seen;
  /** @type {Messages.Model | undefined} */
  model;
  attention; next;
  /** The heads that are switched off, by their numbers.
   * @type {Set<number>} */
  off = new Set();
  /** Whether an answer is waited for. */
  pending = false;
  /** Whether to look once more when it is there. */
  again = false;
  /** The look that came last.
   * @type {Messages.Looked | undefined} */
  latest;
  /** The head that is drawn, and the numbers of layers and heads. */
  painted = '';
  shape = '';
  /** @type {ReturnType<typeof setTimeout> | null} */
  timer = null;
  /** Whether the stage is open. */
  open = false;
  /** Whether the model has changed while nobody saw it. */
  missed = false;

  /** @param {HTMLElement} attention
   * @param {import('./next-token.js').Next} next */
  constructor(attention, next) {
    this.attention = attention;
    this.next = next;
    next.look = (anew) => this.look(anew);
    this.in_attention = finder(attention);
    this.heads = new Heads(this.in_attention('.heads'));
    /** @type {HTMLCanvasElement} */
    this.matrix = this.in_attention('.matrix');
    this.labels = new Labels(this.in_attention('.labels'), this.matrix);
    this.row = this.in_attention('[name=row]');
    this.rows = this.in_attention('.rows');
    selection.on(['step', 'prompt'], () => this.look());
    this.on_screen = on_screen([attention, next.figure], () => {
      if (this.missed) this.changed();
    });
    selection.on(['layer', 'head'], () => this.show());
    selection.on(['token', 'cell', 'preview'], () => this.pointed());
    selection.look = () => this.seen;
    selection.readers.attention = (cell) => this.read_look(cell);
    this.view = this.in_attention('[name=view]');
    this.row.addEventListener('input', () => selection.set({ token: Number(this.row.value), tensor: null, cell: null }));
    this.view.addEventListener('change', () => this.show_matrix());
    this.arcs = new Arcs(this.in_attention('.arcs'));
    this.cells = new Matrix(this.matrix, 'attention', {
      size: () => this.seen.tokens.length, start: () => selection.shown.token ?? this.seen.tokens.length - 1,
      /** @param {number} row
       * @param {number} column */
      means: (row, column) => ({ token: this.view.value === 'from' ? row : column }),
    });
    for (const [name, change] of Object.entries({
      /** @param {number} head */
      'head-off': (head) => (this.off.has(head) ? this.off.delete(head) : this.off.add(head)),
      /** @param {number} head */
      'head-alone': (head) => { this.off = new Set(this.every().filter((other) => other !== head)); },
      'heads-on': () => this.off.clear(),
    })) {
      this.in_attention(`[data-action=${name}]`).addEventListener('click', () => {
        change(this.seen.heads * selection.layer + selection.head);
        this.look();
      });
    }
    document.addEventListener('languagechange', () => this.show());
    engine.on(['begun', 'forgotten'], () => this.able(undefined, false));
    engine.on(['steps'], () => this.changed());
    const follow = () => {
      this.able(run.shown?.model, selection.stage === 'inspect');
      this.look();
    };
    run.on(['shown'], follow);
    selection.on(['stage'], follow);
    this.show();
  }

  /** The numbers of all heads, layer by layer. */
  every() {
    return Array.from({ length: this.seen.layers * this.seen.heads }, (_, i) => i);
  }

  /** Whether there is a model to look into, and whether anybody looks.
   * @param {Messages.Model | undefined} model
   * @param {boolean} open */
  able(model, open) {
    const shape = model ? `${model.layers} ${model.heads}` : '';
    if (shape !== this.shape) {
      for (const view of [this, this.next]) drawn_now(view);
      this.next.seen = NOTHING;
      this.shape = shape;
      this.seen = NOTHING;
      selection.set({ layer: 0, head: 0 });
      this.off.clear();
      this.show();
    }
    this.model = model;
    this.open = open;
  }

  /** Looks once more, now or as soon as the look before is over; `anew` is not content with what was recorded. */
  look(anew = false) {
    if (!this.model || !this.open) return;
    if (this.pending) {
      this.again = true;
      return;
    }
    paced(this, () => this.ask(anew));
  }

  /** @param {boolean} anew */
  ask(anew) {
    if (this.pending || !this.open) return;
    this.later(null);
    this.pending = true;
    this.again = this.missed = false;
    const [at, choice] = [selection.step, this.next.choice];
    const factors = this.off.size === 0 ? [] : this.every().map((head) => (this.off.has(head) ? 0 : 1));
    run.ask({ command: 'look', prompt: selection.prompt, factors, ...choice, at, anew }, (seen) => {
      this.pending = false;
      if (seen) this.looked({ ...seen, past: at !== null && !seen.run }, choice);
    });
  }

  /** Looks in so many milliseconds, instead of when it was to; null for not at all.
   * @param {number | null} milliseconds */
  later(milliseconds) {
    clearTimeout(this.timer ?? undefined);
    this.timer = milliseconds === null ? null : setTimeout(() => {
      this.timer = null;
      this.look();
    }, milliseconds);
  }

  /** The live model has changed: where it is looked at, looks again, though not at every step. */
  changed() {
    if (this.timer || !this.open || selection.step !== null) return;
    this.missed = !this.on_screen();
    if (!this.missed) this.later(LOOK_PAUSE);
  }

  /** @param {Messages.Looked} answer
   * @param {Messages.Choice} choice */
  looked(answer, choice) {
    const { next } = this;
    this.latest = answer;
    drawn_later(this, () => {
      this.seen = answer;
      this.show_attention();
      selection.came('attention');
    });
    const show_next = () => {
      // Meanwhile another look may have come.
      if (answer !== this.latest) return;
      drawn_later(next, () => {
        next.looked(answer, choice);
        next.show();
        selection.came('logits');
      });
    };
    // What follows from the logits is computed here, from the first look on.
    if (answer.logits) prepare().then(show_next);
    else show_next();
    if (this.again) this.look();
  }

  /** The probabilities of one head, T by T.
   * @param {number} layer
   * @param {number} head */
  weights(layer, head) {
    const { tokens, heads, attention } = this.seen;
    const square = tokens.length ** 2;
    return attention.subarray((layer * heads + head) * square, (layer * heads + head + 1) * square);
  }

  show() {
    this.show_attention();
    this.next.show();
  }

  show_attention() {
    this.attention.classList.toggle('waiting', !this.seen);
    if (!this.seen) {
      caption(this.attention, { sentence: text('inspect.none'), chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
      return;
    }
    this.show_heads();
    this.show_matrix();
  }

  show_heads() {
    const { layers, heads, tokens: { length: n }, entropy } = this.seen;
    this.heads.show({ layers, heads, n, entropy, weights: (layer, head) => this.weights(layer, head), off: this.off });
  }

  show_matrix() {
    const { step, past, tokens, layers, heads, entropy, run = 'live' } = this.seen;
    const n = tokens.length;
    const { layer, head: column } = selection.shown;
    this.painted = `${layer}.${column}`;
    paint(this.matrix, this.weights(layer, column), n);
    this.row.max = String(n - 1);
    const head = layer * heads + column;
    const place = { layer: count(layer + 1), head: count(column + 1), step: count(step), tokens: count(n) };
    const off = this.off.has(head);
    const said = text(this.off.size > 0 ? 'inspect.sentence.off' : 'inspect.sentence', { ...place, entropy: measure(entropy[head]), off: count(this.off.size), all: count(layers * heads) });
    caption(this.attention, {
      sentence: [said, off && text('inspect.off.this')].filter(Boolean).join(text('update.join')),
      chip: text('inspect.source', place),
      tensor: `attention.${layer}.${column}`, shape: `${n}x${n}`, step, run, past,
    });
    this.matrix.setAttribute('aria-label', text('inspect.matrix', place));
    const switched = this.in_attention('[data-action=head-off]');
    named(switched, off ? 'inspect.on.one' : 'inspect.off');
    switched.toggleAttribute('data-off', off);
    this.in_attention('[data-action=heads-on]').disabled = this.off.size === 0;
    this.labels.show(tokens);
    this.arcs.show(tokens, this.weights(layer, column), this.view.value);
    this.rows.replaceChildren(...tokens.map((_, i) => element('li', '', this.sentence(i))));
    this.show_row();
  }

  /** Where token `i` looks, or who looks at it, in words.
   * @param {number} i */
  sentence(i) {
    const { tokens } = this.seen;
    const n = tokens.length;
    const { layer, head } = selection.shown;
    const weights = this.weights(layer, head);
    const looks = this.view.value === 'from'
      ? Array.from({ length: i + 1 }, (_, j) => [j, weights[i * n + j]])
      : Array.from({ length: n - i }, (_, j) => [i + j, weights[(i + j) * n + i]]);
    const order = looks.sort(([, a], [, b]) => b - a).slice(0, NAMED);
    const named = order.map(([j, weight]) => `“${marked(tokens[j].text)}” ${measure(weight)}`).join(', ');
    return text(this.view.value === 'from' ? 'inspect.row' : 'inspect.column', { token: marked(tokens[i].text), looks: named });
  }

  /** Something else is pointed at, or kept: another head is drawn, or another token described. */
  pointed() {
    const { layer, head } = selection.shown;
    if (!this.seen) return;
    if (this.painted === `${layer}.${head}`) this.show_row();
    else this.show_matrix();
  }

  /** A token, where the prompt has it.
   * @param {number | null} token */
  there(token) {
    return token !== null && token < this.seen.tokens.length ? token : null;
  }

  /** A look, in words and as a number.
   * @param {number[] | null} cell */
  read_look(cell) {
    const { seen } = this;
    const { layer, head } = selection.shown;
    if (!seen || layer >= seen.layers || head >= seen.heads) return null;
    return read_look({ layer, head }, seen.tokens, seen.tokens.length, this.weights(layer, head), cell, measure, text('inspect.unit'));
  }

  show_row() {
    const [shown, kept] = [this.there(selection.shown.token), this.there(selection.token)];
    this.row.value = String(kept ?? this.row.max);
    const chosen = shown ?? Number(this.row.value);
    this.in_attention('.row-sentence').textContent = this.sentence(chosen);
    this.row.setAttribute('aria-valuetext', marked(this.seen.tokens[Number(this.row.value)].text));
    for (const [j, item] of [...this.rows.children].entries()) item.classList.toggle('chosen', j === chosen);
    this.labels.mark(chosen);
    this.arcs.focus(shown, kept);
    this.cells.show();
  }
}
