import { describe, expect, it } from 'vitest';
import { HeliographError } from './errors.ts';
import { type Attributes, type Graph, int, ints, type Node, subgraph, tensorValue } from './graph.ts';
import { prepare } from './prepare.ts';
import { readModel } from './read.ts';
import { float32, int64, int64s, scalar } from './tensor.ts';
import { noise } from './testing.ts';
import { writeModel } from './write.ts';

const MODELS = 2000;
/** A broken file must be refused quickly: no mutation may take longer than this. */
const LONGEST_MS = 2000;

function node(op: string, inputs: string[], outputs: string[], attributes: Attributes = {}): Node {
  return { op, domain: '', name: outputs[0] ?? op, inputs, outputs, attributes };
}

/** A small network with every kind of thing a file can hold: attributes, constants, shape arithmetic, a loop. */
function specimen(): Uint8Array {
  const body: Graph = {
    name: 'body',
    opsets: new Map([['', 13]]),
    inputs: [
      { name: 'trip', type: 'int64', dims: [] },
      { name: 'keep', type: 'bool', dims: [] },
      { name: 'state', type: 'float32', dims: [1, 5] },
    ],
    outputs: [
      { name: 'kept', type: 'bool', dims: [] },
      { name: 'next', type: 'float32', dims: [1, 5] },
    ],
    nodes: [node('Identity', ['keep'], ['kept']), node('Add', ['state', 'logits'], ['next'])],
    initializers: new Map(),
    values: new Map(),
    metadata: new Map(),
  };
  return writeModel({
    name: 'specimen',
    opsets: new Map([['', 13]]),
    inputs: [{ name: 'x', type: 'float32', dims: ['N', 3, 8, 8] }],
    outputs: [{ name: 'y', type: 'float32', dims: [1, 5] }],
    nodes: [
      node('Conv', ['x', 'w'], ['c'], { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]), group: int(1) }),
      node('BatchNormalization', ['c', 's', 's', 's', 's'], ['bn']),
      node('Clip', ['bn', 'low', 'high'], ['act']),
      node('MaxPool', ['act'], ['pooled'], { kernel_shape: ints([2, 2]), strides: ints([2, 2]), ceil_mode: int(1) }),
      node('Shape', ['pooled'], ['shape']),
      node('Slice', ['shape', 'from', 'to'], ['batch']),
      node('Constant', [], ['rest'], { value: tensorValue(int64s([-1])) }),
      node('Concat', ['batch', 'rest'], ['target'], { axis: int(0) }),
      node('Reshape', ['pooled', 'target'], ['flat']),
      node('ConstantOfShape', ['size'], ['ones'], { value: tensorValue(float32([1], [1])) }),
      node('Expand', ['ones', 'size'], ['expanded']),
      node('Gemm', ['flat', 'head', 'expanded'], ['logits'], { transB: int(1) }),
      node('Loop', ['trips', '', 'logits'], ['looped'], { body: subgraph(body) }),
      node('Softmax', ['looped'], ['y'], { axis: int(-1) }),
    ],
    initializers: new Map([
      ['w', noise([4, 3, 3, 3])],
      ['s', float32([4], [1, 2, 3, 4])],
      ['low', scalar(0)],
      ['high', scalar(6)],
      ['from', int64s([0])],
      ['to', int64s([1])],
      ['size', int64s([5])],
      ['head', noise([5, 16])],
      ['trips', int64(3)],
    ]),
    values: new Map(),
    metadata: new Map([['author', 'nobody']]),
  });
}

/** A reproducible stream of integers below a bound (xorshift32). */
function random(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function mutate(bytes: Uint8Array, below: (bound: number) => number): Uint8Array {
  const copy = new Uint8Array(bytes);
  const place = below(copy.length);
  switch (below(5)) {
    case 0:
      for (let flips = 1 + below(4); flips > 0; flips -= 1) copy[below(copy.length)] = below(256);
      return copy;
    case 1:
      copy[place] = (copy[place] ?? 0) ^ (1 << below(8));
      return copy;
    case 2:
      return copy.subarray(0, place);
    case 3: {
      // Splice: a stretch of the file lands elsewhere in it.
      const stretch = bytes.subarray(below(bytes.length), bytes.length).subarray(0, 1 + below(40));
      copy.set(stretch.subarray(0, copy.length - place), place);
      return copy;
    }
    default:
      // A stretch is lost, or one of 0xff (huge numbers) comes in.
      copy.fill(0xff, place, place + below(6));
      return below(2) === 0 ? copy : Uint8Array.from([...copy.subarray(0, place), ...copy.subarray(place + below(8))]);
  }
}

describe('broken files', () => {
  it('the specimen itself is whole', () => {
    expect(prepare(readModel(specimen()), new Map()).nodes.length).toBeGreaterThan(4);
  });

  it(`${MODELS} mutations end in a model or a HeliographError, and soon`, () => {
    const bytes = specimen();
    const below = random(20240607);
    const codes = new Map<string, number>();
    for (let count = 0; count < MODELS; count += 1) {
      const mutated = mutate(bytes, below);
      const start = performance.now();
      let code = 'fine';
      try {
        prepare(readModel(mutated), new Map());
      } catch (error) {
        if (!(error instanceof HeliographError)) throw new Error(`mutation ${count} failed otherwise`, { cause: error });
        code = error.code;
        expect(error.message).not.toBe('');
      }
      codes.set(code, (codes.get(code) ?? 0) + 1);
      expect(performance.now() - start).toBeLessThan(LONGEST_MS);
    }
    // The mutations reach beyond the decoder.
    for (const code of ['fine', 'truncated', 'invalid-model', 'shape-mismatch', 'unsupported-operator'])
      expect(codes.get(code) ?? 0).toBeGreaterThan(10);
  }, 30_000);
});
