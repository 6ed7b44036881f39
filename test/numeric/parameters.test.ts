import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { backward } from '../../src/adjoint/backward.ts';
import { findClassifier } from '../../src/explain/find-classifier.ts';
import { TARGET } from '../../src/explain/score.ts';
import { oneClass, run } from '../../src/explain/tiny-nets.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { readModel } from '../../src/graph/read.ts';
import { float32 } from '../../src/graph/tensor.ts';
import { readNpy } from '../../src/runtime/npy.ts';
import { relativeError } from '../relative-error.ts';

interface Manifest {
  readonly target: number;
  readonly methods: { readonly parameters: Readonly<Record<string, string>> };
}

/** Parameters that survive preparation as they are in the file: batch norms and what they are folded into do not. */
it.each([
  ['vit', 25],
  ['residual', 2],
] as const)('gradients of the parameters of %s are PyTorch’s', async (net, least) => {
  const bytes = (path: string) => new Uint8Array(readFileSync(`goldens/${net}/${path}`));
  const { classifier: model } = findClassifier(readModel(bytes('model.onnx')));
  const { target, methods } = JSON.parse(new TextDecoder().decode(bytes('golden.json'))) as Manifest;
  const names = Object.keys(methods.parameters).filter((name) => model.graph.initializers.has(name));
  expect(names.length).toBeGreaterThanOrEqual(least);
  const builder = new GraphBuilder(model.graph);
  const seed = builder.input(TARGET, 'float32', [1, model.classes]);
  const gradients = backward(builder, model.graph.nodes, new Map([[model.logits, seed]]), names);
  const outputs = names.map((name) => ({ value: gradients.get(name) ?? '', name: `gradient/${name}` }));
  const x = readNpy(bytes('x.npy'));
  const results = await run(builder.finish(outputs), {
    [model.image]: float32(x.dims, x.data),
    [TARGET]: oneClass(model, target),
  });
  const errors = names.map((name) => {
    const expected = readNpy(bytes(methods.parameters[name] ?? '')).data;
    return { name, error: relativeError(results[`gradient/${name}`] ?? [], expected) };
  });
  expect(errors.filter(({ error }) => !(error < 1e-4))).toEqual([]);
});
