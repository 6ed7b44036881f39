import { describe, expect, it } from 'vitest';
import { relativeError } from '../../test/relative-error.ts';
import { emptyGraph, GraphBuilder } from '../graph/builder.ts';
import type { HeliographError } from '../graph/errors.ts';
import { int } from '../graph/graph.ts';
import { readModel } from '../graph/read.ts';
import { type FloatTensor, float32 } from '../graph/tensor.ts';
import { writeModel } from '../graph/write.ts';
import { uniform } from '../random.ts';
import { conv4, mamlCard, protoNetCard } from './conv4.ts';
import { affineNetwork, freeze, type PredictedImage } from './frozen.ts';
import { concatenated, joinLearner, type Learner, type Prediction, type RunGraph, softmaxRows } from './learner.ts';
import type { SimpleShotCard } from './learner-card.ts';
import { adapt, predict } from './learners.ts';
import { wasmRunner } from './testing.ts';

const SHAPE = { channels: 1, side: 16, filters: 4, nodes: 7 } as const;
const PIXELS = SHAPE.side ** 2;
const WAYS = 3;

const draw = uniform(9);
const images = (count: number, pixels = PIXELS) => Float32Array.from({ length: count * pixels }, () => draw());

/** A learner adapted to random images, one image predicted in their company, and its prediction. */
async function predicted(learner: Learner, run: RunGraph): Promise<PredictedImage & { prediction: Prediction }> {
  const { channels, height, width } = learner.card.input;
  const pixels = channels * height * width;
  const support = { images: images(6, pixels), labels: [0, 0, 1, 1, 2, 2], ways: WAYS };
  const adapted = await adapt(learner, support, {}, run);
  const image = images(1, pixels);
  const company = learner.card.kind === 'simpleshot' ? null : support.images;
  const batch = company === null ? image : concatenated([image, company]);
  return { learner, adapted, image, company, prediction: await predict(learner, adapted, batch, run) };
}

const firstRow = (rows: Float32Array) => rows.slice(0, WAYS);
const centred = (row: Float32Array) => row.map((value) => value - row.reduce((sum, each) => sum + each, 0) / row.length);

/** The scores of the graph's file, for the image it was made for. */
async function scoresOf(graph: Parameters<typeof writeModel>[0], { learner, image }: PredictedImage, feeds = {}) {
  const { channels, height, width } = learner.card.input;
  const tensor: FloatTensor = float32([1, channels, height, width], image);
  const outputs = await wasmRunner()('file', () => ({ ...graph, types: new Map() }), { [learner.image]: tensor, ...feeds });
  return outputs.scores?.data ?? new Float32Array();
}

/** The mean of each channel, centred and normalised. */
function pooling(): Learner {
  const net = new GraphBuilder(emptyGraph('pooling'));
  const image = net.input('image', 'float32', [1, 3, 4, 4]);
  const features = net.emit('Flatten', [net.emit('GlobalAveragePool', [image])], { axis: int(1) }, 'flatten');
  const card: SimpleShotCard = {
    ...protoNetCard({ channels: 3, side: 4, filters: 1, nodes: 2 }),
    kind: 'simpleshot',
    name: 'simpleshot',
    features: 3,
    tensor: 'flatten',
    centre: [0.1, 0.2, 0.3],
  };
  return joinLearner(card, net.finish([{ value: features, name: 'flatten' }]));
}

const maml = () => joinLearner(mamlCard(SHAPE), conv4(SHAPE, 1));
const protoNet = () => joinLearner(protoNetCard(SHAPE), conv4(SHAPE, 2));

