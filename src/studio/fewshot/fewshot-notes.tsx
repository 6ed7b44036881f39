import { Anchor } from '@mantine/core';
import { createElement, type ReactNode } from 'react';
import type { LearnerCard, MamlCard } from '../../fewshot/learner-card.ts';
import type { Equation } from '../mathml.ts';
import panels from '../panels.module.css';
import { FEWSHOT_EQUATIONS as EQUATIONS } from './fewshot-equations.ts';

/** How the chosen learner learns: words, equations, and who found it. */
export function FewShotNotes({ card }: { card: LearnerCard }) {
  return (
    <details className={panels.fold} open>
      <summary>
        <h2>How to read this</h2>
      </summary>
      <div className={panels.foldBody}>
        <div className={panels.note}>
          <p>
            A few-shot learner has been trained on many small tasks, so that it can take up a new one from a handful of examples.
            N classes with K examples each make an N-way K-shot episode.
          </p>
          {notesOn(card)}
        </div>
      </div>
    </details>
  );
}

function Formula({ of: { math, words } }: { of: Equation }) {
  return (
    <div className={panels.equation} role="img" aria-label={words}>
      {createElement('math', { display: 'block', 'aria-hidden': true }, math)}
    </div>
  );
}

function Citation({ arxiv, children }: { arxiv: string; children: ReactNode }) {
  return (
    <p className={panels.citation}>
      {children}{' '}
      <Anchor href={`https://arxiv.org/abs/${arxiv}`} target="_blank" rel="noreferrer" inherit underline="always">
        arXiv {arxiv}
      </Anchor>
    </p>
  );
}

const UMAP = (
  <>
    <p>
      The map squeezes all features into two dimensions (UMAP). It keeps neighbourhoods, not distances; the learner itself
      compares distances in all dimensions.
    </p>
    <Citation arxiv="1802.03426">L. McInnes, J. Healy, J. Melville: UMAP. 2018.</Citation>
  </>
);

const PROTOTYPES = (
  <Citation arxiv="1703.05175">
    J. Snell, K. Swersky, R. Zemel: Prototypical networks for few-shot learning. NeurIPS 2017.
  </Citation>
);

function notesOn(card: LearnerCard): ReactNode {
  return card.kind === 'maml' ? <GradientSteps card={card} /> : PROTOTYPE_NOTES[card.kind];
}

function GradientSteps({ card: { inner, training } }: { card: MamlCard }) {
  const { loss, learningRate, headLearningRate = learningRate } = inner;
  return (
    <>
      <p>
        The network has more output nodes than the episode has classes. An assignment lends one node to each class; several
        assignments without a common node fit beside each other. What is wrong (the loss) is{' '}
        {loss === 'sum' ? 'added up' : 'averaged'} over all of them:
      </p>
      <Formula of={loss === 'sum' ? EQUATIONS.loss : EQUATIONS.meanLoss} />
      <p>
        Learning is gradient descent on the examples, in all parameters θ of the network. Each inner step goes against the slope
        of the loss, as far as the learning rate η says
        {headLearningRate !== learningRate &&
          `, ${headLearningRate} for the output nodes and ${learningRate} for everything else`}
        :
      </p>
      <Formula of={EQUATIONS.step} />
      <p>A new picture gets the class whose nodes answer most strongly together, one node from each assignment:</p>
      <Formula of={EQUATIONS.prediction} />
      <p>
        Which node speaks for which class is arbitrary, so shuffling the nodes should change no prediction: labels are equivalent.
        And several assignments together are an ensemble inside one network. The paper reports 65.00 % with one assignment and
        66.99 % with twelve (miniImageNet, 5 ways, 5 shots).
      </p>
      <p>
        <strong>Published</strong>: output nodes and disjoint assignments, loss and prediction summed over them, training with 3,
        5, 7 and 9 classes and 30 nodes. <strong>Ours</strong>: three inner steps, the inner learning rates,{' '}
        {loss === 'mean' &&
          `an average over the assignments where the paper adds up${training.outerLoss === 'mean' ? ', in the outer loop too' : ''}, `}
        {training.head === 'zero' && 'output nodes that were all alike before training, '}
        32 filters, and the probabilities, a softmax of the sum divided by the number of assignments.
      </p>
      <Citation arxiv="2401.05097">J. Lee, Y. Kim, H. Lee, N. Kwak: Any-way meta learning. AAAI 2024.</Citation>
      <Citation arxiv="1703.03400">
        C. Finn, P. Abbeel, S. Levine: Model-agnostic meta-learning for fast adaptation of deep networks. ICML 2017.
      </Citation>
    </>
  );
}

const PROTOTYPE_NOTES = {
  protonet: (
    <>
      <p>
        Nothing is adapted. The network turns a picture into a feature vector f, and the mean of a class’s examples is its
        prototype:
      </p>
      <Formula of={EQUATIONS.prototype} />
      <p>A new picture belongs to the nearest one; the nearer, the likelier:</p>
      <Formula of={EQUATIONS.nearest} />
      <Formula of={EQUATIONS.probability} />
      <p>
        A prototype needs no output node, so any number of classes will do, and their order means nothing: label equivalence is
        built in.
      </p>
      {PROTOTYPES}
      {UMAP}
    </>
  ),
  simpleshot: (
    <>
      <p>
        The features come from an ordinary classifier that was never trained for few examples. They are centred by their mean f₀
        over pictures it was trained on and brought to length 1, so that only their direction counts:
      </p>
      <Formula of={EQUATIONS.normalised} />
      <p>Then each class is the mean of its examples, and the nearest mean decides, as in ProtoNet:</p>
      <Formula of={EQUATIONS.prototype} />
      <Formula of={EQUATIONS.nearest} />
      <p>Simple, quick, and hard to beat where the classifier has seen similar pictures. Any number of classes will do.</p>
      <Citation arxiv="1911.04623">Y. Wang, W.-L. Chao, K. Q. Weinberger, L. van der Maaten: SimpleShot. 2019.</Citation>
      {UMAP}
    </>
  ),
} satisfies Record<string, ReactNode>;
