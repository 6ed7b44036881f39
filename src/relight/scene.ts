/** A trained SR-TensoRF scene in memory. What the numbers mean: docs/relight-format.md. */
import type { Radians } from './angle.ts';
import type { Camera } from './camera.ts';
import type { SceneHeader } from './scene-schema.ts';
import type { Place, SunPosition } from './sun.ts';
import type { Vec3 } from './vector.ts';

/** An 8-bit array with a range a channel: value = minimum[c] + scale[c] · byte, c the index along the first axis. */
export interface QuantisedArray {
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly minimum: readonly number[];
  readonly scale: readonly number[];
}

export interface FloatArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Three pairs of planes (X,Y), (X,Z), (Y,Z) [R, N_B, N_A] and lines Z, Y, X [R, N_C]. */
export interface VmGrid {
  /** R, a multiple of 4. */
  readonly components: number;
  readonly planes: readonly QuantisedArray[];
  readonly lines: readonly QuantisedArray[];
}

export interface Transmittance {
  readonly weight: number;
  readonly bias: number;
}

export interface Layer {
  /** [outputs, inputs] */
  readonly weight: FloatArray;
  /** [outputs] */
  readonly bias: FloatArray;
}

/** Variants A and C-A: composited features and the encoded direction go through a small network. */
export interface PerceptronHead {
  readonly kind: 'perceptron';
  /** [K_s, 3R] */
  readonly features: FloatArray;
  readonly layers: readonly Layer[];
  readonly frequencies: number;
}

/** Variants B and C-B: the light direction as a tensor mode, stored as a cube map. */
export interface DirectionalHead {
  readonly kind: 'directional';
  /** [L, K, 3R] */
  readonly rows: FloatArray;
  /** [L, 3R] */
  readonly rowBias: FloatArray;
  /** [6, S, S, K + L] */
  readonly cube: FloatArray;
}

export type ShadowVariant = SceneHeader['heads']['shadow']['variant'];

export interface ShadowHead {
  readonly variant: ShadowVariant;
  /** What is learned of the shadow, null in the variants `none` and `geometric`. */
  readonly learned: PerceptronHead | DirectionalHead | null;
  /** How the density's own shadow enters, null where it does not. */
  readonly transmittance: Transmittance | null;
}

/** Colours over the sun's elevation. */
export interface LightTable {
  readonly elevations: readonly Radians[];
  readonly ambient: readonly Vec3[];
  readonly sun: readonly Vec3[];
}

export interface SkyTable {
  readonly elevations: readonly Radians[];
  readonly viewSines: readonly number[];
  readonly sunCosines: readonly number[];
  /** [elevations, view sines, sun cosines, 3] */
  readonly colour: FloatArray;
}

export interface Occupancy {
  /** One byte a cell, x fastest; 0 = empty. */
  readonly cells: Uint8Array;
  /** Cells along X, Y, Z. */
  readonly size: Vec3;
  /** Vertex intervals a cell spans along each axis. */
  readonly cell: number;
}

export interface SceneCamera extends Camera {
  readonly id: string;
  readonly split: SceneHeader['cameras'][number]['split'];
  /** The sun under which the picture was taken. */
  readonly sun: SunPosition;
  readonly time: Date;
  /** Path of the ground-truth picture, null where the scene has none. */
  readonly image: string | null;
}

export interface Scene {
  readonly header: SceneHeader;
  readonly place: Place;
  /** North angle ψ. */
  readonly psi: Radians;
  readonly box: readonly [Vec3, Vec3];
  /** Vertices along X, Y, Z. */
  readonly grid: Vec3;
  readonly density: VmGrid;
  readonly appearance: VmGrid;
  readonly albedo: { readonly weight: FloatArray; readonly bias: Vec3 };
  readonly shadow: ShadowHead;
  readonly light: LightTable;
  readonly sky: SkyTable;
  readonly occupancy: Occupancy;
  readonly cameras: readonly SceneCamera[];
  /** Bytes of `scene.json` and the binary files. */
  readonly bytes: number;
  /**
   * The ground-truth picture of a camera, or null where the scene has none.
   *
   * @throws HeliographError `download-failed`, `bad-document` or `cancelled`
   */
  image(camera: SceneCamera, signal?: AbortSignal): Promise<Blob | null>;
}
