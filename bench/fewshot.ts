/** What adapting a few-shot learner costs beside a forward pass of its support batch. */
import { conv4, mamlCard } from '../src/fewshot/conv4.ts';
import { classMajorLabels } from '../src/fewshot/episode.ts';
import { writeModel } from '../src/graph/write.ts';
import { uniform } from '../src/random.ts';
import type { FewShotEngine } from '../src/runtime/fewshot-protocol.ts';
import { PYTHON, PyTorchBench } from './pytorch.ts';
import { type Measurement, median, pairedMedians } from './statistics.ts';

/** Greatest cost of one inner step, in forward passes of the support batch. */
const LIMIT = 3.5;
const WAYS = 5;
const SHOTS = 5;
const QUERIES = 15;
const STEPS = 3;
/** Output nodes of the any-way learners. */
const NODES = 30;
/** Episodes of one measurement of their rate. */
const EPISODES = 10;
/** Measurements of the rate; PyTorch has its turn after each. */
const TURNS = 5;

const LEARNERS = [
  { name: 'drawings, 64 filters', channels: 1, side: 28, filters: 64 },
  { name: 'drawings, 32 filters', channels: 1, side: 28, filters: 32 },
  { name: 'photographs, 64 filters', channels: 3, side: 32, filters: 64 },
] as const;

export interface FewShotReport {
  readonly learner: string;
  readonly ways: number;
  readonly shots: number;
  readonly steps: number;
  readonly measurements: readonly (Measurement & { readonly limit: number | null })[];
  /** Adapting and predicting WAYS × QUERIES queries, images at hand. */
  readonly episodesPerSecond: number;
  /** The same in PyTorch, and how many times its rate ours is (median over turns); null without HELIOGRAPH_PYTHON. */
  readonly pytorch: { readonly episodesPerSecond: number; readonly ratio: number } | null;
}

/** Measures learners with random weights, whose price is that of trained ones. */
export async function measureFewShot(engine: FewShotEngine, rounds: number, threads: number): Promise<FewShotReport[]> {
  const reports: FewShotReport[] = [];
  for (const { name, ...size } of LEARNERS) {
    const shape = { ...size, nodes: NODES };
    const model = writeModel(conv4(shape, 1));
    const card = mamlCard(shape, { learningRate: 0.01, steps: STEPS });
    const { id } = await engine.openLearner('bench', { card, model: { kind: 'files', name, model, external: {} } });
    const draw = uniform(1);
    const pixels = size.channels * size.side ** 2;
    const random = (count: number) => Float32Array.from({ length: count * pixels }, () => draw());
    const images = random(WAYS * SHOTS);
    const support = { images, labels: classMajorLabels(new Array<number>(WAYS).fill(SHOTS)), ways: WAYS };
    const adapt = () => engine.adapt('bench', { learner: id, support, options: {} });
    const { adapted } = await adapt();
    const contestants = new Map([
      ['forward', async () => (await engine.predict('bench', { learner: id, adapted, images })).milliseconds],
      [`adapt, ${STEPS} steps`, async () => (await adapt()).milliseconds],
    ]);
    const measurements = await pairedMedians(contestants, rounds, 2);
    const queries = random(QUERIES);
    const classes = Array.from({ length: WAYS }, (_, index) => ({ name: `${index}`, size: SHOTS + QUERIES }));
    const options = { ways: WAYS, shots: SHOTS, queries: QUERIES, episodes: EPISODES, seed: 1 };
    const load = async (_: number, chosen: readonly number[]) => queries.slice(0, chosen.length * pixels);
    /** Median milliseconds of an episode. */
    const ours = async () => {
      const times: number[] = [];
      let last = performance.now();
      await engine.evaluate('bench', { learner: id, classes, options }, load, undefined, () => {
        times.push(performance.now() - last);
        last = performance.now();
      });
      return median(times);
    };
    const episode = { channels: size.channels, size: size.side, filters: size.filters, nodes: NODES };
    const draws = { ways: WAYS, shots: SHOTS, queries: QUERIES, steps: STEPS, episodes: EPISODES };
    const theirs = PYTHON === undefined ? null : new PyTorchBench(PYTHON, { ...episode, ...draws, threads });
    const turns = [['ours', ours], ...(theirs === null ? [] : [['PyTorch', () => theirs.milliseconds()] as const])] as const;
    const [mine, other] = await pairedMedians(new Map(turns), TURNS, 1);
    theirs?.close();
    await engine.closeLearner(id);
    reports.push({
      learner: name,
      ways: WAYS,
      shots: SHOTS,
      steps: STEPS,
      measurements: measurements.map((each, index) => ({ ...each, limit: index === 0 ? null : LIMIT * STEPS })),
      episodesPerSecond: 1000 / (mine?.milliseconds ?? Number.NaN),
      pytorch: other === undefined ? null : { episodesPerSecond: 1000 / other.milliseconds, ratio: other.ratio },
    });
  }
  return reports;
}

export function printFewShot(reports: readonly FewShotReport[]): void {
  if (PYTHON === undefined) console.log('\nPyTorch is not measured: HELIOGRAPH_PYTHON does not name its interpreter.');
  for (const { learner, ways, shots, measurements, episodesPerSecond, pytorch } of reports) {
    const beside =
      pytorch === null ? '' : `; PyTorch ${pytorch.episodesPerSecond.toFixed(1)}, ours × ${pytorch.ratio.toFixed(2)}`;
    console.log(
      `\nFew-shot, ${learner}, ${ways}-way ${shots}-shot  (${episodesPerSecond.toFixed(1)} episodes a second${beside})`,
    );
    console.log('  on the support batch  median ms   × forward   limit');
    for (const { name, milliseconds, ratio, limit } of measurements) {
      const verdict = limit === null ? '' : `${limit.toFixed(1)} ${ratio <= limit ? '✓' : '✗'}`;
      console.log(
        `  ${name.padEnd(20)}${milliseconds.toFixed(1).padStart(11)}${ratio.toFixed(2).padStart(12)}   ${verdict}`.trimEnd(),
      );
    }
  }
}
