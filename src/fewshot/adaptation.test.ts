import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import type { FloatTensor } from '../graph/tensor.ts';
import { uniform } from '../random.ts';
import { adaptParameters, compileInnerStep } from './adaptation.ts';
import { type Assignments, assign, nodesInOrder, sumOverAssignments } from './assignments.ts';
import { conv4, mamlCard } from './conv4.ts';
import { classMajorLabels, shuffle } from './episode.ts';
import { joinLearner, type Learner, predictedWays, type RunGraph, type Support } from './learner.ts';
import type { InnerLoss } from './learner-card.ts';
import { adapt, predict } from './learners.ts';
import { forward } from './prediction.ts';
import { assignmentLoss } from './support-state.ts';
import { wasmRunner } from './testing.ts';

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 7 } as const;
const PIXELS = SHAPE.side ** 2;
const learner = joinLearner(mamlCard(SHAPE), conv4(SHAPE, 1));
const run = wasmRunner();

/** The same network without kinks, so that finite differences can be told from errors. */
function smooth(loss: InnerLoss, headProportion = 1): Learner {
  const graph = conv4(SHAPE, 1);
  const substitutes: Readonly<Record<string, string>> = { Relu: 'Softplus', MaxPool: 'AveragePool' };
  return joinLearner(mamlCard(SHAPE, { loss, learningRate: 0.5, headLearningRate: 0.5 * headProportion }), {
    ...graph,
    nodes: graph.nodes.map((node) => ({ ...node, op: substitutes[node.op] ?? node.op })),
  });
}

function randomImages(count: number, seed: number): Float32Array {
  const draw = uniform(seed);
  return Float32Array.from({ length: count * PIXELS }, () => draw());
}

function supportOf(counts: readonly number[], seed: number): Support {
  const labels = classMajorLabels(counts);
  return { images: randomImages(labels.length, seed), labels, ways: counts.length };
}

