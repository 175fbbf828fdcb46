import { expect, test } from 'vitest';
import { progressDisplay } from './progress.ts';

function output(isTTY: boolean) {
  const parts: string[] = [];
  return { isTTY, columns: 100, write: (part: string) => void parts.push(part), text: () => parts.join('') };
}

const event = (done: number) => ({
  stage: 'synthesis',
  done,
  total: 40,
  unit: 'iterations',
  values: { loss: 0.123456 },
});

test('plain lines where there is no terminal: the begin, each tenth, the end', () => {
  const out = output(false);
  const display = progressDisplay(out, false);
  for (let done = 0; done <= 40; done++) display.show(event(done));
  display.line('remark');
  display.stop();
  const lines = out.text().trimEnd().split('\n');
  expect(lines).toHaveLength(12);
  expect(lines[0]).toBe('synthesis: 0/40 iterations loss 0.1235');
  expect(lines[10]).toBe('synthesis: 40/40 iterations loss 0.1235');
  expect(lines[11]).toBe('remark');
});

test('nothing when quiet', () => {
  const out = output(false);
  const display = progressDisplay(out, true);
  display.show(event(1));
  display.line('remark');
  display.stop();
  expect(out.text()).toBe('');
});

test('bars on a terminal, and the cursor back at the end', () => {
  const out = output(true);
  const display = progressDisplay(out, false);
  display.show(event(0));
  display.show(event(20));
  display.stop();
  display.stop();
  expect(out.text()).toContain('synthesis');
  expect(out.text()).toContain('20/40 iterations');
  expect(out.text().lastIndexOf('\u001B[?25h')).toBeGreaterThan(out.text().lastIndexOf('\u001B[?25l'));
});
