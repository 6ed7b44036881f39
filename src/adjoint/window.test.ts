import fc from 'fast-check';
import { expect, test } from 'vitest';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { int, ints, type Node } from '../graph/graph.ts';
import { windowGeometry } from '../graph/infer/window.ts';
import { sizeOf } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { randomTensor, runGraph, separatedTensor } from './finite-differences.ts';
import { poolSwitches } from './pooling.ts';
import { dropsWindow, gatherAtOffset, offsetsOf, placeAll, placeAtOffset, windowOf } from './window.ts';

const pair = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 2 });
const geometry = fc.record({
  kernel: pair(1, 3),
  strides: pair(1, 3),
  dilations: pair(1, 2),
  padsBegin: pair(0, 2),
  padsEnd: pair(0, 2),
  ceilMode: fc.boolean(),
  extra: pair(0, 3),
  seed: fc.nat(),
});

/** A MaxPool node on a fresh input `x` of two channels, in a builder of its own. */
function pooled(g: {
  kernel: number[];
  strides: number[];
  dilations: number[];
  padsBegin: number[];
  padsEnd: number[];
  ceilMode: boolean;
  extra: number[];
}) {
  const inside = (pads: number[]) => pads.map((pad, axis) => Math.min(pad, (g.kernel[axis] ?? 1) - 1));
  const size = g.kernel.map((k, axis) => (k - 1) * (g.dilations[axis] ?? 1) + 1 + (g.extra[axis] ?? 0));
  const builder = new GraphBuilder(emptyGraph('case'));
  const x = builder.input('x', 'float32', [1, 2, ...size]);
  const node: Node = {
    op: 'MaxPool',
    domain: '',
    name: 'pool',
    inputs: [x],
    outputs: [builder.fresh('y')],
    attributes: {
      kernel_shape: ints(g.kernel),
      strides: ints(g.strides),
      dilations: ints(g.dilations),
      pads: ints([...inside(g.padsBegin), ...inside(g.padsEnd)]),
      ceil_mode: int(g.ceilMode ? 1 : 0),
    },
  };
  fc.pre(!dropsWindow(node, { input: size, ...windowGeometry(node, size, g.kernel) }));
  builder.append(node);
  return { builder, node, x, dims: builder.shape(x) };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);

test('placing is the adjoint of gathering at every offset, and placeAll is their sum', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const { builder, node, x, dims } = pooled(g);
      const offsets = offsetsOf(windowOf(builder, node));
      const small = builder.shape(node.outputs[0] ?? '');
      const next = uniform(g.seed);
      const feeds: Record<string, ReturnType<typeof randomTensor>> = { x: randomTensor(dims, next) };
      const values = offsets.map((offset, index) => {
        const value = builder.input(`v${index}`, 'float32', small);
        feeds[value] = randomTensor(small, next);
        return { offset, value };
      });
      const outputs = values.flatMap(({ offset, value }, index) => [
        { value: builder.emit('Identity', [gatherAtOffset(builder, x, node, offset)]), name: `gathered${index}` },
        { value: builder.emit('Identity', [placeAtOffset(builder, value, node, offset)]), name: `placed${index}` },
      ]);
      outputs.push({ value: builder.emit('Identity', [placeAll(builder, node, values)]), name: 'all' });
      const results = await runGraph(builder.finish(outputs), feeds);
      const sum = new Float32Array(sizeOf(dims));
      values.forEach(({ value }, index) => {
        const gathered = results[`gathered${index}`]?.data ?? new Float32Array();
        const placed = results[`placed${index}`]?.data ?? new Float32Array();
        expect(dot(gathered, feeds[value]?.data ?? new Float32Array())).toBeCloseTo(
          dot(placed, feeds.x?.data ?? new Float32Array()),
          4,
        );
        placed.forEach((entry, place) => {
          sum[place] = (sum[place] ?? 0) + entry;
        });
      });
      sum.forEach((entry, place) => {
        expect(results.all?.data[place]).toBeCloseTo(entry, 4);
      });
    }),
    { numRuns: 20, seed: 21 },
  );
});

test('the switches of a MaxPool pick its output out of its input, one offset per window', async () => {
  await fc.assert(
    fc.asyncProperty(geometry, async (g) => {
      const { builder, node, x, dims } = pooled(g);
      const { offsets, masks } = poolSwitches(builder, node);
      const products = offsets.map((offset, index) =>
        builder.multiply(masks[index] ?? '', gatherAtOffset(builder, x, node, offset)),
      );
      const picked = products.reduce((sum, product) => builder.addValues(sum, product));
      const count = masks.reduce((sum, mask) => builder.addValues(sum, mask));
      const graph = builder.finish([
        { value: picked, name: 'picked' },
        { value: builder.emit('Identity', [count]), name: 'count' },
        { value: builder.emit('Identity', [node.outputs[0] ?? '']), name: 'pooled' },
      ]);
      const results = await runGraph(graph, { x: separatedTensor(dims, uniform(g.seed)) });
      expect(results.picked?.data).toEqual(results.pooled?.data);
      expect(results.count?.data.every((value) => value === 1)).toBe(true);
    }),
    { numRuns: 20, seed: 22 },
  );
});
