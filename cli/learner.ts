import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseLearnerCard } from '../src/fewshot/learner-card.ts';
import { HeliographError } from '../src/graph/errors.ts';
import { LocalEngine } from '../src/runtime/engine.ts';
import type { FewShotEngine, LearnerSummary } from '../src/runtime/fewshot-protocol.ts';
import { readBytes } from './files.ts';
import { readModelFiles } from './model.ts';

/** The built command lies one folder below the repository's root. */
const BUNDLED = fileURLToPath(new URL('../public/learners/', import.meta.url));

export interface OpenedLearner {
  readonly engine: FewShotEngine;
  readonly summary: LearnerSummary;
}

/** The card a learner argument means: a learner’s folder, or the name of a learner that comes with Heliograph. */
function cardPath(argument: string): string {
  const bundled = join(BUNDLED, argument, 'card.json');
  if (/^[\w.-]+$/.test(argument) && existsSync(bundled)) return bundled;
  if (existsSync(join(argument, 'card.json'))) return join(argument, 'card.json');
  throw new HeliographError(
    'bad-document',
    `There is no learner “${argument}”.`,
    'Give the name of a bundled learner, or a folder with a card.json and its model.',
  );
}

/** Opens a learner by name or folder. */
export async function openLearner(argument: string): Promise<OpenedLearner> {
  const path = cardPath(argument);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(await readBytes(path)));
  } catch (cause) {
    if (cause instanceof HeliographError) throw cause;
    throw new HeliographError('bad-document', `${path} is not JSON.`, 'Repair it or export the learner again.', { cause });
  }
  const card = parseLearnerCard(value, path);
  const files = await readModelFiles(join(dirname(path), card.file));
  const engine = new LocalEngine('wasm');
  const summary = await engine.openLearner('open', { card, model: { kind: 'files', name: card.title, ...files } });
  return { engine, summary };
}
