/** `card.json` beside a few-shot learner's model (docs/fewshot-format.md): what it is, what it takes, how it adapts. */
import * as z from 'zod';
import { HeliographError } from '../graph/errors.ts';

export const CARD_FORMAT = 'heliograph-learner';
export const CARD_VERSION = 1;

/** Bounds so that a bad card costs nothing. */
const MAX_SIDE = 4096;
const MAX_FEATURES = 1 << 20;
const MAX_NODES = 4096;
const MAX_STEPS = 1000;

const text = z.string().max(4000);
const count = (maximum: number) => z.int().min(1).max(maximum);

/** A path relative to the card's folder, with forward slashes; it may lead to another bundled model. */
const relativePath = z
  .string()
  .max(300)
  .regex(/^(\.\.\/)*[\w.-]+(\/[\w.-]+)*$/, 'not a relative path');

const inputSchema = z
  .object({
    channels: z.union([z.literal(1), z.literal(3)]),
    height: count(MAX_SIDE),
    width: count(MAX_SIDE),
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
    /** Drawings: which of a picture's tones is ink, and so 1; null for photographs. */
    ink: z.enum(['dark', 'light']).nullable(),
    /** Absent: averaged over areas. Otherwise the short side is resized to `short` and the centre taken, as for an image classifier. */
    resize: z
      .object({ short: count(MAX_SIDE), interpolation: z.enum(['bilinear', 'bicubic']) })
      .nullish()
      .transform((resize) => resize ?? null),
  })
  .refine(({ channels, mean, std }) => mean.length === channels && std.length === channels, {
    message: 'mean and std need one number a channel',
  })
  .refine(({ channels, ink }) => ink === null || channels === 1, { message: 'ink has one channel' })
  .refine(({ resize, ink }) => ink === null || resize === null, { message: 'drawings are averaged, not resized' });
export type LearnerInput = z.infer<typeof inputSchema>;

const common = {
  format: z.literal(CARD_FORMAT),
  version: z.literal(CARD_VERSION),
  name: z.string().regex(/^[\w.-]{1,100}$/, 'not a plain name'),
  title: text,
  domain: z.enum(['drawings', 'photographs']),
  file: relativePath,
  bytes: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  input: inputSchema,
  /** Length F of the feature vectors. */
  features: count(MAX_FEATURES),
  /** The number of classes it was trained for, or `any`. */
  ways: z.union([z.literal('any'), z.int().min(2).max(MAX_NODES)]),
  training: z.record(z.string(), z.unknown()).default({}),
  licence: text,
  source: text,
  citation: text,
  metrics: z.record(z.string(), z.unknown()).default({}),
};

const mamlSchema = z.object({
  ...common,
  kind: z.literal('maml'),
  /** Number O of output nodes. */
  nodes: z.int().min(2).max(MAX_NODES),
  inner: z.object({
    learningRate: z.number().positive(),
    /** Of the output nodes (the parameters `head.…`); where a card does not say, the same. */
    headLearningRate: z.number().positive().optional(),
    steps: count(MAX_STEPS),
    /**
     * The inner loss: the sum over the assignments (as published), or divided by the number that fit. Older cards do not say and mean
     * the sum.
     */
    loss: z.enum(['sum', 'mean']).default('sum'),
  }),
  /** Initialisers of the model file that the inner loop adapts. */
  parameters: z.array(z.string().min(1)).min(1).max(10_000),
});

const protoNetSchema = z.object({ ...common, kind: z.literal('protonet') });

const simpleShotSchema = z
  .object({
    ...common,
    kind: z.literal('simpleshot'),
    /** The model's tensor that holds the features, flattened to [batch, F]. */
    tensor: z.string().min(1),
    /** Mean feature of the training images, subtracted first. */
    centre: z.array(z.number()),
  })
  .refine(({ centre, features }) => centre.length === features, { message: 'centre needs one number a feature' });

const cardSchema = z.discriminatedUnion('kind', [mamlSchema, protoNetSchema, simpleShotSchema]);

/** What tells a card, and its version, before the rest is looked at. */
const headSchema = z.object({ format: z.unknown(), version: z.unknown() });

export type LearnerCard = z.infer<typeof cardSchema>;
export type MamlCard = z.infer<typeof mamlSchema>;
export type ProtoNetCard = z.infer<typeof protoNetSchema>;
export type SimpleShotCard = z.infer<typeof simpleShotSchema>;
export type LearnerKind = LearnerCard['kind'];
export type InnerLoss = MamlCard['inner']['loss'];

/**
 * @param value the parsed JSON
 * @param path where it comes from, for messages
 * @throws HeliographError `bad-document` naming the first field that is wrong, or another version
 */
export function parseLearnerCard(value: unknown, path: string): LearnerCard {
  const head = headSchema.safeParse(value);
  const { format, version } = head.success ? head.data : { format: undefined, version: undefined };
  if (format !== CARD_FORMAT) {
    throw new HeliographError('bad-document', `${path} is not the card of a few-shot learner.`, 'Choose a learner’s own folder.');
  }
  if (version !== CARD_VERSION) {
    throw new HeliographError(
      'bad-document',
      `${path} has format version ${String(version)}; version ${CARD_VERSION} is known.`,
      'Use a newer Heliograph, or export the learner again.',
    );
  }
  const result = cardSchema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new HeliographError(
    'bad-document',
    `${path} is damaged: ${issue?.path.join('.') || 'card'}: ${issue?.message}.`,
    'Repair it or export the learner again.',
  );
}

/** What a network saved from an adapted learner (`freeze`) states of its input, as JSON; null for anything else. */
export function parseLearnerInput(json: string): LearnerInput | null {
  try {
    return inputSchema.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null; // Other exporters may mean something else by “input”.
  }
}
