// Draws the training log as an SVG: loss on the left axis, test accuracy on the right.

const width = 640;
const height = 320;
const margin = 48;

/** @param {{ epoch: number, loss: number, accuracy: number }[]} log */
export function lossCurve(log) {
  const last = Math.max(1, ...log.map((row) => row.epoch));
  const top = Math.max(...log.map((row) => row.loss));
  const x = (epoch) => margin + (epoch / last) * (width - 2 * margin);
  const y = (share) => height - margin - share * (height - 2 * margin);
  const path = (value) => log.map((row) => `${x(row.epoch).toFixed(1)},${y(value(row)).toFixed(1)}`).join(' ');
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (share) =>
      `<text x="${margin - 8}" y="${y(share) + 4}" text-anchor="end">${(share * top).toFixed(2)}</text>` +
      `<text x="${width - margin + 8}" y="${y(share) + 4}">${(share * 100).toFixed(0)} %</text>` +
      `<line x1="${margin}" x2="${width - margin}" y1="${y(share)}" y2="${y(share)}" stroke="#ddd"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<title>Training loss and test accuracy of each epoch</title>
<rect width="${width}" height="${height}" fill="white"/>
${ticks.join('\n')}
<polyline points="${path((row) => row.loss / top)}" fill="none" stroke="#c33" stroke-width="2"/>
<polyline points="${path((row) => row.accuracy / 100)}" fill="none" stroke="#36c" stroke-width="2"/>
<text x="${margin}" y="20" fill="#c33">training loss</text>
<text x="${width - margin}" y="20" text-anchor="end" fill="#36c">test accuracy</text>
<text x="${width / 2}" y="${height - 12}" text-anchor="middle">epoch (0 to ${last})</text>
</svg>
`;
}
