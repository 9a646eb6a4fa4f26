// Which answer is to which question: the engine answers questions of one kind in the order in which they were asked.

/** What answers a command or a call. */
const ANSWERS = /** @type {const} */ ({
  look: 'looked', trace: 'traced', update: 'updated', generate: 'sample', pieces: 'pieces', measure: 'measured', choose: 'measured',
});
/** Commands and calls that are questions.
 * @typedef {keyof typeof ANSWERS} Asking */

export class Questions {
  /** The numbers of the questions under way, the oldest first, by what answers them; none of those that nobody waits for.
   * @type {Map<string, (number | undefined)[]>} */
  waiting = new Map();

  /** Something was asked: it counts among those that are answered, where it is a question.
   * @param {string} name
   * @param {number | undefined} question */
  add(name, question) {
    const answer = ANSWERS[/** @type {Asking} */ (name)];
    if (answer) this.waiting.set(answer, [...(this.waiting.get(answer) ?? []), question]);
  }

  /** Gives an event the number of the question that it answers.
   * @param {Told.Event} told */
  answer(told) {
    const asked = this.waiting.get(answered(told)) ?? [];
    // A text is told token by token, and is there with the last of them.
    const question = told.event === 'token' ? asked[0] : asked.shift();
    if (question !== undefined) told.question = question;
  }

  /** Nothing answers what is under way: gives the numbers. */
  drop() {
    const questions = [...this.waiting.values()].flat().filter((question) => question !== undefined);
    this.waiting.clear();
    return questions;
  }
}

/** The kind of the answer that an event is.
 * @param {Told.Event} told */
function answered(told) {
  if (told.event === 'token') return 'sample';
  // A run shows samples of itself as well.
  if (told.event === 'sample' && !told.asked) return '';
  // Updates that came to nothing are told as undone.
  if (told.event === 'update_undone' && told.why === 'not_finite') return 'updated';
  return told.event;
}
