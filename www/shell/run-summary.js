// What a run is, in words: its shape, its tokens, and what the engine has to say of it.

import { count } from '../words/format.js';
import { tell, text } from '../words/language.js';

/** Says what the run is that `ready` tells of, in the string `key`, or that there is none. */
export function show_shape(ready, key) {
  document.querySelector('#run-shape').textContent = ready ? text(key, {
    ...ready.model,
    vocab: count(ready.model.vocab),
    parameters: count(ready.parameters),
    train: count(ready.train_tokens),
    validation: count(ready.validation_tokens),
    seed: ready.train.seed,
  }) : text('run.none');
  document.querySelector('#notices').replaceChildren(...(ready?.notices ?? []).map((notice) => {
    const item = document.createElement('li');
    tell(item, notice);
    return item;
  }));
}
