// The prompt: one field, shared by all stages that ask the model something.

import { selection } from '../figure/selection.js';
import { text } from '../words/language.js';

/** Keeps the selection's prompt as it is typed in `area`; until somebody types, it is an example in the page's language, or
 * the prompt of the recorded run that is shown. */
export class Prompt {
  constructor(area) {
    this.area = area;
    this.exemplary = '';
    area.addEventListener('input', () => selection.set({ prompt: area.value }));
    this.example();
  }

  /** Takes a prompt that nobody typed here. */
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
