// What a run has reported of its steps, column by column: what curves, table and file are made of.

/** The columns, by the names that the engine gives them. */
export const COLUMNS = ['step', 'tokens', 'loss', 'smoothed', 'validation_loss', 'lr', 'grad_norm', 'tokens_per_second', 'seconds'];

/** The steps of one run, the oldest first. What a step has no value of, as most have no validation loss, is null. */
export class Record {
  constructor() {
    /** @type {{ [name: string]: (number | null)[] }} */
    this.columns = Object.fromEntries(COLUMNS.map((name) => [name, []]));
    this.extents = Object.fromEntries(COLUMNS.map((name) => [name, { low: Infinity, high: -Infinity }]));
  }

  get length() {
    return this.columns.step.length;
  }

  /** Takes in reports.
   * @param {Messages.Report[]} reports */
  add(reports) {
    for (const report of reports) {
      for (const name of COLUMNS) {
        const value = /** @type {{ [name: string]: any }} */ (report)[name] ?? null;
        this.columns[name].push(value);
        if (value === null) continue;
        const extent = this.extents[name];
        extent.low = Math.min(extent.low, value);
        extent.high = Math.max(extent.high, value);
      }
    }
  }

  /** The value of `name` at place `index`; most steps have no validation loss.
   * @template {string} Name
   * @param {Name} name
   * @param {number} index
   * @returns {Name extends 'validation_loss' ? number | null : number} */
  at(name, index) {
    return /** @type {any} */ (this.columns[name][index]);
  }

  /** The place of a step; null where there is none.
   * @param {number} step
   * @returns {number | null} */
  find(step) {
    const steps = /** @type {number[]} */ (this.columns.step);
    let [low, high] = [0, steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    return steps[low] === step ? low : null;
  }

  /** All of it as comma-separated values, with a line of names; what is missing is empty. */
  csv() {
    const lines = [COLUMNS.join(',')];
    for (let i = 0; i < this.length; i += 1) lines.push(COLUMNS.map((name) => this.columns[name][i] ?? '').join(','));
    return `${lines.join('\n')}\n`;
  }
}
