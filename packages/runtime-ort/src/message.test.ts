import { describe, expect, it } from 'vitest';
import { explain } from './message.ts';

describe('explain', () => {
  it.each([
    [
      "Non-zero status code returned while running Conv node. Name:'c1' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/nn/conv.cc:12 virtual onnxruntime::common::Status onnxruntime::Conv<float>::Compute(onnxruntime::OpKernelContext*) const Input channels C is not equal.",
      { message: 'Input channels C is not equal.', node: 'c1', op: 'Conv' },
    ],
    [
      'This is an invalid model. In Node, ("n", Foo, "", -1) : ("x": tensor(float),) -> ("y": tensor(float),) , Error No Op registered for Foo with domain_version of 21',
      { message: expect.stringContaining('No Op registered for Foo'), node: 'n', op: 'Foo' },
    ],
    [
      "Could not find an implementation for Erf(13) node with name 'e'",
      { message: "Could not find an implementation for Erf(13) node with name 'e'", node: 'e', op: 'Erf' },
    ],
    [
      'Load model from /tmp/m.onnx failed:Node (a) Op (Add) [ShapeInferenceError] Incompatible dimensions',
      { message: 'Node (a) Op (Add) [ShapeInferenceError] Incompatible dimensions', node: 'a', op: 'Add' },
    ],
    [
      'Type Error: Type parameter (T) of Optype (Add) bound to different types (tensor(float) and tensor(int64) in node (a).',
      { message: expect.stringContaining('bound to different types'), node: 'a', op: 'Add' },
    ],
    ['Invalid argument', { message: 'Invalid argument' }],
  ])('%s', (text, expected) => {
    expect(explain(new Error(text))).toEqual(expected);
  });
});
