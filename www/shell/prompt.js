// The prompt: one field, shared by all stages that ask the model something.

import { run } from '../engine/run.js';
import { selection } from '../figure/selection.js';
import { text } from '../words/language.js';

/** Keeps the selection's prompt as it is typed in `area`; until somebody types, it is an example in the page's language, or
 * the prompt of the recorded run that is shown. */
export class Prompt {
  /** The example that was written last. */
  exemplary = '';

  /** @param {HTMLTextAreaElement} area */
  constructor(area) {
    this.area = area;
    area.addEventListener('input', () => selection.set({ prompt: area.value }));
    document.addEventListener('languagechange', () => {
      if (!run.recorded) this.example();
    });
    run.on_recorded((recorded) => this.example(recorded.data.prompt));
    this.example();
  }

  /** Takes a prompt that nobody typed here.
   * @param {string} prompt */
  write(prompt) {
    this.area.value = prompt;
    selection.set({ prompt });
  }

  /** Takes another example. */
  example(example = text('prompt.example')) {
    if (this.area.value === this.exemplary) this.area.value = example;
    this.exemplary = example;
    selection.set({ prompt: this.area.value });
  }
}
