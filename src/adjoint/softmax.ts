import type { GraphBuilder } from '../graph/builder.ts';
import { intAttribute, type Node, requiredInput, requiredOutput } from '../graph/graph.ts';
import { frontAxis, unaryRule } from './common.ts';

function axisOf(builder: GraphBuilder, node: Node): number {
  return frontAxis(intAttribute(node, 'axis', -1), builder.shape(requiredInput(node, 0)).length);
}

/** Softmax s along one axis: s · (g − Σ g·s). */
export const softmax = unaryRule((builder, node, cotangent) => {
  const probabilities = requiredOutput(node, 0);
  const weighted = builder.multiply(cotangent, probabilities);
  const mean = builder.reduceSum(weighted, [axisOf(builder, node)], true);
  return builder.subtract(weighted, builder.multiply(probabilities, mean));
});

/** LogSoftmax along one axis: g − softmax · Σ g. */
export const logSoftmax = unaryRule((builder, node, cotangent) => {
  const probabilities = builder.emit('Exp', [requiredOutput(node, 0)]);
  const sum = builder.reduceSum(cotangent, [axisOf(builder, node)], true);
  return builder.subtract(cotangent, builder.multiply(probabilities, sum));
});
