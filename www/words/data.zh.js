// Of the stage Data in Chinese: the documents, and the line that they are joined into.

export default {
  documents: '文档',
  'documents.unit': '字节',
  'documents.number': '序号',
  'documents.title': '首行',
  'documents.bytes': '字节',
  'documents.listed': '第 {from} 至 {to} 篇，共 {all} 篇',
  'documents.untitled': '（空白）',
  'documents.sentence': '文本共有 {documents} 篇文档，{size}，即 {bytes} 个字节。选择一篇，下方的长行就会移到它的开头。',
  stream: '一条长行',
  'stream.unit': '字符、字节、比特',
  'stream.position': '在长行中的位置',
  'stream.place': '第 {at} 个字节，共 {bytes} 个',
  'stream.begins': '新文档开始',
  'stream.sentence': '全部 {documents} 篇文档首尾相接，成为一条 {all} 个字节的长行。从第 {at} 个字节起，{characters} 个字符就是 {bytes} 个字节，也就是 {bits} 个 0 和 1。',
  'stream.source': '文本 · 字节 {from} 至 {to} · {name}',
};
