import { fromBinary } from '@bufbuild/protobuf';
import { DatafreeError } from '@datafree/plugin';
import { gigabytes, maxModelBytes } from '../limits.ts';
import { type ModelProto, ModelProtoSchema } from '../proto/generated/onnx_pb.ts';

/** Wire types of protobuf. */
const varint = 0;
const fixed64 = 1;
const delimited = 2;
const fixed32 = 5;

/** The fields of ModelProto by number, with their wire type. */
const modelFields: ReadonlyMap<number, number> = new Map([
  [1, varint], // ir_version
  [2, delimited], // producer_name
  [3, delimited], // producer_version
  [4, delimited], // domain
  [5, varint], // model_version
  [6, delimited], // doc_string
  [7, delimited], // graph
  [8, delimited], // opset_import
  [14, delimited], // metadata_props
  [20, delimited], // training_info
  [25, delimited], // functions
  [26, delimited], // configuration
]);

/**
 * Parses the outermost message of an ONNX file.
 *
 * @throws `model-empty`, `model-too-large`, `model-not-onnx`, `model-truncated`
 */
export function parseModel(bytes: Uint8Array): ModelProto {
  if (bytes.length === 0) {
    throw new DatafreeError('model-empty', 'The model file is empty: it has 0 bytes.', {
      hint: 'Export the network again, or fetch the file again.',
    });
  }
  if (bytes.length > maxModelBytes) throw tooLarge(bytes.length);
  scan(bytes);
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw notOnnx(bytes, cause);
  }
  if (model.graph === undefined) throw truncated('it ends before its graph');
  if (model.opsetImport.length === 0 && model.irVersion >= 3n) throw truncated('it ends before its list of opsets');
  return model;
}

/** The error for a model of more bytes than one message can hold. */
export function tooLarge(bytes: number): DatafreeError {
  return new DatafreeError(
    'model-too-large',
    `The model takes ${gigabytes(bytes)} (${bytes} bytes), over the limit of 2 GB.`,
    {
      hint: 'Take a smaller variant of the network: ONNX keeps a model in one message of at most 2 GB.',
    },
  );
}

/**
 * Walks over the outermost fields. A field that reaches past the end tells a file that was cut off from one that was
 * never ONNX, which a parser alone cannot.
 */
function scan(bytes: Uint8Array): void {
  let position = 0;
  const readVarint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[position];
      if (byte === undefined) throw truncated(`its ${bytes.length} bytes end inside a number`);
      position++;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw notOnnx(bytes);
  };
  // Every writer begins with ir_version.
  if (bytes[0] !== 0x08) throw notOnnx(bytes);
  while (position < bytes.length) {
    const start = position;
    const key = readVarint();
    const field = Math.floor(key / 8);
    const wire = key % 8;
    const expected = modelFields.get(field);
    if (field === 0 || (expected !== undefined && expected !== wire)) throw notOnnx(bytes);
    if (wire === varint) readVarint();
    else if (wire === fixed64) position += 8;
    else if (wire === fixed32) position += 4;
    else if (wire === delimited) {
      const length = readVarint();
      if (position + length > bytes.length) {
        const missing = position + length - bytes.length;
        throw truncated(`the field at byte ${start} needs ${missing} bytes more than the ${bytes.length} there are`);
      }
      position += length;
    } else throw notOnnx(bytes);
  }
  if (position > bytes.length) throw truncated(`its ${bytes.length} bytes end inside a number`);
}

function truncated(what: string): DatafreeError {
  return new DatafreeError('model-truncated', `The ONNX file is cut off: ${what}.`, {
    hint: 'Copy or download the file again; for a file kept in Git LFS, run git lfs pull.',
  });
}

function notOnnx(bytes: Uint8Array, cause?: unknown): DatafreeError {
  const found = formats.find(({ at, magic }) => [...magic].every((char, i) => bytes[at + i] === char.charCodeAt(0)));
  const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return new DatafreeError(
    'model-not-onnx',
    `The bytes are not an ONNX model: ${found?.what ?? `they begin with ${start}`}.`,
    {
      hint: found?.hint ?? 'Give a .onnx file, as torch.onnx.export or tf2onnx write it.',
      cause,
    },
  );
}

/** Formats that networks also come in, by their first bytes. */
const formats: readonly { at: number; magic: string; what: string; hint: string }[] = [
  {
    at: 0,
    magic: 'PK',
    what: 'this is a zip archive (PyTorch, Keras 3)',
    hint: 'Export it with torch.onnx.export or model.export(format="onnx").',
  },
  {
    at: 0,
    magic: '\x89HDF',
    what: 'this is an HDF5 file (Keras)',
    hint: 'Convert it with python -m tf2onnx.convert --keras model.h5 --output model.onnx.',
  },
  {
    at: 4,
    magic: 'TFL3',
    what: 'this is a TensorFlow Lite model',
    hint: 'Convert it with python -m tf2onnx.convert --tflite model.tflite --output model.onnx.',
  },
  {
    at: 4,
    magic: 'ORTM',
    what: 'this is in the ORT format of onnxruntime',
    hint: 'Use the .onnx file that it was made from.',
  },
  { at: 0, magic: 'version https://git-lfs', what: 'this is a Git LFS pointer', hint: 'Run git lfs pull.' },
  {
    at: 0,
    magic: '<',
    what: 'this is HTML or XML',
    hint: 'The download gave a page instead of the file: check its address.',
  },
  { at: 0, magic: '{', what: 'this is JSON', hint: 'Give a .onnx file, as torch.onnx.export or tf2onnx write it.' },
];
