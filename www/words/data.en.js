// Of the stage Data in English: the documents, and the line that they are joined into.

export default {
  documents: 'Documents',
  'documents.unit': 'bytes',
  'documents.number': 'No.',
  'documents.title': 'First line',
  'documents.bytes': 'Bytes',
  'documents.listed': 'Nos. {from} to {to} of {all}',
  'documents.untitled': '(blank)',
  'documents.sentence': 'The text is {documents} {documents|document|documents}, {size}: {bytes} {bytes|byte|bytes}. Choosing one shows where it begins in the line below.',
  stream: 'One long line',
  'stream.unit': 'characters, bytes, bits',
  'stream.position': 'Place in the line',
  'stream.place': 'byte {at} of {bytes}',
  'stream.begins': 'a document begins',
  'stream.sentence': '{documents} {documents|document is|documents are joined into} one line of {all} {all|byte|bytes}. From byte {at} on, {characters} {characters|character is|characters are} {bytes} {bytes|byte|bytes}, or {bits} zeros and ones.',
  'stream.source': 'text · bytes {from} to {to} · {name}',
};
