import type { Explainer, MethodId } from './explainer.ts';
import { gradCam } from './grad-cam.ts';
import { gradient, gradientTimesInput } from './gradient.ts';
import { integratedGradients } from './integrated-gradients.ts';
import { occlusion } from './occlusion.ts';
import { rise } from './rise.ts';
import { smoothGrad } from './smoothgrad.ts';
import { erf, srd } from './srd/srd.ts';

/** All methods, by id. */
export const explainers: Readonly<Record<MethodId, Explainer>> = {
  srd,
  erf,
  gradient,
  'gradient-x-input': gradientTimesInput,
  'integrated-gradients': integratedGradients,
  smoothgrad: smoothGrad,
  'grad-cam': gradCam,
  occlusion,
  rise,
};
