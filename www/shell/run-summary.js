// What a run is, in words: its shape, its tokens, and what the engine has to say of it.

import { engine } from '../engine/client.js';
import { run } from '../engine/run.js';
import { count } from '../words/format.js';
import { tell, text } from '../words/language.js';

/** Says what the run is that is shown, or that there is none. */
export class RunSummary {
  constructor() {
    engine.on(['begun', 'forgotten'], () => this.show());
    run.on(['shown'], () => this.show());
    document.addEventListener('languagechange', () => this.show());
    this.show();
  }

  show() {
    const { ready, shown } = run;
    document.querySelector('#run-shape').textContent = shown ? text(ready ? 'run.shape' : 'run.recorded', {
      ...shown.model,
      vocab: count(shown.model.vocab),
      parameters: count(shown.parameters),
      train: count(shown.train_tokens),
      validation: count(shown.validation_tokens),
      seed: shown.train.seed,
    }) : text('run.none');
    document.querySelector('#notices').replaceChildren(...(shown?.notices ?? []).map((notice) => {
      const item = document.createElement('li');
      tell(item, notice);
      return item;
    }));
  }
}
