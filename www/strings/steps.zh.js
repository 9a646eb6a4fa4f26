// Of the steps of a run in Chinese: two of them compared.

export default {
  'compare.mark': '{name}：标记第 {step} 步',
  'compare.go': '{name}：转到第 {step} 步',
  'compare.here': '{name}：正显示第 {step} 步，转到另一步',
  'compare.marked': '{name} 是第 {step} 步。',
  'compare.flip': '在 A 与 B 之间切换',
  'compare.clear': '取消 A 和 B',
  comparison: '比较 A 与 B',
  'comparison.unit': '两步',
  'comparison.what': '项目',
  'comparison.at': '{name}：第 {step} 步',
  'comparison.waiting': '正在查看这两步。',
  'comparison.unknown': '录制的训练只保留了对它自己的提示词的查看，且所有注意力头都打开。请换回那条提示词，或自己训练一次：那时任何提示词都可以比较。',
  'comparison.losses': '从 A（第 {a} 步）到 B（第 {b} 步），损失由 {from} 变为 {to}。',
  'comparison.steps': 'A 是第 {a} 步，B 是第 {b} 步；其中一步没有测过损失。',
  'comparison.next': '提示词之后，A 认为最可能的是“{first}”，概率 {from}；B 认为最可能的是“{last}”，概率 {to}。',
  'comparison.entropy': '第 {layer} 层第 {head} 头中，每个词元的注意力熵在 A 为 {from} 比特，在 B 为 {to} 比特。',
  'comparison.source': 'logit · {vocab} · 第 {a} 步与第 {b} 步',
  'comparison.loss': '该步的损失（纳特／词元）',
  'comparison.bits': '第 {layer} 层第 {head} 头的熵（比特）',
  'comparison.legend': '词元：两步各自最可能的几个，以及它们接下来出现的概率；变化以百分点计。空心条为 A，实心条为 B，最宽的为 {most}。',
};
