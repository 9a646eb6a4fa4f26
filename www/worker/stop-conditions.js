// When a run stops before its last step. The worker looks at each report, so that a hidden tab stops as well.

import { STOPS } from '../engine/stops.js';

/** Of each condition what it looks at, and whether it has come.
 * @type {Record<typeof STOPS[number], { value: (report: Messages.Report) => number | undefined, met: (value: number, bound: number) => boolean }>} */
const CONDITIONS = {
  stop_loss: { value: (report) => report.smoothed, met: (value, bound) => value < bound },
  stop_validation: { value: (report) => report.validation_loss ?? undefined, met: (value, bound) => value < bound },
  stop_minutes: { value: (report) => report.seconds / 60, met: (value, bound) => value >= bound },
};

/** The conditions of a run. Each stops it once: whoever lets the run go on then wants it to go on. */
export class Stops {
  /** @type {Messages.Bounds} */
  bounds = {};
  /** Those that have stopped it.
   * @type {Set<string>} */
  spent = new Set();

  /** A run begins under these bounds, by name.
   * @param {Messages.Bounds} bounds */
  begin(bounds) {
    this.bounds = {};
    this.spent = new Set();
    this.set(bounds);
  }

  /** Takes other bounds; one that is new has not stopped anything yet.
   * @param {Messages.Bounds} bounds */
  set(bounds) {
    for (const name of STOPS) if (bounds[name] !== this.bounds[name]) this.spent.delete(name);
    this.bounds = { ...bounds };
  }

  /** The first condition that `report` meets: its name, its bound, what was found and at which step; else null.
   * @param {Messages.Report} report
   * @returns {Messages.Stop | null} */
  check(report) {
    for (const name of STOPS) {
      const { value, met } = CONDITIONS[name];
      const [bound, found] = [this.bounds[name], value(report)];
      if (bound === undefined || found === undefined || this.spent.has(name) || !met(found, bound)) continue;
      this.spent.add(name);
      return { name, bound, found, step: report.step };
    }
    return null;
  }
}
