// The questions under way, by their ids: an answer carries that of its question, and what nothing answers is said as well.

export class Questions {
  /** @type {Set<number>} */
  waiting = new Set();

  /** @param {number | undefined} id none where nobody waits for an answer */
  add(id) {
    if (id !== undefined) this.waiting.add(id);
  }

  /** Takes note of what an event answers. A text comes token by token, and is whole with the sample.
   * @param {Messages.Event} event */
  settle(event) {
    if (event.event !== 'token' && event.id !== undefined) this.waiting.delete(event.id);
  }

  /** Nothing answers what is under way: gives the ids. */
  drop() {
    const ids = [...this.waiting];
    this.waiting.clear();
    return ids;
  }
}
