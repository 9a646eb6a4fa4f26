// What stands in the page before there is a run in it: the recorded one, and what is computed from its weights.

import { recorded } from './recorded.js';

/** Asks the worker through `call`; `looked` takes a look that was recorded. */
export class Opening {
  /** @type {Awaited<ReturnType<typeof recorded>>} */
  recorded;
  /** @type {Told.Call} */
  call;
  /** @type {Told.Command[]} */
  waiting;
  /** The text whose recorded run was last asked for.
   * @type {string | null} */
  wanted = null;
  /** @type {(seen: Told.Looked) => void} */
  looked;
  able;

  constructor(call, looked) {
    Object.assign(this, { call, looked, recorded: null, able: false, waiting: [] });
  }

  /** Fetches the recorded run on a built-in text, where it is not there yet; says whether there is one, and no other was asked
   * for meanwhile. */
  async fetch(name) {
    this.wanted = name;
    const found = this.recorded?.name === name ? this.recorded : await recorded(name);
    if (this.wanted !== name) return false;
    this.recorded = found;
    return found !== null;
  }

  /** What was recorded for a command; null where nothing was.
   * @param {Told.Command} command */
  known(command) {
    return this.recorded?.knows(command) ? this.recorded.look(/** @type {Told.Look} */ (command).at) : null;
  }

  /** Answers a command: with what was recorded, or from the weights, which are fetched only then. Of these there are those of
   * the last step alone.
   * @param {Told.Command} command */
  ask(command) {
    const { recorded: run } = this;
    const known = this.known(command);
    if (known) this.looked(known);
    else if (this.able) this.call('derive', { name: run.name, step: run.ready.step, command: { ...command, ...('at' in command ? { at: null } : {}) } });
    else this.waiting.push(command);
  }

  /** A device is there: what was asked before is asked now. */
  begin() {
    this.able = true;
    for (const command of this.waiting.splice(0)) this.ask(command);
  }
}
