import { backward } from '../../adjoint/backward.ts';
import { layerNormalizationAtFixedScale } from '../../adjoint/normalization.ts';
import type { GraphBuilder } from '../../graph/builder.ts';
import { int } from '../../graph/graph.ts';
import type { Start } from '../explainer.ts';
import { classActivation } from '../grad-cam.ts';
import type { FeatureMaps } from '../grid.ts';
import type { Head } from '../head.ts';
import { channelAxes } from '../positions.ts';

const FIXED_SCALE = { LayerNormalization: layerNormalizationAtFixedScale };

/**
 * Where relevance starts, at the last feature map x (shape: x's with channel axes 1).
 *
 * Affine head (methods §1): R_i = o_i[c] = ⟨x_i, g_i⟩ + b_c/n with g = ∂logit_c/∂x, n the number of positions the head
 * reads, so ΣR is the score. A layer norm in the head divides by a deviation that is held fixed, as everywhere in SRD (reconstruction):
 * its true derivative is blind to the length of x, and ⟨x, g⟩ would vanish. A head with hidden layers is not affine: the Grad-CAM map of x, clipped at zero, as the authors do for
 * VGG16. `contrastive` takes off the mean over positions.
 *
 * @param score the explained scalar, []
 * @param target weights over the classes, [1, classes]
 */
export function startMap(
  builder: GraphBuilder,
  maps: FeatureMaps,
  head: Head,
  start: Start,
  score: string,
  target: string,
): string {
  const { feature } = head;
  const axes = channelAxes(maps.roles, feature);
  const forward = maps.model.graph.nodes;
  const seeds = new Map([[maps.model.logits, target]]);
  const gradient = backward(builder, forward, seeds, [feature], head.affine ? FIXED_SCALE : {}).get(feature);
  if (gradient === undefined || gradient === null) return builder.filled(maps.relevanceShape(feature), 0);
  const shares = (): string => {
    const products = builder.reduceSum(builder.multiply(feature, gradient), axes, true);
    const total = builder.emit('ReduceSum', [products], { keepdims: int(0) }, 'without_bias');
    const bias = builder.subtract(score, total);
    if (!head.selects) {
      const positions = maps.relevanceShape(feature).reduce((a, b) => a * b, 1);
      return builder.addValues(products, builder.multiply(bias, builder.scalar(1 / positions)));
    }
    const reach = builder.emit('ReduceL2', [gradient, builder.ints(axes)], { keepdims: int(1) });
    const read = builder.emit('Cast', [builder.emit('Greater', [reach, builder.scalar(0)])], { to: int(1) }, 'read');
    // A class whose weights are all zero reads no position: nothing is shared then.
    const count = builder.emit('ReduceSum', [read], { keepdims: int(0) });
    const positions = builder.emit('Max', [count, builder.scalar(1)], {}, 'positions');
    return builder.addValues(products, builder.multiply(read, builder.divide(bias, positions)));
  };
  const identity = head.affine
    ? shares()
    : builder.emit('Relu', [classActivation(builder, maps, feature, gradient)], {}, 'start');
  if (start === 'identity') return identity;
  return builder.subtract(identity, builder.emit('ReduceMean', [identity], { keepdims: int(1) }, 'mean'));
}
