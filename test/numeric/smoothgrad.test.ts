import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findClassifier } from '../../src/explain/find-classifier.ts';
import { smoothGrad } from '../../src/explain/smoothgrad.ts';
import { oneClass, run } from '../../src/explain/tiny-nets.ts';
import { readModel } from '../../src/graph/read.ts';
import { float32, sizeOf } from '../../src/graph/tensor.ts';
import { readNpy } from '../../src/runtime/npy.ts';
import { relativeError } from '../relative-error.ts';

const bytes = (path: string) => new Uint8Array(readFileSync(`goldens/residual/${path}`));

/** Captum's noise tunnel draws its own noise; the golden stores what it drew, so the engine's driver cannot be asked. */
it('SmoothGrad on the golden’s own noise is PyTorch’s mean gradient', async () => {
  const { classifier: model } = findClassifier(readModel(bytes('model.onnx')));
  const { target } = JSON.parse(new TextDecoder().decode(bytes('golden.json'))) as { target: number };
  const x = readNpy(bytes('x.npy'));
  const image = float32(x.dims, x.data);
  const noise = readNpy(bytes('smoothgrad_noise.npy'));
  const samples = noise.dims[0] ?? 0;
  // The stored noise is scaled already: σ · (max x − min x) must be 1.
  const range = Math.max(...image.data) - Math.min(...image.data);
  const { graph } = smoothGrad.compile(model, { steps: samples, noise: 1 / range });
  const size = sizeOf(image.dims);
  const total = new Float32Array(size);
  for (let sample = 0; sample < samples; sample += 1) {
    const offsets = float32(image.dims, noise.data.slice(sample * size, (sample + 1) * size));
    const { attribution } = await run(graph, { image, target: oneClass(model, target), noise: offsets });
    attribution?.forEach((value, index) => {
      total[index] = (total[index] ?? 0) + value;
    });
  }
  expect(relativeError(total, readNpy(bytes('smoothgrad.npy')).data)).toBeLessThan(1e-4);
});
