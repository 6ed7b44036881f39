import { HeliographError } from '../errors.ts';
import { describeNode, inputAt, intsAttribute, type Node, type ValueType } from '../graph.ts';
import { type ElementType, numbers, type Shape, type Tensor } from '../tensor.ts';

/** What is known where a node stands. Lookups answer undefined for what is not known. */
export interface Scope {
  constant(name: string): Tensor | undefined;
  /** Types of values outside the node's own inputs: what the body of a Loop captures. */
  type(name: string): ValueType | undefined;
  readonly opsets: ReadonlyMap<string, number>;
}

/** One operator's shape rule: types of the node's outputs, in order. */
export type InferRule = (at: Inference) => readonly ValueType[];

/** A node whose output types are being worked out, with the questions shape rules ask and the errors they raise. */
export class Inference {
  constructor(
    readonly node: Node,
    readonly inputs: readonly (ValueType | undefined)[],
    readonly scope: Scope,
  ) {}

  has(index: number): boolean {
    return inputAt(this.node, index) !== '';
  }

  /** Type of a required input. */
  type(index: number): ValueType {
    const type = this.inputs[index];
    if (type === undefined) {
      throw new HeliographError('invalid-model', `${describeNode(this.node)} lacks its input ${index}.`);
    }
    return type;
  }

  dims(index: number): Shape {
    return this.type(index).dims;
  }

  /** A type with the element type of an input. */
  like(index: number, dims: Shape = this.dims(index)): ValueType {
    return { type: this.type(index).type, dims };
  }

  /** The constant behind an input, undefined where the value is only known at run time. */
  tensor(index: number): Tensor | undefined {
    const name = inputAt(this.node, index);
    return name === '' ? undefined : this.scope.constant(name);
  }

  /** The numbers of an input on which the output's shape depends; it must be a constant. */
  values(index: number): number[] {
    this.type(index);
    const tensor = this.tensor(index);
    if (tensor === undefined) {
      throw new HeliographError(
        'dynamic-shape',
        `The output shape of ${describeNode(this.node)} depends on the value of “${inputAt(this.node, index)}”, which is only known at run time.`,
        'Export the model with fixed shapes.',
      );
    }
    return numbers(tensor);
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(counted) || counted < 0 || counted >= rank) {
      throw this.mismatch(`axis ${axis} lies outside a tensor of ${rank} dimensions`);
    }
    return counted;
  }

  axes(axes: readonly number[], rank: number): number[] {
    const counted = axes.map((axis) => this.axis(axis, rank));
    if (new Set(counted).size !== counted.length) throw this.mismatch(`an axis is repeated in [${axes}]`);
    return counted;
  }

  /** Axes from the attribute `axes` or from an input; undefined where neither is there. */
  givenAxes(index: number): readonly number[] | undefined {
    return this.has(index) ? this.values(index) : intsAttribute(this.node, 'axes');
  }

  /** Throws unless an input has this rank, or at least `most === undefined ? rank : rank … most` dimensions. */
  rank(index: number, least: number, most = least): number {
    const rank = this.dims(index).length;
    if (rank < least || rank > most) {
      const wanted = least === most ? `${least}` : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
      throw this.mismatch(`input ${index} has shape [${this.dims(index)}], but ${wanted} dimensions are needed`);
    }
    return rank;
  }

  /** NumPy broadcasting of any number of shapes. */
  broadcast(shapes: readonly Shape[]): number[] {
    const rank = shapes.reduce((most, shape) => Math.max(most, shape.length), 0);
    const result = new Array<number>(rank).fill(1);
    for (const shape of shapes) {
      shape.forEach((dim, index) => {
        const axis = rank - shape.length + index;
        const other = result[axis] ?? 1;
        if (other !== dim && other !== 1 && dim !== 1) {
          throw this.mismatch(`shapes ${shapes.map((one) => `[${one}]`).join(' and ')} cannot be broadcast`);
        }
        if (other === 1) result[axis] = dim;
      });
    }
    return result;
  }

  mismatch(detail: string): HeliographError {
    return new HeliographError('shape-mismatch', `In ${describeNode(this.node)}: ${detail}.`);
  }

  unsupported(detail: string): HeliographError {
    return new HeliographError('unsupported-operator', `${describeNode(this.node)}: ${detail}.`);
  }
}

export const typed = (type: ElementType, dims: Shape): ValueType => ({ type, dims });