/** The inner loss at some parameters, from a plain forward pass. */
async function lossAt(
  { images, labels, ways }: Support,
  assignments: Assignments,
  parameters: Readonly<Record<string, Float32Array>>,
  [subject, runSubject]: readonly [Learner, RunGraph] = [learner, run],
  over: InnerLoss = 'sum',
) {
  const adapted = { kind: 'parameters', ways, assignments, steps: 0, parameters } as const;
  const { logits } = await forward(subject, images, runSubject, adapted);
  return assignmentLoss(logits ?? new Float32Array(), SHAPE.nodes, assignments, labels, over);
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
const unit = (values: Float32Array) => values.map((value) => value / Math.sqrt(dot(values, values)));
const own = () => Object.fromEntries([...learner.parameters].map(([name, { data }]) => [name, data]));

describe('one inner step', () => {
  it.each([
    ['sum', 1],
    ['mean', 1],
    ['mean', 5],
  ] as const)(
    'goes down the gradient of the loss, a %s, by finite differences in every parameter, the nodes %i times as far',
    async (over, headProportion) => {
      const subject = [smooth(over, headProportion), wasmRunner()] as const;
      const property = fc.asyncProperty(
        fc.nat(1e6),
        fc.constantFrom([2, 2, 2], [3, 1], [1, 2, 1, 2]),
        fc.boolean(),
        async (seed, counts, all) => {
          const support = supportOf(counts, seed);
          const most = Math.floor(SHAPE.nodes / counts.length);
          const assignments = assign(shuffle(SHAPE.nodes, SHAPE.nodes, uniform(seed, 1)), counts.length, all ? most : 1);
          const { parameters: moved } = await adaptParameters(
            subject[0],
            support,
            { assignments, steps: 1, learningRate: 1 },
            subject[1],
          );
          const before = own();
          const draw = uniform(seed, 2);
          for (const [name, values] of Object.entries(before)) {
            const far = name.startsWith('head.') ? headProportion : 1;
            const gradient = values.map((value, index) => (value - (moved[name]?.[index] ?? Number.NaN)) / far);
            const size = Math.sqrt(dot(gradient, gradient));
            // Half along the gradient, where the signal is, half anywhere, where errors would be.
            const random = unit(values.map(() => 2 * draw() - 1));
            const direction = size > 0 ? unit(gradient).map((value, index) => value + (random[index] ?? 0)) : random;
            const moveBy = (amount: number) => values.map((value, index) => value + amount * (direction[index] ?? 0));
            const loss = (amount: number) => lossAt(support, assignments, { ...before, [name]: moveBy(amount) }, subject, over);
            const difference = async (step: number) => ((await loss(step)) - (await loss(-step))) / (2 * step);
            // Extrapolated once (Richardson).
            const numeric = (4 * (await difference(0.01)) - (await difference(0.02))) / 3;
            expect(Math.abs(numeric - dot(gradient, direction)), name).toBeLessThan(2e-3 * size + 2e-4);
          }
        },
      );
      await fc.assert(property, { seed: 3, numRuns: 3 });
    },
  );

  it('reports the loss, logits and accuracy it started from', async () => {
    const support = supportOf([2, 2, 2], 5);
    const assignments = assign(nodesInOrder(7), 3, 2);
    const seen: { step: number; loss: number; accuracy: number; logits: Float32Array }[] = [];
    await adaptParameters(learner, support, { assignments, steps: 2, learningRate: 0.2 }, run, (step) => seen.push(step));
    expect(seen.map(({ step }) => step)).toEqual([0, 1]);
    expect(seen[0]?.loss).toBeCloseTo(await lossAt(support, assignments, own()), 4);
    const logits = seen[0]?.logits ?? new Float32Array();
    const right = predictedWays(sumOverAssignments(logits, 7, assignments), 3).filter((way, at) => way === support.labels[at]);
    expect(seen[0]?.accuracy).toBeCloseTo(right.length / 6, 12);
    expect(seen[1]?.loss).toBeLessThan(seen[0]?.loss ?? 0);
  });

  it('leaves what the loss does not depend on as it is', async () => {
    const graph = conv4(SHAPE, 1);
    const unused: FloatTensor = { type: 'float32', dims: [3], data: Float32Array.of(1, 2, 3) };
    const card = mamlCard(SHAPE);
    const withUnused = joinLearner(
      { ...card, parameters: [...card.parameters, 'unused'] },
      { ...graph, initializers: new Map([...graph.initializers, ['unused', unused]]) },
    );
    const loop = { assignments: [[0, 1]], steps: 2, learningRate: 0.1 };
    const { parameters } = await adaptParameters(withUnused, supportOf([1, 1], 1), loop, wasmRunner());
    expect([...(parameters.unused ?? [])]).toEqual([1, 2, 3]);
  });

  it('takes images, parameters, selection, labels and a learning rate, and computes nothing off the GPU', () => {
    const graph = compileInnerStep(learner, 6, 3, 2);
    expect(graph.inputs.length).toBe(1 + learner.parameters.size + 3);
    expect(graph.outputs.length).toBe(learner.parameters.size + 2);
    const strays = ['LogSoftmax', 'Sum', 'Mean', 'Sign', 'OneHot', 'Round', 'Or', 'Mod'];
    expect(graph.nodes.filter(({ op }) => strays.includes(op))).toEqual([]);
  });
});

describe('the inner loop', () => {
  it('goes on where it stopped', async () => {
    const support = supportOf([2, 3], 8);
    const assignments = assign(nodesInOrder(7), 2, 3);
    const whole = await adapt(learner, support, { assignments, steps: 3 }, run);
    const begun = await adapt(learner, support, { assignments, steps: 1 }, run);
    if (begun.kind !== 'parameters' || whole.kind !== 'parameters') throw new Error('MAML adapts parameters');
    const ended = await adapt(learner, support, { steps: 2, from: begun }, run);
    expect(ended).toEqual(whole);
    expect(whole.steps).toBe(3);
  });

  it('without a step gives copies of the learner’s own parameters', async () => {
    const adapted = await adapt(learner, supportOf([1, 1], 1), { steps: 0 }, run);
    if (adapted.kind !== 'parameters') throw new Error('MAML adapts parameters');
    for (const [name, { data }] of learner.parameters) {
      expect(adapted.parameters[name]).toEqual(data);
      expect(adapted.parameters[name]?.buffer).not.toBe(data.buffer);
    }
  });

  it('does not care what classes are called: renaming them renames the predictions', async () => {
    const property = fc.asyncProperty(fc.nat(1e6), async (seed) => {
      const ways = 3;
      const support = supportOf([2, 1, 2], seed);
      const order = shuffle(ways, ways, uniform(seed, 3));
      const assignments = assign(shuffle(7, 7, uniform(seed, 4)), ways, 2);
      const queries = randomImages(5, seed + 1);
      const scores = async (examples: Support, lists: Assignments) =>
        (await predict(learner, await adapt(learner, examples, { assignments: lists }, run), queries, run)).scores;
      const plain = await scores(support, assignments);
      // Class n is now called order[n], and the nodes that spoke for n speak for order[n].
      const renamed = await scores(
        { ...support, labels: support.labels.map((label) => order[label] ?? 0) },
        assignments.map((list) => nodesInOrder(ways).map((way) => list[order.indexOf(way)] ?? 0)),
      );
      const back = plain.map((_, index) => renamed[index - (index % ways) + (order[index % ways] ?? 0)] ?? Number.NaN);
      expect(relativeError(back, plain)).toBeLessThan(1e-5);
      // The order of the assignments is none.
      expect(relativeError(await scores(support, [...assignments].reverse()), plain)).toBeLessThan(1e-5);
    });
    await fc.assert(property, { seed: 5, numRuns: 5 });
  });

  it('says when it diverges', async () => {
    const options = { steps: 9, learningRate: 1e30 };
    await expect(adapt(learner, supportOf([1, 1], 1), options, run)).rejects.toMatchObject({ code: 'bad-episode' });
    const adapted = await adapt(learner, supportOf([1, 1], 1), { steps: 0 }, run);
    if (adapted.kind !== 'parameters') throw new Error('MAML adapts parameters');
    const overgrown = { ...adapted.parameters, 'head.bias': new Float32Array(SHAPE.nodes).fill(Number.NaN) };
    const predicted = predict(learner, { ...adapted, parameters: overgrown }, randomImages(1, 1), run);
    await expect(predicted).rejects.toMatchObject({ code: 'bad-episode' });
  });

  it.each([
    ['one class', { images: randomImages(2, 1), labels: [0, 0], ways: 1 }],
    ['a class without examples', { images: randomImages(2, 1), labels: [0, 2], ways: 3 }],
    ['labels that are missing', { images: randomImages(2, 1), labels: [0], ways: 2 }],
    ['labels beyond the classes', { images: randomImages(2, 1), labels: [0, 5], ways: 2 }],
    ['more classes than nodes', supportOf([1, 1, 1, 1, 1, 1, 1, 1], 1)],
  ])('refuses %s', async (_, support) => {
    await expect(adapt(learner, support, {}, run)).rejects.toMatchObject({ code: 'bad-episode' });
  });

  it.each([
    ['half an image', new Float32Array(PIXELS * 1.5)],
    ['nothing', new Float32Array()],
    ['what is not finite', new Float32Array(2 * PIXELS).fill(Number.NaN)],
  ])('refuses %s', async (_, images) => {
    const never: RunGraph = () => Promise.reject(new Error('nothing may run'));
    await expect(adapt(learner, { images, labels: [0, 1], ways: 2 }, {}, never)).rejects.toMatchObject({ code: 'bad-array' });
  });

  it('refuses to predict with another learner’s parameters', async () => {
    const prototypes = { kind: 'prototypes', ways: 2, prototypes: new Float32Array(8) } as const;
    await expect(predict(learner, prototypes, randomImages(1, 1), run)).rejects.toMatchObject({ code: 'bad-episode' });
    const foreign = { kind: 'parameters', ways: 2, assignments: [[0, 1]], steps: 1, parameters: {} } as const;
    await expect(predict(learner, foreign, randomImages(1, 1), run)).rejects.toMatchObject({ code: 'bad-episode' });
  });
});
