// The log of a run as lines, one an update, the newest at the bottom.

import { engine } from '../../engine/client.js';
import { run } from '../../engine/run.js';
import { drawn_later } from '../../figure/pacing.js';
import { count, fine, loss, measure } from '../../words/format.js';
import { text } from '../../words/language.js';

/** The page keeps so many; the zip of the run has all. */
const MAX_LINES = 200;

/** What a report says, in one line.
 * @param {Messages.Report} report */
function line(report) {
  const values = {
    step: count(report.step), loss: loss(report.loss), rate: fine(report.lr), gradient: measure(report.grad_norm),
    speed: measure(report.tokens_per_second),
  };
  if (report.validation_loss == null) return text('log.line', values);
  return text('log.validated', { ...values, validation: loss(report.validation_loss) });
}

/** Writes lines into `list`, which scrolls in its parent and follows the newest as long as nobody scrolls back. */
export class Log {
  /** What the lines say.
   * @type {Messages.Report[]} */
  reports = [];
  /** What is still to be written.
   * @type {Messages.Report[]} */
  waiting = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
    this.reset();
    engine.on(['begun', 'forgotten'], () => this.reset());
    engine.on(['ready'], ({ history }) => {
      this.reset();
      this.add(history);
    });
    engine.on(['steps'], (reports) => this.add(reports));
    run.on_recorded((recorded) => {
      this.reset();
      this.add(recorded.reports());
    });
    document.addEventListener('languagechange', () => {
      [...list.children].forEach((item, i) => {
        item.textContent = line(this.reports[i]);
      });
    });
  }

  reset() {
    this.reports = [];
    this.waiting = [];
    this.list.replaceChildren();
  }

  /** @param {Messages.Report[]} reports */
  add(reports) {
    this.waiting.push(...reports.slice(-MAX_LINES));
    drawn_later(this, () => this.write());
  }

  write() {
    const added = this.waiting.slice(-MAX_LINES);
    this.waiting = [];
    const view = /** @type {HTMLElement} */ (this.list.parentElement);
    const follows = view.scrollTop + view.clientHeight >= view.scrollHeight - 4;
    this.list.append(...added.map((report) => {
      const item = document.createElement('li');
      item.dataset.step = String(report.step);
      item.textContent = line(report);
      return item;
    }));
    this.reports = [...this.reports, ...added].slice(-MAX_LINES);
    while (this.list.childElementCount > MAX_LINES) this.list.firstElementChild?.remove();
    if (follows) view.scrollTop = view.scrollHeight;
  }
}
