import { expect, it } from 'vitest';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { float } from '../graph/graph.ts';
import type { Classifier } from './classifier.ts';
import { FeatureMaps } from './grid.ts';
import { findHead } from './head.ts';
import { layersOf } from './layers.ts';
import { Draw } from './tiny-nets.ts';

it('takes a map cut into windows for no picture of another size', () => {
  const draw = new Draw(4);
  const net = new GraphBuilder(emptyGraph('windows'));
  const image = net.input('image', 'float32', [1, 3, 8, 12]);
  const whole = net.emit('Conv', [image, net.add(draw.tensor([5, 3, 1, 1]), 'kernel')], {}, 'whole');
  // 8×12 positions as 2×3 windows of 4×4.
  const cut = net.transpose(net.reshape(whole, [1, 5, 2, 4, 3, 4]), [0, 2, 4, 3, 5, 1]);
  const inside = net.emit('LeakyRelu', [net.reshape(cut, [1, 6, 16, 5])], { alpha: float(0.2) }, 'inside');
  const back = net.transpose(net.reshape(inside, [1, 2, 3, 4, 4, 5]), [0, 5, 1, 3, 2, 4]);
  const assembled = net.reshape(back, [1, 5, 8, 12]);
  const pooled = net.emit('Flatten', [net.emit('GlobalAveragePool', [assembled])]);
  const logits = net.emit('Gemm', [pooled, net.add(draw.tensor([5, 4]), 'head')], {}, 'logits');
  const graph = net.finish([{ value: logits, name: logits }]);
  const common = { image, layout: 'NCHW', height: 8, width: 12, channels: 3, logits, classes: 4, opaque: null } as const;
  const model: Classifier = { graph, ...common };
  const maps = new FeatureMaps(model);
  expect(maps.grid(inside)).toBeNull();
  expect(findHead(maps).feature).toBe(assembled);
  expect(layersOf(model).map(({ tensor, height, width }) => [tensor, height, width])).toEqual([
    [whole, 8, 12],
    [assembled, 8, 12],
  ]);
});
