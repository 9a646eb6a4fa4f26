// What a run can stop at besides its last step: the names of the conditions, as the settings, the words and the worker have them.

export const STOPS = /** @type {const} */ (['stop_loss', 'stop_validation', 'stop_minutes']);
