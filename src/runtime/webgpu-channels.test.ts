import { expect, it } from 'vitest';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { ints } from '../graph/graph.ts';
import { noise, run } from '../graph/testing.ts';
import { withSafeChannels } from './webgpu-channels.ts';

function convolution(channels: number, out: number, computed: boolean) {
  const builder = new GraphBuilder(emptyGraph('convolution'));
  const image = builder.input('image', 'float32', [1, channels, 5, 6]);
  const constant = builder.add(noise([out, channels, 3, 3], 2), 'weights');
  const weights = computed ? builder.multiply(constant, builder.input('factor', 'float32', [])) : constant;
  const result = builder.emit('Conv', [image, weights], { pads: ints([1, 1, 1, 1]) });
  return builder.finish([{ value: result, name: 'result' }]);
}

it.each([
  [6, 4, false],
  [18, 16, false],
  [9, 8, true],
])('%i → %i channels: the widened convolution computes the same (computed weights: %s)', async (channels, out, computed) => {
  const graph = convolution(channels, out, computed);
  const safe = withSafeChannels(graph);
  const conv = safe.nodes.find((node) => node.op === 'Conv');
  expect((safe.types.get(conv?.inputs[0] ?? '')?.dims[1] ?? 0) % 4).toBe(0);
  const feeds = { image: noise([1, channels, 5, 6]), factor: { type: 'float32', dims: [], data: Float32Array.of(0.7) } } as const;
  const [wanted, got] = [await run(graph, feeds), await run(safe, feeds)];
  const values = [...((got.result?.data ?? []) as Float32Array)];
  expect(values).toHaveLength(out * 30);
  values.forEach((value, index) => {
    expect(value).toBeCloseTo(Number(wanted.result?.data[index]), 5);
  });
});

it.each([
  [3, 4],
  [12, 4],
  [6, 5],
])('%i → %i channels are right as they are', (channels, out) => {
  const graph = convolution(channels, out, false);
  expect(withSafeChannels(graph)).toBe(graph);
});
