// Of the stage Inspect in English: the heads as a grid, the next token as bars.

export default {
  'heads.entropy': 'entropy in bits',
  'heads.layer': 'layer {layer}',
  'heads.head': 'head {head}',
  'heads.off': 'off',
  'inspect.on.one': 'Switch on',
  'inspect.off.this': 'This head is off.',
  bars: 'The probability of every token by rank, and its sum',
  'bars.sentence': 'Each of {vocab} tokens has its bar, by rank on a logarithmic axis. The first {few} hold {held} of the probability together.',
  'bars.some': 'Of {vocab} tokens the numbers of the likeliest {known} are here; those of the others, where it is hatched, are not. The first {few} hold {held} of the probability together.',
  'bars.all': 'Compute all of them',
  'bars.share': 'chance in the draw, {most} at the top; pale: no chance any more',
  'bars.line': 'probability at this temperature',
  'bars.sums': 'its sum from rank 1 on, below, from 0 to 1: {sum} at rank {rank}',
  'bars.k': 'k: top-k keeps rank 1 to {rank}',
  'bars.p': 'p: the sum reaches {share} at rank {rank}, and top-p keeps no more',
  'bars.picked': 'the token that the draw picks',
  'bars.hint': 'Point at a bar, or go along them with the arrow keys, faster with Page Up and Page Down. Enter or a click keeps one, Escape lets it go.',
  'bars.reading': 'Rank {rank}, “{token}”: probability {probability} at this temperature, {sum} together with all before it, chance in the draw {share}.',
  draw: 'The draw, between 0 and 1',
  'draw.sentence': 'The draw is {uniform}. The tokens that are kept stand here side by side in the order of their numbers, each as wide as its chance: it falls on “{token}”, from {from} on and {share} wide.',
};
