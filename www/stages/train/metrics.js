// The numbers of a run, and the figure of its loss with sentence, legend and source; the curves stand in it.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { Curves } from './curves.js';
import { origin } from '../../figure/caption.js';
import { drawn_later, drawn_now } from '../../figure/pacing.js';
import { selection } from '../../figure/selection.js';
import { count, duration, loss, measure } from '../../words/format.js';
import { named, text } from '../../words/language.js';

/** What is shown: the number's name, how it is written, and the line under it.
 * @type {{ name: string, write: (n: number) => string, note: (run: Metrics['run']) => string }[]} */
const METRICS = [
  { name: 'step', write: count, note: (run) => (run.total ? text('metric.step.of', { total: count(run.total) }) : '') },
  { name: 'loss', write: loss, note: () => text('metric.loss.unit') },
  {
    name: 'validation-loss',
    write: loss,
    note: (run) => (run.validation ? text('metric.validation-loss.at', { step: count(run.validation.step) }) : text('metric.loss.unit')),
  },
  { name: 'tokens-per-second', write: measure, note: () => text('metric.tokens-per-second.unit') },
  { name: 'seconds-left', write: duration, note: () => text('metric.seconds-left.unit') },
];

/** Shows a run's numbers in `list`, its losses in `figure` and its curves in all figures below `view`. */
export class Metrics {
  /** @type {{ kind: Messages.Source, step?: number, total?: number, uniform?: number, unigram?: number, bigram?: number, first?: number, last?: Messages.Report,
   *   validation?: { step: number, loss: number } }} */
  run;

  /** @param {HTMLElement} list
   * @param {HTMLElement} figure
   * @param {HTMLElement} view */
  constructor(list, figure, view) {
    this.figure = figure;
    this.curves = new Curves(view);
    this.cells = METRICS.map((metric) => {
      const [group, term, number, note] = ['div', 'dt', 'dd', 'dd'].map((tag) => document.createElement(tag));
      named(term, `metric.${metric.name}`);
      number.dataset.metric = metric.name;
      note.className = 'hint';
      group.append(term, number, note);
      list.append(group);
      return { metric, number, note };
    });
    this.legend = ['loss', 'smoothed', 'validation', 'uniform', 'unigram', 'bigram'].map((name) => {
      const item = document.createElement('li');
      item.className = name;
      figure.querySelector('.legend').append(item);
      return { name, item };
    });
    document.addEventListener('languagechange', () => this.show());
    selection.on(['step'], () => this.show());
    engine.on(['begun', 'forgotten'], () => this.reset());
    engine.on(['ready'], (ready) => {
      const { steps: total, clip } = ready.train;
      this.begin({ ...ready, total, clip });
      this.add(ready.history);
    });
    engine.on(['steps'], (reports) => this.add(reports));
    run.on_recorded((recorded) => {
      const { ready } = recorded;
      this.begin({ ...ready, total: ready.train.steps });
      this.add(recorded.reports());
    });
    run.on(['waiting'], () => (run.waiting ? this.wait() : this.later()));
    run.on(['state'], () => this.flush());
    this.reset();
  }

  /** Forgets the run. */
  reset() {
    this.run = { kind: 'live' };
    this.curves.reset();
    this.later();
  }

  /** A run of `total` steps begins or goes on at `step`; gradients longer than `clip` are cut.
   * @param {{ step: number, total: number, uniform_loss: number, unigram_loss?: number, bigram_loss?: number, clip?: number, run?: Messages.Source }} begun */
  begin({ step, total, uniform_loss: uniform, unigram_loss: unigram, bigram_loss: bigram, clip, run = 'live' }) {
    this.run = { step, total, uniform, unigram, bigram, kind: run };
    this.curves.reset(total, [uniform, unigram, bigram], clip);
    this.later();
  }

  /** Training was asked for: until a step is reported, no number is one of it. */
  wait() {
    for (const { number } of this.cells) {
      delete number.dataset.value;
      number.dataset.run = 'live';
    }
  }

