// Of the stage Data in English: the sieve.

export default {
  cleaning: 'The sieve',
  'cleaning.unit': 'documents, bytes, words',
  'cleaning.source': 'pages · {documents} · {name}',
  'cleaning.open': 'Choose pages',
  'cleaning.sample': 'Sample pages',
  'cleaning.hand': 'Train on what is left',
  'cleaning.by': 'Count',
  'cleaning.words': 'Words',
  'cleaning.stage': 'Stage',
  'cleaning.in': 'In',
  'cleaning.out': 'Out',
  'cleaning.dropped': 'Taken out',
  'cleaning.rule': 'Rule',
  'cleaning.threshold': 'Threshold',
  'cleaning.off': 'off',
  'cleaning.reset': 'As FineWeb has it',
  'cleaning.document': 'Page',
  'cleaning.value': 'Measured',
  'cleaning.keep': 'Keep it after all',
  'cleaning.text': 'Text',
};
