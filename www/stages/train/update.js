// One update: the model is shown some tokens once, on a copy, and the right one has become likelier. Every number is the
// engine's, of the run as it is and of the copy that was tried.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { AttentionChange } from './attention-change.js';
import { NOTHING, caption, element, finder } from '../../figure/caption.js';
import { marked } from '../../words/glyphs.js';
import { pick, refill, rove } from '../../figure/picking.js';
import { place_of, selection } from '../../figure/selection.js';
import { slope } from './slope.js';
import { count, loss, measure, percent, signed } from '../../words/format.js';
import { text } from '../../words/language.js';

/** Milliseconds without a key after which a typed sentence is read. */
const TYPING_PAUSE = 300;
const COLOURS = 8;
/** How often one press of Ten more shows the tokens. */
const MANY_UPDATES = 10;
const UNDONE = { asked: 'update.undone.asked', went_on: 'update.undone.went_on', not_finite: 'update.undone.not_finite' };

/** Sends the engine's commands `update`, `keep_update` and `undo_update`, and shows what they tell in `figure`, and in `change`
 * where the heads look. */
export class Update {
  /** @type {Messages.Updated} */
  seen = NOTHING;
  /** @type {Messages.Ready | null} */
  ready = null;
  figure;
  /** The token that is to be predicted, from 1.
   * @type {number | null} */
  position = null;
  /** Whether an answer is waited for. */
  pending = false;
  /** The updates that are asked for once it is there; null for none.
   * @type {number | null} */
  wanted = null;
  /** What has become of what was tried, as the name of its words.
   * @type {string | null} */
  note = null;
  /** The step at which it was last asked how things stand.
   * @type {number | null} */
  expected = null;
  /** Whether there is a run to copy. */
  able = false;

