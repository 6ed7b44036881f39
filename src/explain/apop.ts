import { poolSwitches } from '../adjoint/pooling.ts';
import { gatherAtOffset } from '../adjoint/window.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { HeliographError } from '../graph/errors.ts';
import { floatAttribute, inputAt, int, type Node, requiredInput, requiredOutput, type StaticGraph } from '../graph/graph.ts';
import { numbers } from '../graph/tensor.ts';
import type { Classifier } from './classifier.ts';
import { LOGITS } from './score.ts';

/** Names of the APOP graph's further input and outputs. */
export const CARRIER = 'carrier';
export const CARRIER_LOGITS = 'carrier_logits';
export const PATTERN_LOGITS = 'pattern_logits';

/** Units that are on or off: rectifiers with a threshold at 0. */
const RECTIFIERS = new Set(['Relu', 'LeakyRelu', 'PRelu', 'Clip']);

function isRectifier(node: Node, graph: StaticGraph): boolean {
  if (node.op !== 'Clip') return RECTIFIERS.has(node.op);
  const low = graph.initializers.get(inputAt(node, 1));
  return low !== undefined && numbers(low)[0] === 0;
}

/**
 * Activation-pattern-only prediction (observation of Han, Kim, Kwak 2024; implementation: reconstruction, methods §1): the on/off pattern
 * 1[v > 0] of every rectifier and the max-pool switches are recorded on the image, then another input, the carrier, runs through the
 * network with them fixed.
 *
 * Inputs: the image and `carrier`, same shape. Outputs, each [1, classes]: `logits` of the image, `carrier_logits` of the carrier by
 * itself, `pattern_logits` of the carrier under the image's pattern.
 * @throws HeliographError `method-not-applicable` for networks without rectifiers
 */
export function compileApop(model: Classifier): StaticGraph {
  if (model.opaque !== null) throw model.opaque;
  if (!model.graph.nodes.some((node) => isRectifier(node, model.graph))) {
    throw new HeliographError(
      'method-not-applicable',
      'This network has no rectifiers (ReLU and its kin), so its units have no on/off pattern.',
      'Choose a network with ReLU, ReLU6, leaky ReLU or PReLU.',
    );
  }
  const builder = new GraphBuilder(model.graph);
  const carrier = builder.input(CARRIER, 'float32', model.graph.types.get(model.image)?.dims ?? []);
  const outputs = [
    { value: model.logits, name: LOGITS },
    { value: again(builder, model, carrier, false), name: CARRIER_LOGITS },
    { value: again(builder, model, carrier, true), name: PATTERN_LOGITS },
  ];
  return builder.finish(outputs);
}

/** The network once more on the carrier, free or under the recorded pattern. Returns the class scores. */
function again(builder: GraphBuilder, model: Classifier, carrier: string, patterned: boolean): string {
  const renamed = new Map([[model.image, carrier]]);
  const rename = (name: string) => renamed.get(name) ?? name;
  for (const node of model.graph.nodes) {
    if (!node.inputs.some((name) => renamed.has(name))) continue;
    if (patterned && (isRectifier(node, model.graph) || node.op === 'MaxPool')) {
      const value = rename(requiredInput(node, 0));
      renamed.set(requiredOutput(node, 0), node.op === 'MaxPool' ? switched(builder, node, value) : masked(builder, node, value));
      continue;
    }
    const outputs = builder.emitMany(node.op, node.inputs.map(rename), node.attributes, node.outputs);
    node.outputs.forEach((name, index) => {
      renamed.set(name, outputs[index] ?? name);
    });
  }
  return rename(model.logits);
}

/** A rectifier with the image's on/off pattern: slope 1 where its unit was on, the off-slope elsewhere; a ReLU6 keeps its ceiling. */
function masked(builder: GraphBuilder, node: Node, value: string): string {
  const on = builder.emit('Greater', [requiredInput(node, 0), builder.scalar(0)]);
  if (node.op === 'LeakyRelu' || node.op === 'PRelu') {
    const slope = node.op === 'PRelu' ? requiredInput(node, 1) : builder.scalar(floatAttribute(node, 'alpha', 0.01));
    return builder.emit('Where', [on, value, builder.multiply(value, slope)]);
  }
  const passed = builder.multiply(value, builder.emit('Cast', [on], { to: int(1) }, 'pattern'));
  const ceiling = node.op === 'Clip' ? inputAt(node, 2) : '';
  return ceiling === '' ? passed : builder.emit('Min', [passed, ceiling]);
}

/** A max-pool that reads where the image's maxima were. */
function switched(builder: GraphBuilder, node: Node, value: string): string {
  const { offsets, masks } = poolSwitches(builder, node);
  const parts = offsets.map((offset, index) => {
    const mask = masks[index];
    const read = gatherAtOffset(builder, value, node, offset, 0);
    return mask === undefined ? read : builder.multiply(mask, read);
  });
  return parts.reduce((a, b) => builder.addValues(a, b));
}
