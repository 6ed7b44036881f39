import { expect, it } from 'vitest';
import { explainers } from './registry.ts';
import { oneClass, randomNet, run } from './tiny-nets.ts';
import { withTopClass } from './top-class.ts';

it.each(['srd', 'gradient', 'rise'] as const)('%s explains the class with the largest score by itself', async (method) => {
  const { model, image } = randomNet(21);
  const logits = [...((await run(model.graph, { image }))[model.logits] ?? [])];
  const graph = explainers[method].compile(model, method === 'rise' ? { steps: 3 } : {}).standalone();
  const { map: wanted } = await run(graph, { image, target: oneClass(model, logits.indexOf(Math.max(...logits))) });
  const own = withTopClass(graph);
  expect(own.inputs.map(({ name }) => name)).toEqual(['image']);
  expect((await run(own, { image })).map).toEqual(wanted);
});
