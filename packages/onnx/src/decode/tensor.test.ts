import { create, toBinary } from '@bufbuild/protobuf';
import { elementTypeCodes } from '@datafree/core';
import type { DType, Tensor } from '@datafree/plugin';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../fixture.ts';
import { type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from '../proto/generated/onnx_pb.ts';
import { type ExternalDataSource, externalData } from './external.ts';
import { decodeTensor } from './tensor.ts';

type Init = Partial<Omit<TensorProto, '$typeName'>>;

function decode(init: Init, source?: ExternalDataSource): Tensor {
  return decodeTensor(create(TensorProtoSchema, { name: 'w', ...init } as object), externalData(source));
}

const dataType = (dtype: DType): number => elementTypeCodes[dtype];

describe('typed fields', () => {
  it('hold every element type', () => {
    const cases: readonly [DType, Init, readonly unknown[]][] = [
      ['float32', { floatData: [0.5, -1] }, [0.5, -1]],
      ['float64', { doubleData: [0.1, 2] }, [0.1, 2]],
      ['int64', { int64Data: [-1n, 2n ** 60n] }, [-1n, 2n ** 60n]],
      ['uint64', { uint64Data: [1n, 2n ** 63n] }, [1n, 2n ** 63n]],
      ['uint32', { uint64Data: [1n, 2n ** 31n] }, [1, 2 ** 31]],
      ['int32', { int32Data: [-5, 7] }, [-5, 7]],
      ['int16', { int32Data: [-5, 7] }, [-5, 7]],
      ['uint16', { int32Data: [65535, 7] }, [65535, 7]],
      ['int8', { int32Data: [-128, 7] }, [-128, 7]],
      ['uint8', { int32Data: [255, 7] }, [255, 7]],
      ['bool', { int32Data: [1, 0] }, [1, 0]],
      ['float16', { int32Data: [0x3c00, 0xbc00] }, [0x3c00, 0xbc00]],
      ['bfloat16', { int32Data: [0x3f80, 0xbf80] }, [0x3f80, 0xbf80]],
      ['int4', { int32Data: [0x8f] }, [0x8f]],
      ['string', { stringData: [new TextEncoder().encode('é'), new TextEncoder().encode('')] }, ['é', '']],
    ];
    for (const [dtype, init, values] of cases) {
      const tensor = decode({ dims: [2n], dataType: dataType(dtype), ...init });
      expect([tensor.dtype, tensor.dims, [...(tensor.data as ArrayLike<unknown> & Iterable<unknown>)]]).toEqual([
        dtype,
        [2],
        values,
      ]);
    }
  });

  it('must be as many as the shape needs', () => {
    expect(codeOf(() => decode({ dims: [3n], dataType: dataType('float32'), floatData: [1, 2] }))).toBe(
      'model-invalid',
    );
    expect(codeOf(() => decode({ dims: [2n ** 40n], dataType: dataType('float32') }))).toBe('model-invalid');
    expect(codeOf(() => decode({ dims: [-1n], dataType: dataType('float32') }))).toBe('model-invalid');
  });
});

describe('raw bytes', () => {
  it('are copied, aligned or not', () => {
    const message = toBinary(TensorProtoSchema, create(TensorProtoSchema, { name: 'w' }));
    expect(message.length).toBe(3);
    const rawData = new Uint8Array(new Float32Array([1.5, -2]).buffer);
    const shifted = new Uint8Array(9);
    shifted.set(rawData, 1);
    const tensor = decode({ dims: [2n], dataType: dataType('float32'), rawData: shifted.subarray(1) });
    shifted.fill(0);
    expect([...(tensor.data as Float32Array)]).toEqual([1.5, -2]);
  });

  it('hold two 4-bit elements a byte', () => {
    const tensor = decode({ dims: [3n], dataType: dataType('uint4'), rawData: Uint8Array.of(0x21, 0x03) });
    expect(tensor.data).toEqual(Uint8Array.of(0x21, 0x03));
  });

  it('must be as many as the shape needs', () => {
    const error = (): unknown => decode({ dims: [2n], dataType: dataType('float32'), rawData: new Uint8Array(7) });
    expect(codeOf(error)).toBe('model-invalid');
    expect(error).toThrow(/7 bytes.*needs 8/);
  });

  it('may be none for a shape with a zero', () => {
    expect(decode({ dims: [0n, 3n], dataType: dataType('float32') }).data.length).toBe(0);
  });
});

it('refuses element types without a counterpart by name', () => {
  expect(codeOf(() => decode({ dims: [1n], dataType: 17, rawData: new Uint8Array(1) }))).toBe('unsupported');
  expect(() => decode({ dims: [1n], dataType: 17 })).toThrow(/"w".*FLOAT8E4M3FN/);
});

describe('side files', () => {
  const stored = (entries: Record<string, string>): Init => ({
    dims: [2n],
    dataType: dataType('float32'),
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({
      key,
      value,
    })) as unknown as TensorProto['externalData'],
  });
  const file = new Uint8Array(new Float32Array([9, 1, 2]).buffer);
  const source: ExternalDataSource = (location) => (location === 'weights.bin' ? file : undefined);

  it('are read from their offset', () => {
    const tensor = decode(stored({ location: 'weights.bin', offset: '4', length: '8' }), source);
    expect([...(tensor.data as Float32Array)]).toEqual([1, 2]);
  });

  it('are missed by name', () => {
    const missing = stored({ location: 'other.bin' });
    expect(codeOf(() => decode(missing, source))).toBe('external-data-missing');
    expect(codeOf(() => decode(missing))).toBe('external-data-missing');
    expect(() => decode(missing)).toThrow(/other\.bin/);
  });

  it('must be long enough', () => {
    expect(codeOf(() => decode(stored({ location: 'weights.bin', offset: '8', length: '8' }), source))).toBe(
      'external-data-missing',
    );
  });

  it('are looked for beside the model only', () => {
    for (const location of ['/etc/passwd', '../w.bin', 'a/../../w.bin', 'C:\\w.bin', '']) {
      expect(
        codeOf(() => decode(stored({ location }), source)),
        location,
      ).toBe('model-invalid');
    }
  });
});
