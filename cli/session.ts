import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { HeliographError } from '../src/graph/errors.ts';
import { LocalEngine } from '../src/runtime/engine.ts';
import type { Engine, ModelSummary } from '../src/runtime/protocol.ts';
import { cardSchema, type ModelCard, preprocessingOfCard } from '../src/studio/assets.ts';
import { readBytes } from './files.ts';
import { modelPath, readModelFiles } from './model.ts';

export interface OpenedModel {
  readonly engine: Engine;
  readonly summary: ModelSummary;
  /** Class names from the model's card or metadata. */
  readonly labels: readonly string[] | null;
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = new TextDecoder().decode(await readBytes(path));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new HeliographError('bad-document', `${path} is not JSON.`, 'Repair it or take it away.', { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new HeliographError(
    'bad-document',
    `${path} is damaged: ${issue?.path.join('.')} ${issue?.message}.`,
    'Repair it or take it away.',
  );
}

interface Card {
  readonly card: ModelCard;
  readonly labels: readonly string[];
}

/** The card that lies beside a model and speaks of it, if there is one. */
async function readCard(path: string): Promise<Card | null> {
  const folder = dirname(path);
  const file = join(folder, 'card.json');
  if (!existsSync(file)) return null;
  const card = await readJson(file, cardSchema);
  if (card.file !== basename(path)) return null;
  return { card, labels: await readJson(join(folder, card.output.labels), z.array(z.string())) };
}

/**
 * Opens a model file, or a bundled model by its name, with the preprocessing and labels of the card beside it.
 * @param size height and width, for models whose file leaves them open
 */
export async function openModel(argument: string, size?: readonly [number, number]): Promise<OpenedModel> {
  const path = modelPath(argument);
  const files = await readModelFiles(path);
  const found = await readCard(path);
  const engine = new LocalEngine('wasm');
  const summary = await engine.openModel(
    'open',
    { kind: 'files', name: found?.card.title ?? basename(path), ...files },
    { preprocessing: found ? preprocessingOfCard(found.card) : undefined, size: size && { height: size[0], width: size[1] } },
  );
  return { engine, summary, labels: found?.labels ?? summary.labels };
}
