import { Anchor } from '@mantine/core';
import { createElement } from 'react';
import type { MethodId } from '../explain/explainer.ts';
import { EQUATIONS } from './equations.ts';
import styles from './panels.module.css';

interface Note {
  /** How to read the map, in two or three sentences. */
  readonly reading: string;
  readonly citation: string;
  readonly url: string;
}

const SRD = {
  citation:
    'S. Han, Y. Kim, N. Kwak: Respect the model: fine-grained and robust explanation with sharing ratio decomposition. ICLR 2024.',
  url: 'https://arxiv.org/abs/2402.03348',
};

const NOTES: Readonly<Record<MethodId, Note>> = {
  srd: {
    reading:
      'Every position hands its relevance down to the positions it was computed from, each in proportion to its part of the feature vector (its sharing ratio μ). Red carries the score, blue works against it. With the identity start all relevance adds up to the score; the contrastive start takes off what all positions have in common.',
    ...SRD,
  },
  erf: {
    reading:
      'One position of a hidden layer, followed back to the pixels. Red pixels made its feature vector what it is, blue ones pulled it elsewhere. This is the field the network really used on this picture, not the one its geometry allows.',
    ...SRD,
  },
  gradient: {
    reading:
      'How fast the score changes when a pixel does. It shows what the score is sensitive to, not what it is made of, and looks noisy in deep networks.',
    citation: 'K. Simonyan, A. Vedaldi, A. Zisserman: Deep inside convolutional networks. ICLR workshop 2014.',
    url: 'https://arxiv.org/abs/1312.6034',
  },
  'gradient-x-input': {
    reading:
      'The gradient times the pixel’s own value: its part of the score if the network were linear around this picture. Pixels at the model’s zero (its mean colour) get nothing.',
    citation:
      'A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje: Not just a black box: learning important features through propagating activation differences. 2016.',
    url: 'https://arxiv.org/abs/1605.01713',
  },
  'integrated-gradients': {
    reading:
      'Gradients summed on the straight way from the model’s zero x′ to the picture. The map adds up to F(x) − F(x′); the completeness error says how far a finite number of steps is from that.',
    citation: 'M. Sundararajan, A. Taly, Q. Yan: Axiomatic attribution for deep networks. ICML 2017.',
    url: 'https://arxiv.org/abs/1703.01365',
  },
  smoothgrad: {
    reading:
      'The mean gradient over copies of the picture with noise added, so that what is chance in one copy cancels. More noise shows larger structures.',
    citation: 'D. Smilkov, N. Thorat, B. Kim, F. Viégas, M. Wattenberg: SmoothGrad: removing noise by adding noise. 2017.',
    url: 'https://arxiv.org/abs/1706.03825',
  },
  'grad-cam': {
    reading:
      'A late layer’s channels, weighted by how much the score grows with each on average. Coarse (one value for each position of that layer), but a class stands out clearly. The paper keeps the positive part only; here evidence against stays visible.',
    citation:
      'R. R. Selvaraju et al.: Grad-CAM: visual explanations from deep networks via gradient-based localization. ICCV 2017.',
    url: 'https://arxiv.org/abs/1610.02391',
  },
  occlusion: {
    reading:
      'A patch is moved over the picture; each pixel gets the mean fall of the score while it was covered. Works for every model, sees nothing finer than the patch.',
    citation: 'M. D. Zeiler, R. Fergus: Visualizing and understanding convolutional networks. ECCV 2014.',
    url: 'https://arxiv.org/abs/1311.2901',
  },
  rise: {
    reading:
      'The score under many random soft masks; each pixel gets the mean score of the masks that let it through. Works for every model; few masks give a grainy map.',
    citation: 'V. Petsiuk, A. Das, K. Saenko: RISE: randomized input sampling for explanation of black-box models. BMVC 2018.',
    url: 'https://arxiv.org/abs/1806.07421',
  },
};

/** “How to read this”: words, equation and source of a method. */
export function MethodNote({ method }: { method: MethodId }) {
  const { reading, citation, url } = NOTES[method];
  const { math, words } = EQUATIONS[method];
  return (
    <div className={styles.note}>
      <p>{reading}</p>
      <div className={styles.equation} role="img" aria-label={words}>
        {createElement('math', { display: 'block', 'aria-hidden': true }, math)}
      </div>
      <p className={styles.citation}>
        {citation}{' '}
        <Anchor href={url} target="_blank" rel="noreferrer" inherit underline="always">
          {url.replace('https://', '').replace('arxiv.org/abs/', 'arXiv ')}
        </Anchor>
      </p>
    </div>
  );
}
