// Of the inspector, of links and of enlarged figures in English.

export default {
  reading: 'Reading',
  'reading.shape': '{layers} {layers|layer|layers}, {heads} {heads|head|heads}, {channels} {channels|channel|channels}, vocabulary {vocab}',
  'reading.layer': 'Layer',
  'reading.head': 'Head',
  'reading.tensor': 'Tensor',
  'reading.cell': 'Cell',
  'reading.value': 'Value',
  'reading.release': 'Let go',
  'reading.none': 'shown',
  'reading.previewed': 'pointed at',
  'reading.kept': 'kept',
  'reading.hint': 'Point at a cell, a token or a curve, or go there with the arrow keys. Click or Enter keeps it, Escape lets it go.',
  'reading.at': '{place} of {tokens}, “{token}”, number {id}',
  'reading.attention': 'Token {row}, “{from}”, looks at token {column}, “{to}”',
  'share.holds': 'It holds: {parts}.',
  enlarge: 'Enlarge: {figure}',
};
