/** The oldest opset of ai.onnx that is read. */
export const oldestOpset = 9;

/** The newest opset of ai.onnx that is read. */
export const newestOpset = 26;

/** The newest version of the file format (`ir_version`) that is read. */
export const newestIrVersion = 14;

/** Bytes that one protobuf message can hold: 2 GB, less one. */
export const maxModelBytes = 2 ** 31 - 1;

/** Bytes as gigabytes, for a message. */
export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}
