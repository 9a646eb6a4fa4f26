// Of the stage Data in Chinese: the sieve.

export default {
  cleaning: '筛子',
  'cleaning.unit': '文档、字节、词',
  'cleaning.source': '网页 · {documents} · {name}',
  'cleaning.open': '选择网页文件',
  'cleaning.sample': '示例网页',
  'cleaning.hand': '用留下的文本训练',
  'cleaning.by': '计数单位',
  'cleaning.words': '词',
  'cleaning.stage': '阶段',
  'cleaning.in': '进',
  'cleaning.out': '出',
  'cleaning.dropped': '丢掉',
  'cleaning.rule': '规则',
  'cleaning.threshold': '阈值',
  'cleaning.off': '关',
  'cleaning.reset': '恢复 FineWeb 的值',
  'cleaning.document': '网页',
  'cleaning.value': '测得',
  'cleaning.keep': '破例保留',
  'cleaning.text': '正文',
};
