// What is said to those who listen instead of looking: politely, and seldom enough to be followed.

/** Milliseconds between two sayings. */
const APART = 1000;

/** Says in `place`, a live region, the latest message, once a second at most. */
export class Announcer {
  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
    this.waiting = null;
    this.timer = null;
  }

  /** @param {string} words */
  say(words) {
    this.waiting = words;
    if (this.timer === null) this.speak();
  }

  speak() {
    this.place.textContent = this.waiting;
    this.waiting = null;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.waiting !== null) this.speak();
    }, APART);
  }
}
