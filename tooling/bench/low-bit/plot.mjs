// Accuracy over the number of samples, synthetic against real, as an SVG.

const [width, height] = [640, 360];
const margin = { left: 56, right: 96, top: 20, bottom: 48 };
const colours = { bns: '#0b6e99', real: '#c2571a' };
const names = { bns: 'BNS samples', real: 'training images' };

/** @param {object[]} records cells of the group "sizes" */
export function sizePlot(records) {
  const sizes = [...new Set(records.map(({ samples }) => samples / 10))].sort((a, b) => a - b);
  const values = records.flatMap(({ top1, fp32 }) => [top1, fp32]);
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))];
  const x = (size) =>
    place(Math.log(size), Math.log(sizes[0]), Math.log(sizes.at(-1)), margin.left, width - margin.right);
  const y = (value) => place(value, low, high, height - margin.bottom, margin.top);
  const step = Math.max(1, Math.ceil((high - low) / 8));
  const ticks = Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, i) => low + i * step);
  const fp32 = y(records[0].fp32);
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#333">`,
    '<title>resnet20 at 4 bits: accuracy over the number of samples</title>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...ticks.flatMap((value) => [
      rule(margin.left, y(value), width - margin.right, y(value), '#e4e4e4'),
      text(margin.left - 8, y(value) + 4, value, 'end'),
    ]),
    ...sizes.map((size) => text(x(size), height - margin.bottom + 18, size, 'middle')),
    text((margin.left + width - margin.right) / 2, height - 10, 'samples a class', 'middle'),
    text(margin.left - 8, margin.top - 6, '%', 'end'),
    rule(margin.left, fp32, width - margin.right, fp32, '#888', '4 4'),
    text(width - margin.right + 6, fp32 - 6, 'fp32', 'start'),
    ...Object.keys(colours).flatMap((method) =>
      curve(
        records.filter((own) => own.method === method),
        { x, y, method },
      ),
    ),
    '</svg>',
  ].join('\n')}\n`;
}

function curve(records, { x, y, method }) {
  if (records.length === 0) return [];
  const points = records
    .map(({ samples, top1 }) => [x(samples / 10), y(top1)])
    .sort(([a], [b]) => a - b)
    .map(([across, down]) => `${across.toFixed(1)},${down.toFixed(1)}`);
  const last = points.at(-1).split(',').map(Number);
  const shift = method === 'bns' ? 4 : 18;
  return [
    `<polyline points="${points.join(' ')}" fill="none" stroke="${colours[method]}" stroke-width="2"/>`,
    ...points.map((point) => circle(point.split(','), colours[method])),
    `<g fill="${colours[method]}">${text(last[0] + 6, last[1] + shift, names[method], 'start')}</g>`,
  ];
}

function circle([x, y], colour) {
  return `<circle cx="${x}" cy="${y}" r="3.5" fill="${colour}"/>`;
}

function rule(x1, y1, x2, y2, colour, dashes) {
  const dashed = dashes === undefined ? '' : ` stroke-dasharray="${dashes}"`;
  return `<line x1="${x1}" y1="${y1.toFixed(1)}" x2="${x2}" y2="${y2.toFixed(1)}" stroke="${colour}"${dashed}/>`;
}

function text(x, y, words, anchor) {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${words}</text>`;
}

function place(value, from, to, start, end) {
  return start + ((value - from) / (to - from)) * (end - start);
}
