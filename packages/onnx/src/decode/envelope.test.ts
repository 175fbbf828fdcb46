import { errorCodes } from '@datafree/plugin';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../encode/model.ts';
import { batchNorm, batchNormParameters, codeOf, graph, node, normal } from '../fixture.ts';
import { decodeModel } from './model.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const model = encodeModel(graph({ nodes: [node('Relu', ['x'], ['y'])] }));

describe('a file that is not an ONNX model', () => {
  it('is told from one: empty, of another format, noise', () => {
    expect(codeOf(() => decodeModel(new Uint8Array()))).toBe('model-empty');
    for (const content of ['hello', '{"a": 1}', '<html>', 'PK\x03\x04', 'version https://git-lfs.github.com/spec/v1']) {
      expect(
        codeOf(() => decodeModel(text(content))),
        content,
      ).toBe('model-not-onnx');
    }
  });

  it('is named when its format is known, with what to do', () => {
    expect(() => decodeModel(text('PK\x03\x04'))).toThrow(/zip archive/);
    expect(() => decodeModel(text('....TFL3'))).toThrow(/TensorFlow Lite/);
  });

  it('never makes the reader fail in another way', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const code = codeOf(() => decodeModel(Uint8Array.from([0x08, 0x08, ...bytes])));
        expect(['model-not-onnx', 'model-truncated', 'model-invalid', 'model-empty', 'opset-unsupported']).toContain(
          code,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('of which bytes were changed is read or refused, nothing else', () => {
    const branch = graph({ nodes: [node('Relu', ['x'], ['b'])], output: { name: 'b', shape: ['N'] } });
    const bytes = encodeModel(
      graph({
        nodes: [
          node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1], auto_pad: 'NOTSET' }),
          batchNorm('bn', 'c', 'n'),
          node('Clip', ['n', 'bn.scale'], ['d']),
          node('If', ['d'], ['y'], { then_branch: { type: 'graph', value: { ...branch, inputs: [] } } }),
        ],
        initializers: { w: normal([2, 3, 3, 3]), ...batchNormParameters('bn', 2) },
        opset: 9,
      }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        (changes) => {
          const changed = bytes.slice();
          for (const [at, byte] of changes) changed[at] = byte;
          const code = codeOf(() => decodeModel(changed));
          if (code !== undefined) expect(Object.keys(errorCodes)).toContain(code);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it('is refused by its size before it is read', () => {
    const huge = new Uint8Array(2 ** 31);
    expect(codeOf(() => decodeModel(huge))).toBe('model-too-large');
    expect(() => decodeModel(huge)).toThrow(/2\.15 GB \(2147483648 bytes\)/);
  });
});

describe('a file that was cut off', () => {
  it('is told at every length', () => {
    for (let length = 1; length < model.length; length++) {
      expect(
        codeOf(() => decodeModel(model.subarray(0, length))),
        `${length} of ${model.length}`,
      ).toBe('model-truncated');
    }
    expect(codeOf(() => decodeModel(model))).toBeUndefined();
  });

  it('says how much is missing', () => {
    expect(() => decodeModel(model.subarray(0, model.length - 3))).toThrow(/needs 3 bytes more/);
  });
});