describe('the adapted network as a classifier of one image', () => {
  it('of MAML scores the mean over assignments, in convolutions and one linear layer', async () => {
    const run = wasmRunner();
    const subject = await predicted(maml(), run);
    const graph = await freeze(subject, run);
    const operators = graph.nodes.map(({ op }) => op);
    expect(operators).toEqual([...new Array(4).fill(['Conv', 'Relu', 'MaxPool']).flat(), 'Flatten', 'Gemm']);
    const scores = await scoresOf(graph, subject);
    const expected = firstRow(subject.prediction.scores).map((sum) => sum / 2);
    expect(relativeError(scores, expected)).toBeLessThan(1e-5);
    expect(relativeError(softmaxRows(scores, WAYS), firstRow(subject.prediction.probabilities))).toBeLessThan(1e-5);
  });

  it('of ProtoNet scores as predicted, less what is the same for all classes', async () => {
    const run = wasmRunner();
    const subject = await predicted(protoNet(), run);
    const scores = await scoresOf(await freeze(subject, run), subject);
    expect(relativeError(centred(scores), centred(firstRow(subject.prediction.scores)))).toBeLessThan(1e-5);
    expect(relativeError(softmaxRows(scores, WAYS), firstRow(subject.prediction.probabilities))).toBeLessThan(1e-5);
  });

  it('of SimpleShot normalises; for an explanation the length is fixed, and one graph serves all images', async () => {
    const run = wasmRunner();
    const subject = await predicted(pooling(), run);
    const expected = centred(firstRow(subject.prediction.scores));
    const graph = await freeze(subject, run);
    expect(graph.nodes.map(({ op }) => op)).toContain('ReduceL2');
    expect(relativeError(centred(await scoresOf(graph, subject)), expected)).toBeLessThan(1e-5);
    const affine = await affineNetwork(subject, run);
    expect(affine.key).toBe('affine/3');
    expect(affine.compile().nodes.map(({ op }) => op)).not.toContain('ReduceL2');
    expect(relativeError(centred(await scoresOf(affine.compile(), subject, affine.feeds)), expected)).toBeLessThan(1e-4);
  });

  it('depends on the batch the image was in', async () => {
    const run = wasmRunner();
    const subject = await predicted(maml(), run);
    const alone = { ...subject, company: null };
    const { scores } = await predict(subject.learner, subject.adapted, subject.image, run);
    const frozen = await scoresOf(await freeze(alone, run), subject);
    expect(
      relativeError(
        frozen,
        scores.map((sum) => sum / 2),
      ),
    ).toBeLessThan(1e-5);
    expect(relativeError(scores, firstRow(subject.prediction.scores))).toBeGreaterThan(1e-2);
  });

  it('says in its file which learner, input and classes it has', async () => {
    const run = wasmRunner();
    const subject = await predicted(maml(), run);
    const { metadata, inputs } = readModel(writeModel(await freeze(subject, run, ['a', 'b', 'c'])), {});
    expect(metadata.get('learner')).toBe('maml');
    expect(JSON.parse(metadata.get('input') ?? '')).toMatchObject({ height: 16, mean: [0] });
    expect(JSON.parse(metadata.get('labels') ?? '')).toEqual(['a', 'b', 'c']);
    expect(inputs).toEqual([{ name: 'images', type: 'float32', dims: [1, 1, 16, 16] }]);
  });

  it('is refused for two images, another learner’s state, and output nodes that are no linear layer', async () => {
    const run = wasmRunner();
    const subject = await predicted(maml(), run);
    const code = (value: HeliographError['code']) => ({ code: value });
    await expect(freeze({ ...subject, image: images(2) }, run)).rejects.toMatchObject(code('bad-array'));
    await expect(freeze({ ...subject, learner: protoNet() }, run)).rejects.toMatchObject(code('bad-episode'));
    const graph = conv4(SHAPE, 1);
    const scaled = graph.nodes.map((node) =>
      node.op === 'Gemm' ? { ...node, attributes: { ...node.attributes, alpha: { kind: 'float', value: 2 } as const } } : node,
    );
    const other = joinLearner(mamlCard(SHAPE), { ...graph, nodes: scaled });
    await expect(freeze({ ...subject, learner: other }, run)).rejects.toMatchObject(code('method-not-applicable'));
  });
});
