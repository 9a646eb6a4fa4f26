// 读数、链接和放大的图：中文。

export default {
  reading: '读数',
  'reading.shape': '{layers} 层，{heads} 个注意力头，{channels} 通道，词表 {vocab}',
  'reading.layer': '层',
  'reading.head': '注意力头',
  'reading.tensor': '张量',
  'reading.cell': '单元',
  'reading.value': '数值',
  'reading.release': '取消保留',
  'reading.none': '当前',
  'reading.previewed': '指向',
  'reading.kept': '已保留',
  'reading.hint': '指向一个单元、词元或曲线，或用方向键移到那里。点按或回车保留，Esc 取消。',
  'reading.at': '第 {place} 个，共 {tokens} 个，“{token}”，编号 {id}',
  'reading.attention': '第 {row} 个词元“{from}”看向第 {column} 个词元“{to}”',
  'share.holds': '其中有：{parts}。',
  enlarge: '放大：{figure}',
};