  /** Takes in steps, the oldest first: new ones of this run, or those of its earlier life.
   * @param {Messages.Report[]} reports */
  add(reports) {
    for (const report of reports) {
      this.run.first ??= report.loss;
      this.run.last = report;
      this.run.step = report.step;
      if (report.validation_loss != null) this.run.validation = { step: report.step, loss: report.validation_loss };
    }
    this.curves.add(reports);
    this.later();
  }

  /** Writes the numbers with one of the next pictures: there may be many steps between two. */
  later() {
    drawn_later(this, () => this.show());
  }

  /** Writes the numbers that still wait for the next picture, so that they agree with what is said beside them. */
  flush() {
    if (drawn_now(this)) this.show();
  }

  show() {
    const { run: numbers } = this;
    /** @type {Record<string, number | null | undefined>} */
    const values = {
      step: numbers.step,
      loss: numbers.last?.loss,
      'validation-loss': numbers.validation?.loss,
      'tokens-per-second': numbers.last?.tokens_per_second,
      'seconds-left': numbers.last?.seconds_left,
    };
    for (const { metric, number, note } of this.cells) {
      const value = values[metric.name];
      const known = value !== undefined && value !== null;
      number.textContent = known ? metric.write(value) : text('metric.none');
      if (known && !run.waiting) number.dataset.value = String(value);
      else delete number.dataset.value;
      number.dataset.run = run.waiting ? 'live' : numbers.kind;
      number.title = known ? String(value) : '';
      note.title = note.textContent = metric.note(numbers);
    }
    const { last } = numbers;
    const sentence = this.figure.querySelector('figcaption');
    sentence.textContent = this.sentence();
    this.curves.loss.describe({ chart: text('loss.chart'), sentence: sentence.textContent });
    this.curves.mark(selection.step);
    this.curves.describe(numbers.kind);
    const past = selection.step !== null;
    const at = selection.step ?? last?.step ?? 0;
    const from = past && numbers.kind === 'live' ? text('source.past') : origin(numbers.kind, at);
    const said = last ? `${text('loss.source', { step: count(at) })} · ${from}` : '';
    Object.assign(this.figure.querySelector('.chip'), { textContent: said, title: said });
    Object.assign(this.figure.dataset, { tensor: 'loss', shape: '1', step: String(at), run: numbers.kind });
    /** @param {string} name
     * @param {number | undefined} now */
    const then = (name, now) => (past ? this.curves.at(selection.step, name) ?? undefined : now);
    /** @type {Record<string, number | undefined>} */
    const shown = {
      loss: then('loss', last?.loss), smoothed: then('smoothed', last?.smoothed), validation: then('validation_loss', numbers.validation?.loss),
      uniform: numbers.uniform, unigram: numbers.unigram, bigram: numbers.bigram,
    };
    for (const { name, item } of this.legend) {
      // Of an older recording nobody counted its tokens.
      const value = shown[name];
      item.hidden = name.endsWith('gram') && value === undefined;
      item.textContent = text(`legend.${name}`, { value: value === undefined ? '' : loss(value) });
    }
  }

  /** What was measured by a step: the average loss, and what guesses that know less cost at least; null where it is not known.
   * @param {number} step */
  measured(step) {
    const { uniform, unigram, bigram } = this.run;
    const average = this.curves.at(step, 'smoothed');
    return average === null || uniform === undefined || unigram === undefined || bigram === undefined ? null : { average, uniform, unigram, bigram };
  }

  sentence() {
    const { last, first = 0, total = 0, uniform = 0, validation } = this.run;
    if (!last) return text('loss.empty');
    const values = { step: count(last.step), total: count(total), loss: loss(last.loss), smoothed: loss(last.smoothed) };
    const [at, past] = [selection.step, this.curves.at(selection.step)];
    if (past !== null) return text('loss.past', { ...values, at: count(at ?? 0), then: loss(past) });
    if (at !== null) return text('loss.past.first', { ...values, at: count(at) });
    const whole = text('loss.sentence', { ...values, first: loss(first), uniform: loss(uniform) });
    if (!validation) return whole;
    const measured = text('loss.validation', { step: count(validation.step), loss: loss(validation.loss) });
    return text('loss.sentences', { sentence: whole, validation: measured });
  }
}
