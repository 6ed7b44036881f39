/** Every method's equation as MathML, which browsers set themselves. F is the explained class score, x the picture. */
import type { MethodId } from '../explain/explainer.ts';
import { type Equation, fraction, gap, i, n, norm, o, of, row, sub, sum, sup, under } from './mathml.ts';

const Rp = row(sub(i('R'), i('p')), o('='));
const gradient = fraction(i('∂F'), sub(i('∂x'), i('p')));
const mean = (count: string, index: string) => row(fraction(n('1'), i(count)), sum(index));
const ij = row(i('i'), i('j'));
const mu = sub(i('μ'), ij);
const vj = sub(i('v'), i('j'));
const share = row(mu, o('='), fraction(row(o('⟨'), sub(i('w'), ij), o(','), vj, o('⟩')), sup(norm(vj), n('2'))));

export const EQUATIONS: Readonly<Record<MethodId, Equation>> = {
  srd: {
    math: row(share, o(','), gap, sub(i('R'), i('i')), o('='), sum('j'), mu, sub(i('R'), i('j'))),
    words: 'mu i j is the inner product of w i j and v j over the squared norm of v j; R i is the sum over j of mu i j times R j',
  },
  erf: {
    math: row(of('ERF', vj), o('='), sum('i'), mu, of('ERF', sub(i('v'), i('i')))),
    words: 'the field of v j is the sum over i of mu i j times the field of v i; the field of a pixel is one at that pixel',
  },
  gradient: { math: row(Rp, gradient), words: 'R p is the derivative of F with respect to x p' },
  'gradient-x-input': {
    math: row(Rp, sub(i('x'), i('p')), gradient),
    words: 'R p is x p times the derivative of F with respect to x p',
  },
  'integrated-gradients': {
    math: row(
      Rp,
      o('('),
      sub(i('x'), i('p')),
      o('−'),
      sub(i('x′'), i('p')),
      o(')'),
      mean('S', 's'),
      gradient,
      o('('),
      i('x′'),
      o('+'),
      i('s'),
      o('/'),
      i('S'),
      o('('),
      i('x'),
      o('−'),
      i('x′'),
      o('))'),
    ),
    words:
      'R p is x p minus x prime p, times the mean over S steps of the derivative of F with respect to x p at x prime plus s over S times x minus x prime',
  },
  smoothgrad: {
    math: row(Rp, mean('S', 's'), gradient, o('('), i('x'), o('+'), sub(i('ε'), i('s')), o(')')),
    words: 'R p is the mean over S samples of the derivative of F with respect to x p at x plus noise',
  },
  'grad-cam': {
    math: row(
      Rp,
      sum('k'),
      sub(i('α'), i('k')),
      sub(i('A'), row(i('k'), i('p'))),
      o(','),
      gap,
      sub(i('α'), i('k')),
      o('='),
      under(i('mean'), i('q')),
      fraction(i('∂F'), sub(i('∂A'), row(i('k'), i('q')))),
    ),
    words:
      'R p is the sum over channels k of alpha k times A k p, where alpha k is the mean over positions q of the derivative of F with respect to A k q',
  },
  occlusion: {
    math: row(
      Rp,
      under(i('mean'), row(i('m'), o('∋'), i('p'))),
      o('('),
      of('F', i('x')),
      o('−'),
      of('F', sub(i('x'), row(o('∖'), i('m')))),
      o(')'),
    ),
    words: 'R p is the mean, over patches m that cover p, of F of x minus F of x with m covered',
  },
  rise: {
    math: row(
      Rp,
      fraction(n('1'), row(i('N'), o('·'), i('E'), o('['), i('m'), o(']'))),
      sum('n'),
      of('F', i('x'), o('⊙'), sub(i('m'), i('n'))),
      sub(i('m'), row(i('n'), i('p'))),
    ),
    words: 'R p is the sum over masks n of F of x times m n, times m n at p, over N times the expected value of a mask',
  },
};
