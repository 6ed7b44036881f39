/** A scene on the GPU with what changes from frame to frame. A moved sun costs a few folded rows and uniforms, nothing of the scene's size. */
import type { Node } from 'three/webgpu';
import { radians } from './angle.ts';
import type { DensityVolume } from './density-volume.ts';
import { FrameUniforms } from './frame-uniforms.ts';
import { GridNodes, VectorArray } from './grid-nodes.ts';
import { linearOutputs } from './heads.ts';
import { lightAt, shadingSun } from './light.ts';
import type { Scene } from './scene.ts';
import { PerceptronNodes, SkyNodes } from './shade-nodes.ts';
import type { ShaderParts } from './shader.ts';
import { type SunPosition, sunDirection } from './sun.ts';
import { subtract, type Vec3 } from './vector.ts';

/** Radiance of the drawn sun over that of the light it gives: enough to be white, dim enough to stay coloured at dusk. */
const DISC_GAIN = 4;

export class SceneNodes {
  readonly frame = new FrameUniforms();
  /** The diagonal of the box, metres. */
  readonly farthest: number;
  readonly #scene: Scene;
  readonly #grid: GridNodes;
  readonly #sky: SkyNodes;
  readonly #perceptron: PerceptronNodes | null;
  readonly #offsets: VectorArray;
  readonly #outputs: number;

  /** @param volume the expanded density, null to look it up in its tensors */
  constructor(scene: Scene, volume: DensityVolume | null) {
    const { learned } = scene.shadow;
    const { count, offsets } = linearOutputs(scene, [0, 1, 0]);
    this.#scene = scene;
    this.#outputs = count;
    this.#grid = new GridNodes(scene, count, volume);
    this.#sky = new SkyNodes(scene);
    this.#perceptron = learned?.kind === 'perceptron' ? new PerceptronNodes(learned) : null;
    this.#offsets = new VectorArray(offsets);
    this.farthest = Math.hypot(...subtract(scene.box[1], scene.box[0]));
  }

  shaderParts(clip: Node<'vec2'>): ShaderParts {
    return {
      scene: this.#scene,
      grid: this.#grid,
      frame: this.frame,
      perceptron: this.#perceptron,
      sky: this.#sky,
      outputs: this.#outputs,
      offsets: this.#offsets,
      farthest: this.farthest,
      clip,
    };
  }

  setSun(sun: SunPosition, disc: boolean): void {
    const { light, psi } = this.#scene;
    const learnedFrom = sunDirection(shadingSun(light, sun), psi);
    const { rows, offsets } = linearOutputs(this.#scene, learnedFrom);
    this.#grid.setRows(rows);
    this.#offsets.fill(offsets);
    this.#perceptron?.setDirection(learnedFrom);
    this.#sky.setElevation(sun.elevation);
    const now = lightAt(light, sun.elevation);
    const ray = sunDirection({ ...sun, elevation: radians(Math.max(sun.elevation, 0)) }, psi);
    const glow = disc ? DISC_GAIN : 0;
    const radiance: Vec3 = [now.sun[0] * glow, now.sun[1] * glow, now.sun[2] * glow];
    this.frame.setSun(ray, sunDirection(sun, psi), now, radiance);
  }

  dispose(): void {
    this.#grid.dispose();
  }
}
