// Of the steps of a run in English: two of them compared.

export default {
  'compare.mark': '{name}: mark step {step}',
  'compare.go': '{name}: go to step {step}',
  'compare.here': '{name}: step {step} is shown, go to the other',
  'compare.marked': '{name} is step {step}.',
  'compare.flip': 'Flip A and B',
  'compare.clear': 'Let A and B go',
  comparison: 'A and B compared',
  'comparison.unit': 'two steps',
  'comparison.what': 'What',
  'comparison.at': '{name}: step {step}',
  'comparison.waiting': 'Both steps are being looked at.',
  'comparison.unknown': 'Of the recorded run the looks at its own prompt alone are kept, with all heads on. Put that prompt back, or train a run of your own: its steps are compared on any prompt.',
  'comparison.losses': 'From A, step {a}, to B, step {b}, the loss went from {from} to {to}.',
  'comparison.steps': 'A is step {a}, B is step {b}; no loss was measured at one of them.',
  'comparison.next': 'After the prompt, A finds “{first}” likeliest, with {from}, and B finds “{last}” likeliest, with {to}.',
  'comparison.entropy': 'A token’s look in layer {layer}, head {head} has {from} bits of entropy at A and {to} at B.',
  'comparison.source': 'logits · {vocab} · steps {a} and {b}',
  'comparison.loss': 'Loss of the step, nats a token',
  'comparison.bits': 'Entropy of layer {layer}, head {head}, bits',
  'comparison.legend': 'Tokens: the likeliest of both steps, with the probability to come next; changes are in points. Hollow bar at A, full bar at B; the widest is {most}.',
};
