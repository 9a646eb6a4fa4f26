// Of the stage Inspect in Chinese: the heads as a grid, the next token as bars.

export default {
  'heads.entropy': '熵（比特）',
  'heads.layer': '第 {layer} 层',
  'heads.head': '第 {head} 头',
  'heads.off': '已关闭',
  'inspect.on.one': '打开',
  'inspect.off.this': '这个头已关闭。',
  bars: '每个词元的概率（按名次）及其累计',
  'bars.sentence': '{vocab} 个词元各有一条，按名次排在对数轴上。前 {few} 个的概率合计 {held}。',
  'bars.some': '{vocab} 个词元中，这里只有最可能的 {known} 个的数值；斜线处其余词元的数值不在这里。前 {few} 个的概率合计 {held}。',
  'bars.all': '计算全部',
  'bars.share': '抽中的机会，顶端为 {most}；浅色：不再有机会',
  'bars.line': '在此温度下的概率',
  'bars.sums': '下方：从第 1 名起的累计概率，从 0 到 1：到第 {rank} 名为 {sum}',
  'bars.k': 'k：Top-k 保留第 1 到第 {rank} 名',
  'bars.p': 'p：累计概率在第 {rank} 名达到 {share}，Top-p 只保留到这里',
  'bars.picked': '抽中的词元',
  'bars.hint': '指向一条，或用方向键逐条移动，翻页键移动更快。回车或点按保留，Esc 取消。',
  'bars.reading': '第 {rank} 名“{token}”：在此温度下概率 {probability}，累计 {sum}，抽中的机会 {share}。',
  draw: '在 0 与 1 之间的抽取',
  'draw.sentence': '抽到 {uniform}。保留的词元按编号并排在这里，宽度就是各自的机会：落在“{token}”上，它从 {from} 开始，宽 {share}。',
};
