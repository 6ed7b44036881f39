/** The learners that come with Heliograph: `public/learners/`. */
import * as z from 'zod';
import { type LearnerCard, parseLearnerCard } from '../../fewshot/learner-card.ts';
import { HeliographError } from '../../graph/errors.ts';

const indexSchema = z.object({
  learners: z
    .array(z.string().regex(/^[\w.-]{1,100}$/))
    .min(1)
    .max(200),
});

export interface LearnerLibrary {
  /** All cards, in the order they are to be offered. */
  cards(): Promise<readonly LearnerCard[]>;
  /** Address of a learner's model. */
  model(card: LearnerCard): string;
}

/** @param root address of `learners/`, ending in a slash */
export function createLearnerLibrary(
  root: string,
  get: (url: string) => Promise<Response> = (url) => fetch(url),
): LearnerLibrary {
  async function json(path: string): Promise<unknown> {
    const remedy = 'Check the connection and try again.';
    let response: Response;
    try {
      response = await get(new URL(path, root).href);
    } catch (cause) {
      throw new HeliographError('download-failed', `learners/${path} could not be loaded.`, remedy, { cause });
    }
    if (!response.ok) {
      throw new HeliographError('download-failed', `learners/${path} could not be loaded (${response.status}).`, remedy);
    }
    return response.json().catch(() => null);
  }

  return {
    async cards() {
      const index = indexSchema.safeParse(await json('index.json'));
      if (!index.success) throw new HeliographError('bad-document', 'The list of learners is damaged.', 'Reload the page.');
      return Promise.all(
        index.data.learners.map(async (name) => {
          const path = `${name}/card.json`;
          return parseLearnerCard(await json(path), `learners/${path}`);
        }),
      );
    },
    model: ({ name, file }) => new URL(file, new URL(`${name}/`, root)).href,
  };
}
