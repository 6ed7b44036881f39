/**
 * The few-shot learners’ equations as MathML. x is a picture, y its class, f the features, z the output nodes’ logits, θ the
 * network’s parameters, s an assignment of nodes to classes.
 */
import { type Equation, fraction, i, n, norm, o, of, row, sub, sum, sup, under } from '../mathml.ts';

const theta = i('θ');
const nodes = sub(i('s'), i('j'));
const loss = of('L', theta);
/** Of one assignment. */
const oneLoss = [
  fraction(n('1'), i('B')),
  sum('i'),
  of('CE', row(sub(i('z'), i('i')), o('['), nodes, o(']')), o(','), sub(i('y'), i('i'))),
];
const ONE_LOSS = 'the mean over the B examples i of the cross-entropy between the logits of the nodes in s j and the class y i';
const prototype = sub(i('p'), i('c'));
const distance = sup(norm(row(of('f', i('x')), o('−'), prototype)), n('2'));

export const FEWSHOT_EQUATIONS = {
  loss: {
    math: row(loss, o('='), sum('j'), ...oneLoss),
    words: `the loss L of theta is the sum over assignments j of ${ONE_LOSS}`,
  },
  meanLoss: {
    math: row(loss, o('='), fraction(n('1'), row(o('⌊'), i('O'), o('/'), i('N'), o('⌋'))), sum('j'), ...oneLoss),
    words: `the loss L of theta is, divided by the number of assignments that fit, O over N rounded down, the sum over assignments j of ${ONE_LOSS}`,
  },
  step: {
    math: row(theta, o('←'), theta, o('−'), i('η'), sub(o('∇'), theta), loss),
    words: 'theta becomes theta minus eta times the gradient of L with respect to theta',
  },
  prediction: {
    math: row(i('ŷ'), o('='), under(i('arg max'), i('c')), sum('j'), i('z'), o('['), nodes, o('('), i('c'), o(')'), o(']')),
    words:
      'the predicted class is the c with the greatest sum, over assignments j, of the logit of the node that speaks for c in s j',
  },
  prototype: {
    math: row(
      prototype,
      o('='),
      fraction(n('1'), i('K')),
      under(o('∑'), row(sub(i('y'), i('i')), o('='), i('c'))),
      of('f', sub(i('x'), i('i'))),
    ),
    words: 'the prototype p c is the mean feature of the K examples of class c',
  },
  nearest: {
    math: row(i('ŷ'), o('='), under(i('arg min'), i('c')), distance),
    words: 'the predicted class is the c whose prototype has the least squared distance to the feature of x',
  },
  probability: {
    math: row(of('P', row(i('c'), o('|'), i('x'))), o('∝'), i('exp'), o('('), o('−'), distance, o(')')),
    words: 'the probability of class c is proportional to the exponential of minus the squared distance',
  },
  normalised: {
    math: row(i('f'), o('←'), fraction(row(i('f'), o('−'), sub(i('f'), n('0'))), norm(row(i('f'), o('−'), sub(i('f'), n('0')))))),
    words: 'a feature f becomes f minus the mean feature f zero, divided by its length',
  },
} satisfies Record<string, Equation>;
