/** Pieces of MathML, from which equations are put together. */
import { createElement, type ReactElement, type ReactNode } from 'react';

export interface Equation {
  readonly math: ReactElement;
  /** The equation in words, for those who hear it. */
  readonly words: string;
}

// React's types have no MathML elements, so they are made by name.
const tag =
  (name: string) =>
  (...children: ReactNode[]): ReactElement =>
    createElement(name, null, ...children);

export const i = tag('mi');
export const o = tag('mo');
export const n = tag('mn');
export const row = tag('mrow');
export const sub = tag('msub');
export const sup = tag('msup');
export const fraction = tag('mfrac');
export const under = tag('munder');

export const gap = createElement('mspace', { width: '0.8em' });
export const sum = (index: string) => under(o('∑'), i(index));
export const norm = (of: ReactNode) => row(o('‖'), of, o('‖'));
export const of = (name: string, ...argument: ReactNode[]) => row(i(name), o('('), ...argument, o(')'));
