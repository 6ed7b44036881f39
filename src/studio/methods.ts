import type { MethodId, MethodOptions } from '../explain/explainer.ts';
import type { SettingKey, Settings } from './state.ts';

export type MethodGroup = 'Sharing ratios' | 'Gradients' | 'Perturbation';

/** A number of a method that the reader may change, stored under its setting's key. */
export interface NumberOption {
  readonly key: Extract<SettingKey, 'igSteps' | 'smoothSteps' | 'noise' | 'patch' | 'stride' | 'riseSteps' | 'seed'>;
  readonly label: string;
  readonly help: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export interface MethodFace {
  readonly id: MethodId;
  readonly name: string;
  readonly group: MethodGroup;
  /** What it answers, in words a student knows. */
  readonly question: string;
  /** Unit of the map's values, as the legend says it. */
  readonly unit: string;
  /** Whether the map has two signs. */
  readonly signed: boolean;
  readonly numbers: readonly NumberOption[];
}

const seed: NumberOption = {
  key: 'seed',
  label: 'Seed',
  help: 'The same seed gives the same map.',
  min: 0,
  max: 2_147_483_647,
  step: 1,
};

/** How each method presents itself, in the order of the picker. */
export const METHODS: readonly MethodFace[] = [
  {
    id: 'srd',
    name: 'SRD',
    group: 'Sharing ratios',
    question: 'How much of the score does each position carry?',
    unit: 'share of the score per position',
    signed: true,
    numbers: [],
  },
  {
    id: 'erf',
    name: 'Effective receptive field',
    group: 'Sharing ratios',
    question: 'Where did one position of a hidden layer look?',
    unit: 'share of the feature vector per pixel',
    signed: true,
    numbers: [],
  },
  {
    id: 'gradient',
    name: 'Gradient',
    group: 'Gradients',
    question: 'Which pixels would change the score most if nudged?',
    unit: '∂score / ∂input',
    signed: true,
    numbers: [],
  },
  {
    id: 'gradient-x-input',
    name: 'Gradient × input',
    group: 'Gradients',
    question: 'What is each pixel’s first-order part of the score?',
    unit: 'score per pixel, first order',
    signed: true,
    numbers: [],
  },
  {
    id: 'integrated-gradients',
    name: 'Integrated gradients',
    group: 'Gradients',
    question: 'What does each pixel add on the way from nothing to this picture?',
    unit: 'score per pixel',
    signed: true,
    numbers: [{ key: 'igSteps', label: 'Steps', help: 'More steps, smaller completeness error.', min: 2, max: 512, step: 8 }],
  },
  {
    id: 'smoothgrad',
    name: 'SmoothGrad',
    group: 'Gradients',
    question: 'Which pixels matter when the picture is a little noisy?',
    unit: 'mean ∂score / ∂input',
    signed: true,
    numbers: [
      { key: 'smoothSteps', label: 'Samples', help: 'Noisy copies averaged.', min: 2, max: 512, step: 4 },
      {
        key: 'noise',
        label: 'Noise',
        help: 'Standard deviation, as a fraction of the input’s range.',
        min: 0.001,
        max: 1,
        step: 0.05,
      },
      seed,
    ],
  },
  {
    id: 'grad-cam',
    name: 'Grad-CAM',
    group: 'Gradients',
    question: 'Which regions of a late layer speak for the class?',
    unit: 'weighted activation',
    signed: true,
    numbers: [],
  },
  {
    id: 'occlusion',
    name: 'Occlusion',
    group: 'Perturbation',
    question: 'How far does the score fall when a patch is covered?',
    unit: 'fall of the score',
    signed: true,
    numbers: [
      { key: 'patch', label: 'Patch', help: 'Side of the square that covers, in input pixels.', min: 2, max: 512, step: 4 },
      { key: 'stride', label: 'Stride', help: 'How far it moves each time, in input pixels.', min: 1, max: 512, step: 4 },
    ],
  },
  {
    id: 'rise',
    name: 'RISE',
    group: 'Perturbation',
    question: 'Which pixels are visible when the score is high?',
    unit: 'mean score where visible',
    signed: true,
    numbers: [{ key: 'riseSteps', label: 'Masks', help: 'Random masks averaged.', min: 8, max: 8000, step: 100 }, seed],
  },
];

export const METHOD_GROUPS: readonly MethodGroup[] = ['Sharing ratios', 'Gradients', 'Perturbation'];

const byId = new Map(METHODS.map((method) => [method.id, method]));

/** The face of a method. */
export function methodFace(id: MethodId): MethodFace {
  const face = byId.get(id);
  if (!face) throw new RangeError(`No face for method ${id}.`);
  return face;
}

/** The options of a method as these settings have them, without layers. */
export function optionsOf(method: MethodId, settings: Settings): MethodOptions {
  switch (method) {
    case 'srd':
      return { start: settings.start };
    case 'integrated-gradients':
      return { steps: settings.igSteps };
    case 'smoothgrad':
      return { steps: settings.smoothSteps, noise: settings.noise, seed: settings.seed };
    case 'occlusion':
      return { patch: settings.patch, stride: settings.stride };
    case 'rise':
      return { steps: settings.riseSteps, seed: settings.seed };
    case 'grad-cam':
      return settings.camLayer === null ? {} : { layer: settings.camLayer };
    case 'erf':
    case 'gradient':
    case 'gradient-x-input':
      return {};
  }
}
