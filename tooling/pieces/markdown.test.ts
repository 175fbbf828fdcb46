import { expect, it } from 'vitest';
import { codeBlocks } from './markdown.mjs';

it('finds code with its language and file', () => {
  const text =
    'A\n\n```js mine.mjs\nconst x = 1;\n\nx;\n```\n\nB `inline` ```\n\n```sh\nls\n```\n\n```\nno language\n```\n';
  expect(codeBlocks(text)).toEqual([
    { language: 'js', file: 'mine.mjs', code: 'const x = 1;\n\nx;\n' },
    { language: 'sh', file: '', code: 'ls\n' },
  ]);
});

it('finds nothing where there is none', () => {
  expect(codeBlocks('# Title\n\nText.\n')).toEqual([]);
});
