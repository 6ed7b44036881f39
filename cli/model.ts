import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary } from '@bufbuild/protobuf';
import { HeliographError } from '../src/graph/errors.ts';
import { ModelProtoSchema, TensorProto_DataLocation } from '../src/graph/onnx/onnx_pb.ts';
import { readBytes } from './files.ts';

/** The built command lies one folder below the repository's root. */
const BUNDLED = fileURLToPath(new URL('../public/models/', import.meta.url));

/** The file a model argument means: a path, or the name of a model that comes with Heliograph. */
export function modelPath(argument: string): string {
  if (existsSync(argument)) return argument;
  const bundled = join(BUNDLED, argument, 'model.onnx');
  return /^[\w.-]+$/.test(argument) && existsSync(bundled) ? bundled : argument;
}

/** Names of the files beside the model in which it keeps weights. */
function externalNames(bytes: Uint8Array): Set<string> {
  const names = new Set<string>();
  try {
    for (const tensor of fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false }).graph?.initializer ?? []) {
      if (tensor.dataLocation !== TensorProto_DataLocation.EXTERNAL) continue;
      const location = tensor.externalData.find(({ key }) => key === 'location')?.value;
      if (location) names.add(basename(location));
    }
  } catch {
    // Not a model: the reader says so in words.
  }
  return names;
}

export interface ModelFiles {
  readonly model: Uint8Array;
  readonly external: Record<string, Uint8Array>;
}

/** A model's bytes with its external weights, which lie in the same folder. */
export async function readModelFiles(path: string): Promise<ModelFiles> {
  const model = await readBytes(path);
  const external: Record<string, Uint8Array> = {};
  for (const name of externalNames(model)) {
    const file = join(dirname(path), name);
    if (!existsSync(file)) {
      throw new HeliographError(
        'missing-external-data',
        `${path} keeps its weights in “${name}”, which is not beside it.`,
        `Put “${name}” into the same folder.`,
      );
    }
    external[name] = await readBytes(file);
  }
  return { model, external };
}
