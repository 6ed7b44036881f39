/** The header of a Relight scene (docs/relight-format.md), as a schema. Sizes are bounded so that a bad file costs nothing. */
import * as z from 'zod';

export const SCENE_FORMAT = 'heliograph-relight-scene';
/** Versions that can be read. The first had no compressed files. */
export const SCENE_VERSIONS = [1, 2] as const;
/** How a compressed file's name ends. Not `.gz`: some servers send such files as something to be unzipped on the way. */
const GZIP = '.gzip';

/** Vertices along an axis. WebGL2 promises textures of 2,048; a larger grid would not fit a download. */
const MAX_GRID = 512;
const MAX_COMPONENTS = 48;
const MAX_CUBE = 256;
/** Entries of the sky's table under one sun: what a uniform buffer of 16 KiB, the least WebGL2 promises, holds. */
const MAX_SKY_ENTRIES = 1024;
const MAX_KNOTS = 256;
const MAX_CAMERAS = 4096;
/** Bounds of the small network's layers, which the shader evaluates unrolled. */
export const MAX_FEATURES = 8;
export const MAX_HIDDEN = 32;
export const MAX_HIDDEN_LAYERS = 2;
const MAX_FREQUENCIES = 8;
/** Radians a rotation's axes may be off their right angle, and by how much their length may differ from 1. */
const RIGID_TOLERANCE = 1e-3;

const text = z.string().max(2000);
const count = (maximum: number) => z.number().int().min(1).max(maximum);
const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
const vector = z.tuple([z.number(), z.number(), z.number()]);
const latitude = z.number().min(-90).max(90);
const longitude = z.number().min(-180).max(180);
const elevation = z.number().min(-90).max(90);
const ascending = z
  .array(z.number())
  .min(1)
  .max(MAX_KNOTS)
  .refine((knots) => knots.every((knot, index) => index === 0 || knot > (knots[index - 1] ?? Number.NaN)), 'knots must ascend');

/** A path below the scene's folder, with forward slashes. */
const fileName = z
  .string()
  .max(200)
  .regex(/^[\w.-]+( ?[\w.-]+)*(\/[\w.-]+( ?[\w.-]+)*)*$/, 'not a path inside the scene folder')
  .refine((path) => !path.split('/').some((part) => part === '.' || part === '..'), 'not a path inside the scene folder');

const size = z.number().int().nonnegative();
const listedFile = z
  .object({
    file: fileName,
    bytes: size,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    unzipped_bytes: size.optional(),
  })
  .refine(({ file, unzipped_bytes }) => file.endsWith(GZIP) === (unzipped_bytes !== undefined), {
    message: `files named *${GZIP}, and no others, have unzipped_bytes`,
  });

const place = { file: fileName, offset: z.number().int().nonnegative().multipleOf(4) };
const shape = z
  .array(count(1 << 16))
  .min(1)
  .max(4);

const floatBlob = z.object({ ...place, type: z.literal('float32'), shape });
const byteBlob = z
  .object({ ...place, type: z.literal('uint8'), shape, minimum: z.array(z.number()), scale: z.array(positive) })
  .refine(({ shape: [channels], minimum, scale }) => minimum.length === channels && scale.length === channels, {
    message: 'minimum and scale need one number a channel',
  });

const three = z.tuple([byteBlob, byteBlob, byteBlob]);
const vmGrid = z.object({ components: count(MAX_COMPONENTS).multipleOf(4), planes: three, lines: three });

const transmittance = z.object({ weight: z.number(), bias: z.number() });
const perceptron = {
  features: floatBlob,
  layers: z
    .array(z.object({ weight: floatBlob, bias: floatBlob }))
    .min(1)
    .max(MAX_HIDDEN_LAYERS + 1),
  frequencies: z.number().int().min(0).max(MAX_FREQUENCIES),
};
const directional = {
  components: count(64),
  rows: floatBlob,
  row_bias: floatBlob,
  cube: floatBlob.refine(
    ({ shape: [, side] }) => (side ?? 0) >= 2 && (side ?? 0) <= MAX_CUBE,
    'cube faces have 2 to 256 entries a side',
  ),
};