  /** @param {HTMLElement} figure
   * @param {HTMLElement} change */
  constructor(figure, change) {
    this.figure = figure;
    this.change = new AttentionChange(change);
    this.place = finder(figure);
    this.source = this.place('[name=update-on]');
    this.text = this.place('[data-input=update]');
    this.list = this.place('.tokens');
    this.buttons = Object.fromEntries(['update', 'update-ten', 'keep', 'undo'].map((name) => [name, this.place(`[data-action=${name}]`)]));
    this.text.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.other(), TYPING_PAUSE);
    });
    this.source.addEventListener('change', () => this.other());
    /** @param {HTMLElement} item */
    const means = ({ dataset }) => ({ tensor: 'update', cell: [Number(dataset.index)] });
    pick(this.list, 'li:not([aria-disabled])', means, (item) => {
      selection.set(means(item));
      this.choose(item);
    });
    selection.readers.update = (cell) => this.read(cell);
    this.buttons.update.addEventListener('click', () => this.ask(1));
    this.buttons['update-ten'].addEventListener('click', () => this.ask(MANY_UPDATES));
    this.buttons.keep.addEventListener('click', () => engine.send({ command: 'keep_update' }));
    this.buttons.undo.addEventListener('click', () => engine.send({ command: 'undo_update' }));
    document.addEventListener('languagechange', () => {
      this.example();
      this.show();
    });
    engine.on(['update_kept'], () => this.settled('update.kept'));
    engine.on(['update_undone'], ({ why }) => this.settled(UNDONE[why]));
    engine.on(['begun', 'forgotten'], () => this.follow());
    run.on(['shown', 'state'], () => this.follow());
    run.on(['waiting'], () => this.show());
    selection.on(['stage'], () => this.follow());
    this.example();
  }

  /** A sentence to begin with, as long as nobody has typed one. */
  example() {
    if (this.text.value === (this.exemplary ?? '')) this.text.value = text('update.example');
    this.exemplary = text('update.example');
    this.show();
  }

  /** Follows what the run does, and whether anybody looks. */
  follow() {
    const { ready, state, step } = run;
    if (ready !== this.ready) {
      this.ready = ready;
      this.seen = NOTHING;
      this.position = this.note = this.wanted = this.expected = null;
      this.pending = false;
    }
    this.able = ready !== null && run.stands;
    const still = this.able && state !== 'running' ? step : null;
    if (selection.stage === 'train' && still !== null && still !== this.expected) {
      this.expected = still;
      if (this.note !== UNDONE.went_on) this.note = null;
      this.ask(0);
    }
    this.show();
  }

  /** The tokens are others than before. */
  other() {
    this.position = null;
    this.note = null;
    this.ask(0);
  }

  /** Asks for so many updates, now or as soon as what was asked for before is there; for none, to see how things stand.
   * @param {number} updates */
  ask(updates) {
    const typed = this.source.value === 'text';
    if (!this.able || (typed && [...this.text.value].length < 2)) {
      this.show();
      return;
    }
    if (this.pending) {
      this.wanted = Math.max(this.wanted ?? 0, updates);
      return;
    }
    if (updates > 0) this.note = null;
    this.pending = true;
    this.wanted = null;
    this.figure.setAttribute('aria-busy', 'true');
    /** @type {Messages.Command} */
    const command = { command: 'update', text: typed ? this.text.value : null, position: this.position, count: updates };
    engine.ask('send', { command }, (answer, refused) => this.answered(answer, refused));
  }

  /** What was asked for is there, or will never be.
   * @param {Messages.Event | null} answer
   * @param {boolean} [refused] */
  answered(answer, refused = false) {
    // What was tried came to nothing: every view hears the event.
    if (answer?.event === 'update_undone') return;
    if (answer?.event === 'updated') {
      this.seen = answer;
      this.position = answer.position;
      this.show();
    }
    this.pending = false;
    this.figure.setAttribute('aria-busy', 'false');
    // Where nobody is there any more to ask, nothing is asked.
    if (!answer && !refused) this.wanted = null;
    if (this.wanted !== null) this.ask(this.wanted);
  }

  /** What was tried is part of the run, or gone: how the run stands is shown.
   * @param {string} note */
  settled(note) {
    this.note = note;
    if (this.seen) this.seen.updates = 0;
    // The button that was pressed goes off: the focus stays in the row.
    if ([this.buttons.keep, this.buttons.undo].some((button) => button === document.activeElement)) this.buttons.update.focus();
    this.pending = false;
    this.ask(0);
    this.show();
  }

  /** @param {HTMLElement} item */
  choose(item) {
    this.position = Number(item.dataset.index);
    this.mark();
    this.ask(0);
  }

  /** A token in words, and its probability after those before it.
   * @param {number[] | null} cell
   * @returns {import('../../figure/selection.js').Reading | null} */
  read(cell) {
    const at = cell?.[0] ?? Infinity;
    if (!this.seen || !(at < this.seen.tokens.length)) return null;
    const { tokens, updates, vocab, log_probabilities_before: before, log_probabilities_after: after } = this.seen;
    const value = Math.exp((updates > 0 ? after : before)[at - 1]);
    return { name: 'logits', shape: vocab, place: place_of(tokens, at), value, shown: percent(value), unit: text('update.unit') };
  }

  show() {
    const { seen, able } = this;
    const short = this.source.value === 'text' && [...this.text.value].length < 2;
    this.buttons.update.disabled = this.buttons['update-ten'].disabled = !able || short;
    this.buttons.keep.disabled = this.buttons.undo.disabled = !able || !seen?.updates;
    /** @type {HTMLElement} */ (this.text.parentElement).hidden = this.source.value !== 'text';
    this.figure.classList.toggle('waiting', !seen);
    this.change.show(seen);
    if (!seen) {
      caption(this.figure, { sentence: text(short ? 'update.short' : 'update.none'), chip: '', tensor: 'none', shape: 0, step: 0, run: 'live' });
      for (const when of ['before', 'after']) this.metric(when, null);
      return;
    }
    const { target, step, vocab, updates, position } = seen;
    caption(this.figure, {
      sentence: short ? text('update.short') : this.sentence(),
      chip: text('update.source', { vocab: count(vocab), position: count(position + 1), step: count(step), updates: count(updates) }),
      tensor: 'logits', shape: vocab, step, run: 'live',
    });
    this.metric('before', target.before);
    this.metric('after', updates > 0 ? target.after : null);
    this.show_losses();
    this.show_tokens();
    this.show_candidates();
    this.show_elsewhere();
  }

  /** What happened, in words and numbers. */
  sentence() {
    const { target, step, vocab, updates, count: taken, left_out: left, rows, loss_before: first, loss_after: last } = this.seen;
    const values = {
      token: marked(target.text), step: count(step), vocab: count(vocab), count: count(taken || updates), updates: count(updates),
      before: percent(target.before.probability), after: percent(target.after.probability),
      rank_before: count(target.before.rank + 1), rank_after: count(target.after.rank + 1), loss_before: loss(first), loss_after: loss(last),
    };
    const parts = [this.note && text(this.note)];
    if (updates === 0) parts.push(text('update.now', values));
    else parts.push(text((taken || updates) === 1 ? 'update.sentence.one' : 'update.sentence', values), text('update.open', values));
    if (this.source.value === 'batch') parts.push(text('update.rows', { rows: count(rows) }));
    if (left > 0) parts.push(text('update.cut', { left: count(left) }));
    return parts.filter(Boolean).join(text('update.join'));
  }

  /** The target's probability, large.
   * @param {string} when
   * @param {Messages.Standing | null} standing */
  metric(when, standing) {
    const place = this.place(`[data-metric=target-probability-${when}]`);
    if (standing === null || run.waiting) delete place.dataset.value;
    else place.dataset.value = String(standing.probability);
    place.textContent = standing === null ? text('metric.none') : percent(standing.probability);
    const below = /** @type {HTMLElement} */ (place.nextElementSibling);
    below.textContent = standing === null ? '' : text('update.rank', { rank: count(standing.rank + 1), vocab: count(this.seen.vocab) });
  }

  show_losses() {
    const { loss_before: before, loss_after: after, updates, learning_rate: lr, gradient_norm: norm } = this.seen;
    this.place('.loss-before').textContent = loss(before);
    this.place('.loss-after').textContent = updates > 0 ? loss(after) : text('metric.none');
    this.place('.loss-change').textContent = updates > 0 ? text('update.loss.change', { change: signed(after - before) }) : '';
    const facts = { lr: measure(lr), norm: measure(norm ?? 0) };
    const over = this.seen.step >= (this.ready?.train.steps ?? Infinity) ? text('update.over') : '';
    this.place('.update-facts').textContent = [text(norm ? 'update.facts' : 'update.rate', facts), over].filter(Boolean).join(text('update.join'));
  }

  /** The tokens, each with its probability given those before it. */
  show_tokens() {
    const { tokens, updates, log_probabilities_before: before, log_probabilities_after: after } = this.seen;
    refill(this.list, tokens.map((token, i) => {
      const item = element('li', '', marked(token.text) || '�');
      item.setAttribute('role', 'option');
      Object.assign(item.dataset, { index: String(i), colour: String(i % COLOURS) });
      const now = i > 0 ? percent(Math.exp(updates > 0 ? after[i - 1] : before[i - 1])) : '';
      if (i === 0) item.setAttribute('aria-disabled', 'true');
      else item.append(element('small', '', ` ${updates > 0 ? arrow(after[i - 1] - before[i - 1]) : ''}${now}`));
      return item;
    }), 'li:not([aria-disabled])');
    this.mark();
  }

  /** Marks the target among the tokens. */
  mark() {
    for (const [i, item] of [...this.list.children].entries()) {
      item.setAttribute('aria-selected', String(i === this.position));
    }
    if (!this.list.contains(document.activeElement)) rove(this.list.children, this.list.children[this.position ?? -1]);
  }

  /** The distribution in front of the target: a row a token, with both bars. */
  show_candidates() {
    const { candidates, target, updates, rest } = this.seen;
    const most = Math.max(...candidates.flatMap(({ before, after }) => [before.probability, after.probability]));
    /** @param {string} name
     * @param {number} before
     * @param {number} after
     * @param {number} change
     * @param {string} ranks */
    const row = (name, before, after, change, ranks) => {
      const bars = [before, after].map((probability, i) => {
        const bar = element('span', i === 0 ? 'bar-before' : 'bar-after');
        bar.style.width = `${Math.min(100, (100 * probability) / most)}%`;
        return bar;
      });
      if (updates === 0) bars.pop();
      const cells = [percent(before), ...(updates > 0 ? [percent(after), signed(100 * (after - before)), signed(change)] : ['', '', '']), ranks];
      return element('tr', '', element('th', 'token', name), element('td', 'chance', ...bars), ...cells.map((cell) => element('td', 'number', cell)));
    };
    const rows = candidates.map(({ id, text: name, before, after, log_change: change }) => {
      const ranks = [before.rank + 1, ...(updates > 0 ? [after.rank + 1] : [])].map(count).join(' → ');
      const made = row(marked(name), before.probability, after.probability, change, ranks);
      made.classList.toggle('picked', id === target.id);
      return made;
    });
    const others = row(text('update.rest', { others: count(rest.tokens) }), rest.before, rest.after, rest.log_change, '');
    others.classList.add('rest');
    others.cells[1].replaceChildren();
    for (const made of [...rows, others]) made.cells[0].scope = 'row';
    this.place('.candidates tbody').replaceChildren(...rows, others);
    this.place('.update-legend').textContent = text('update.legend', { most: percent(most) });
    const [picture, legend] = [this.place('.slope'), this.place('.slope-legend')];
    picture.hidden = legend.hidden = updates === 0;
    if (updates > 0) slope(picture, legend, candidates, target);
  }

  /** What the same updates did to other text. */
  show_elsewhere() {
    const { elsewhere, updates, held_out: held } = this.seen;
    const worse = elsewhere.filter(({ loss_before: before, loss_after: after }) => after > before).length;
    this.place('.elsewhere-sentence').textContent = [
      text(held ? 'update.elsewhere.held' : 'update.elsewhere.trained'),
      updates > 0 ? text('update.elsewhere.worse', { worse: count(worse), all: count(elsewhere.length) }) : '',
    ].filter(Boolean).join(text('update.join'));
    this.place('.elsewhere tbody').replaceChildren(...elsewhere.map(({ name, loss_before: before, loss_after: after }) => {
      const cells = [measure(before), ...(updates > 0 ? [measure(after), signed(after - before)] : ['', ''])];
      const head = element('th', 'token', marked(name));
      head.scope = 'row';
      return element('tr', '', head, ...cells.map((cell) => element('td', 'number', cell)));
    }));
  }
}

/** Which way a number went.
 * @param {number} change */
function arrow(change) {
  return change > 0 ? '↑ ' : change < 0 ? '↓ ' : '';
}
