// The engine of the recorded run: what was recorded is known at once, the rest is computed from its weights, by the worker.

import { engine } from './client.js';
import { recorded } from './recorded.js';

export class RecordedEngine {
  /** @type {Awaited<ReturnType<typeof recorded>>} */
  recorded = null;
  /** Whether a device is there to compute on. */
  able = false;
  /** The text whose recorded run was last asked for.
   * @type {string | null} */
  wanted = null;
  /** What is asked once a device is there.
   * @type {{ command: Messages.Command, heard?: import('./client.js').Heard }[]} */
  waiting = [];
  /** The numbers of the questions that may be under way.
   * @type {number[]} */
  questions = [];

  /** Fetches the recorded run on a built-in text, where it is not there yet; says whether there is one, and no other was asked
   * for meanwhile.
   * @param {string} name */
  async fetch(name) {
    this.wanted = name;
    const found = this.recorded?.name === name ? this.recorded : await recorded(name);
    if (this.wanted !== name) return false;
    if (found !== this.recorded) this.end();
    this.recorded = found;
    return found !== null;
  }

  /** What was recorded for a command; null where nothing was.
   * @param {Messages.Command} command
   * @returns {Messages.Looked | null} */
  known(command) {
    return this.recorded?.knows(command) ? this.recorded.look(/** @type {Messages.Look} */ (command).at) : null;
  }

  /** Answers a command: with what was recorded, or from the weights, which are fetched only then. Of these there are those of
   * the last step alone.
   * @param {Messages.Command} command
   * @param {import('./client.js').Heard} [heard] */
  ask(command, heard) {
    const known = this.known(command);
    if (known) {
      heard?.(known);
      return;
    }
    if (!this.able) {
      this.waiting.push({ command, heard });
      return;
    }
    if (!this.recorded) return;
    const { name, ready: { step } } = this.recorded;
    const values = { name, step, command: { ...command, ...('at' in command ? { at: null } : {}) } };
    if (heard) this.questions.push(engine.ask('derive', values, heard));
    else engine.call('derive', values);
  }

  /** A device is there: what was asked before is asked now. */
  begin() {
    this.able = true;
    for (const { command, heard } of this.waiting.splice(0)) this.ask(command, heard);
  }

  /** Another run takes its place: what was computed of it comes too late. */
  end() {
    engine.drop(this.questions.splice(0));
  }
}