const shadow = z.discriminatedUnion('variant', [
  z.object({ variant: z.literal('none') }),
  z.object({ variant: z.literal('geometric'), transmittance }),
  z.object({ variant: z.literal('A'), ...perceptron }),
  z.object({ variant: z.literal('B'), ...directional }),
  z.object({ variant: z.literal('C-A'), ...perceptron, transmittance }),
  z.object({ variant: z.literal('C-B'), ...directional, transmittance }),
]);

function isRigid(matrix: readonly number[]): boolean {
  const column = (index: number) => [matrix[index] ?? 0, matrix[4 + index] ?? 0, matrix[8 + index] ?? 0];
  return [0, 1, 2].every((a) =>
    [0, 1, 2].every((b) => {
      const product = column(a).reduce((sum, value, row) => sum + value * (column(b)[row] ?? 0), 0);
      return Math.abs(product - (a === b ? 1 : 0)) < RIGID_TOLERANCE;
    }),
  );
}

const camera = z.object({
  id: text,
  split: z.enum(['train', 'unseen-view', 'unseen-sun', 'unseen-both']),
  width: count(1 << 14),
  height: count(1 << 14),
  fx: positive,
  fy: positive,
  cx: z.number(),
  cy: z.number(),
  camera_to_world: z.array(z.number()).length(16).refine(isRigid, 'not a rotation and a position'),
  azimuth_degrees: z.number(),
  elevation_degrees: elevation,
  time: z.iso.datetime({ offset: true }),
  image: fileName.optional(),
});

export const sceneHeaderSchema = z.object({
  format: z.literal(SCENE_FORMAT),
  version: z.literal(SCENE_VERSIONS),
  name: text,
  title: text,
  licence: text,
  place: z.object({ name: text, latitude_degrees: latitude, longitude_degrees: longitude }),
  psi_degrees: z.number(),
  box: z
    .tuple([vector, vector])
    .refine(([low, high]) => low.every((value, axis) => value < (high[axis] ?? value)), 'the box is empty'),
  grid: z
    .tuple([z.number().int(), z.number().int(), z.number().int()])
    .refine(
      (sizes) => sizes.every((size) => size >= 2 && size <= MAX_GRID),
      `a grid has 2 to ${MAX_GRID} vertices along an axis`,
    ),
  step: positive,
  distance_scale: positive,
  density_shift: z.number(),
  density: vmGrid,
  appearance: vmGrid,
  heads: z.object({ albedo: z.object({ weight: floatBlob, bias: vector }), shadow }),
  light: z
    .object({ elevations_degrees: ascending, ambient: z.array(vector), sun: z.array(vector) })
    .refine(({ elevations_degrees: { length }, ambient, sun }) => ambient.length === length && sun.length === length, {
      message: 'ambient and sun need one colour an elevation',
    }),
  sky: z
    .object({ elevations_degrees: ascending, view_sines: ascending, sun_cosines: ascending, colour: floatBlob })
    .refine(({ view_sines, sun_cosines }) => view_sines.length * sun_cosines.length <= MAX_SKY_ENTRIES, {
      message: `the sky has at most ${MAX_SKY_ENTRIES} entries an elevation`,
    }),
  occupancy: z.object({
    ...place,
    type: z.literal('uint8'),
    shape: z.tuple([count(MAX_GRID), count(MAX_GRID), count(MAX_GRID)]),
    cell: count(MAX_GRID),
  }),
  march: z.object({
    termination: fraction,
    weight_threshold: fraction,
    opacity_threshold: fraction,
    shadow_step_factor: positive,
    shadow_bias: z.number().nonnegative(),
    surface: z.enum(['mean', 'median']).default('mean'),
  }),
  cameras: z.array(camera).max(MAX_CAMERAS),
  metrics: z.record(z.string(), z.unknown()),
  files: z.array(listedFile).max(2 * MAX_CAMERAS),
});

/** `scene.json`, validated but for what its numbers say of the binary files. */
export type SceneHeader = z.infer<typeof sceneHeaderSchema>;
export type FloatBlob = z.infer<typeof floatBlob>;
export type ByteBlob = z.infer<typeof byteBlob>;
export type VmGridHeader = z.infer<typeof vmGrid>;
