import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import { int, ints, text } from '../graph/graph.ts';
import type { Classifier } from './classifier.ts';
import { explainers } from './registry.ts';
import { Draw, oneClass, run } from './tiny-nets.ts';

type Writing = 'MatMul' | 'Einsum';

/** Attention with two heads over 4×3 patches and a linear head on the mean token; products written in one way or the other. */
function attentionNet(writing: Writing): Classifier {
  const draw = new Draw(6);
  const [tokens, width, heads] = [12, 6, 2];
  const depth = width / heads;
  const net = new GraphBuilder(emptyGraph(writing));
  const image = net.input('image', 'float32', [1, 3, 8, 6]);
  const einsum = (equation: string, a: string, b: string) => net.emit('Einsum', [a, b], { equation: text(equation) });
  const project = (x: string) => {
    const weight = net.add(draw.tensor([width, width]), 'projection');
    return writing === 'MatMul' ? net.emit('MatMul', [x, weight]) : einsum('btc,cd->btd', x, weight);
  };
  const split = (x: string) => net.transpose(net.reshape(x, [1, tokens, heads, depth]), [0, 2, 1, 3]);
  const kernel = net.add(draw.tensor([width, 3, 2, 2]), 'kernel');
  const patches = net.emit('Conv', [image, kernel, net.add(draw.tensor([width]), 'bias')], { strides: ints([2, 2]) });
  const x = net.transpose(net.reshape(patches, [1, width, tokens]), [0, 2, 1]);
  const [q, k, v] = [split(project(x)), split(project(x)), split(project(x))];
  const products =
    writing === 'MatMul' ? net.emit('MatMul', [q, net.transpose(k, [0, 1, 3, 2])]) : einsum('bhid,bhjd->bhij', q, k);
  const weights = net.emit('Softmax', [products], { axis: int(-1) });
  const mixed = writing === 'MatMul' ? net.emit('MatMul', [weights, v]) : einsum('bhij,bhjd->bhid', weights, v);
  const merged = net.reshape(net.transpose(mixed, [0, 2, 1, 3]), [1, tokens, width]);
  const kept = net.emit('LeakyRelu', [net.addValues(x, project(merged))]);
  const pooled = net.emit('ReduceMean', [kept, net.ints([1])], { keepdims: int(0) });
  const scores = [pooled, net.add(draw.tensor([width, 4]), 'head'), net.add(draw.tensor([4]), 'head_bias')];
  const logits = net.emit('Gemm', scores, {}, 'logits');
  const graph = net.finish([{ value: logits, name: logits }]);
  return { graph, image, layout: 'NCHW', height: 8, width: 6, channels: 3, logits, classes: 4, opaque: null };
}

describe('attention written with Einsum', () => {
  it('shares relevance as it does written with MatMul, and keeps all of it', async () => {
    const image = new Draw(9).tensor([1, 3, 8, 6]);
    const [product, sum] = [attentionNet('MatMul'), attentionNet('Einsum')];
    const feeds = { image, target: oneClass(sum, 1) };
    const wanted = await run(explainers.srd.compile(product).graph, feeds);
    const { map, score } = await run(explainers.srd.compile(sum).graph, feeds);
    expect(relativeError(map ?? [], wanted.map ?? [])).toBeLessThan(1e-5);
    expect(map?.reduce((a, b) => a + b, 0)).toBeCloseTo(score?.[0] ?? Number.NaN, 4);
  });
});
