import { DatafreeError } from '@datafree/plugin';
import type { TensorProto } from '../proto/generated/onnx_pb.ts';

/** Finds the content of a side file by its location, relative to the model file; undefined when it is not there. */
export type ExternalDataSource = (location: string) => Uint8Array | undefined;

/** Reads tensors that are stored in side files. */
export interface ExternalData {
  /** @throws `external-data-missing`, `model-invalid` */
  read(proto: TensorProto): Uint8Array;
}

/** Reads from the given source; each location is asked for once. */
export function externalData(source: ExternalDataSource | undefined): ExternalData {
  const files = new Map<string, Uint8Array>();
  const open = (location: string, tensor: string): Uint8Array => {
    const known = files.get(location);
    if (known !== undefined) return known;
    const bytes = source?.(location);
    if (bytes === undefined) {
      throw new DatafreeError(
        'external-data-missing',
        `The weights of "${tensor}" are stored in "${location}", which is not there.`,
        {
          tensor,
          path: location,
          hint: `Put "${location}" beside the model file, or save the model in one file: onnx.save(model, path, save_as_external_data=False).`,
        },
      );
    }
    files.set(location, bytes);
    return bytes;
  };
  return {
    read(proto) {
      const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
      const location = entries.get('location') ?? '';
      if (location === '' || /^([/\\]|[A-Za-z]:)/.test(location) || location.split(/[/\\]/).includes('..')) {
        throw new DatafreeError(
          'model-invalid',
          `The external data of "${proto.name}" is at "${location}", which is not a path beside the model.`,
          {
            tensor: proto.name,
            path: location,
          },
        );
      }
      const file = open(location, proto.name);
      const offset = Number(entries.get('offset') ?? 0);
      const length = Number(entries.get('length') ?? file.length - offset);
      if (
        !(
          Number.isInteger(offset) &&
          Number.isInteger(length) &&
          offset >= 0 &&
          length >= 0 &&
          offset + length <= file.length
        )
      ) {
        throw new DatafreeError(
          'external-data-missing',
          `The weights of "${proto.name}" are bytes ${offset} to ${offset + length} of "${location}", which has ${file.length}.`,
          {
            tensor: proto.name,
            path: location,
            hint: `"${location}" is cut off or belongs to another model: copy it again.`,
          },
        );
      }
      return file.subarray(offset, offset + length);
    },
  };
}
