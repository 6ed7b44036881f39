// Test support: runs a learner's graphs on onnxruntime-web in Node, keeping sessions like the engine does.
import * as ort from 'onnxruntime-web';
import { writeModel } from '../graph/write.ts';
import type { RunGraph, Tensors } from './learner.ts';

ort.env.logLevel = 'fatal';
ort.env.wasm.numThreads = 1;

/** A fresh runner; one for each learner, because keys name graphs within one learner. */
export function wasmRunner(): RunGraph {
  const sessions = new Map<string, Promise<ort.InferenceSession>>();
  return async (key, compile, feeds): Promise<Tensors> => {
    const known = sessions.get(key) ?? ort.InferenceSession.create(writeModel(compile()), { logSeverityLevel: 4 });
    sessions.set(key, known);
    const session = await known;
    const tensors = session.inputNames.map((name) => {
      const feed = feeds[name];
      if (feed === undefined) throw new Error(`no feed for ${name}`);
      return [name, new ort.Tensor('float32', feed.data, feed.dims)] as const;
    });
    const outputs = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { dims, data }]) => [name, { type: 'float32', dims, data: data as Float32Array }]),
    );
  };
}
