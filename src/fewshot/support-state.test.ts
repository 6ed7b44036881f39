import { describe, expect, it } from 'vitest';
import { uniform } from '../random.ts';
import { adaptParameters, type InnerStep } from './adaptation.ts';
import { assign, nodesInOrder, sumOverAssignments } from './assignments.ts';
import { conv4, mamlCard } from './conv4.ts';
import { joinLearner } from './learner.ts';
import { predict } from './learners.ts';
import { assignmentLoss, ensembleAccuracies, nearestExamples, shareRight } from './support-state.ts';
import { wasmRunner } from './testing.ts';

describe('the state of labelled examples', () => {
  it('has the loss and accuracy the inner loop reports, also after its last step', async () => {
    const shape = { channels: 1, side: 16, filters: 4, nodes: 7 } as const;
    const learner = joinLearner(mamlCard(shape, { loss: 'mean' }), conv4(shape, 1));
    const run = wasmRunner();
    const draw = uniform(1);
    const support = { images: Float32Array.from({ length: 6 * 256 }, () => draw()), labels: [0, 0, 1, 1, 2, 2], ways: 3 };
    const loop = { assignments: assign(nodesInOrder(7), 3, 2), learningRate: 0.1 };
    const reported: InnerStep[] = [];
    await adaptParameters(learner, support, { ...loop, steps: 3 }, run, (step) => reported.push(step));
    for (const [steps, { loss, accuracy, logits }] of reported.entries()) {
      const adapted = await adaptParameters(learner, support, { ...loop, steps }, run);
      const now = await predict(learner, adapted, support.images, run);
      expect(assignmentLoss(now.logits ?? new Float32Array(), 7, loop.assignments, support.labels, 'mean')).toBeCloseTo(loss, 4);
      expect(shareRight(now.scores, 3, support.labels)).toBe(accuracy);
      expect(shareRight(sumOverAssignments(logits, 7, loop.assignments), 3, support.labels)).toBe(accuracy);
    }
  });

  it('has the loss of its closed form', () => {
    // Equal logits: every assignment costs ln N, whatever the labels.
    const lists = [
      [0, 1, 2],
      [3, 4, 5],
    ];
    expect(assignmentLoss(new Float32Array(12).fill(3), 6, lists, [0, 2], 'sum')).toBeCloseTo(2 * Math.log(3), 12);
    expect(assignmentLoss(new Float32Array(12).fill(3), 6, lists, [0, 2], 'mean')).toBeCloseTo(Math.log(3), 12);
    // Two lists fit, also where one is used.
    expect(assignmentLoss(new Float32Array(12).fill(3), 6, lists.slice(1), [0, 2], 'mean')).toBeCloseTo(Math.log(3) / 2, 12);
    // One image, two classes: ln(1 + e^(other − right)).
    expect(assignmentLoss(Float32Array.of(1, 0.25), 2, [[0, 1]], [1], 'sum')).toBeCloseTo(Math.log(1 + Math.exp(0.75)), 12);
    // No overflow.
    expect(assignmentLoss(Float32Array.of(1000, 0, 0, 1000), 2, [[0, 1]], [0, 0], 'sum')).toBeCloseTo(500, 6);
  });

  it('shows what each further assignment adds', () => {
    // The first assignment says class 0 of all three; with the second, the second image is taken for class 1.
    const assignments = [
      [0, 1],
      [3, 2],
    ];
    const logits = Float32Array.from(
      [
        [3, 0, 0, 0, 9],
        [2, 1, 5, 0, 9],
        [2, 0, 1, 0, 9],
      ].flat(),
    );
    expect(ensembleAccuracies(logits, 5, assignments, [0, 1, 1])).toEqual([1 / 3, 2 / 3]);
    expect(ensembleAccuracies(logits, 5, [[0, 1]], [0, 0, 0])).toEqual([1]);
  });

  it('orders examples by distance, and equal ones by their place', () => {
    const support = Float32Array.of(3, 4, 0, 1, 3, 4, 0, 0);
    expect(nearestExamples(Float32Array.of(0, 0), support)).toEqual([
      { index: 3, distance: 0 },
      { index: 1, distance: 1 },
      { index: 0, distance: 5 },
      { index: 2, distance: 5 },
    ]);
  });
});
