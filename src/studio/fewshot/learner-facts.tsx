import * as z from 'zod';
import type { LearnerCard } from '../../fewshot/learner-card.ts';
import panels from '../panels.module.css';
import { learnsHow } from './compared.ts';

/** What training measured, as far as the page shows it. */
const metricsSchema = z.object({
  /** `test`, or in words what else was measured on. */
  split: z.string().default('test'),
  shots: z.number(),
  ways: z.record(z.string(), z.object({ accuracy: z.number(), interval: z.number().nullish(), episodes: z.number() })),
});

/** A learner's card, in words. */
export function LearnerFacts({ card }: { card: LearnerCard }) {
  const { channels, height, width } = card.input;
  return (
    <>
      <p className={panels.quiet}>{learnsHow(card)}</p>
      <dl className={panels.facts}>
        <dt>Sees</dt>
        <dd>
          {height} × {width}, {channels === 1 ? 'ink on paper' : 'colours'}
        </dd>
        <dt>Classes</dt>
        <dd>{waysOf(card)}</dd>
        <dt>Licence</dt>
        <dd>{card.licence}</dd>
      </dl>
      <Measured metrics={card.metrics} />
      <details className={panels.quiet}>
        <summary>Where it comes from</summary>
        <p>{card.source}</p>
        <p>{card.citation}</p>
      </details>
    </>
  );
}

function waysOf(card: LearnerCard): string {
  if (card.kind !== 'maml') return 'any number';
  if (card.ways === 'any') return `any number up to ${card.nodes}`;
  return `${card.ways}, what it was trained for, or fewer`;
}

function Measured({ metrics }: { metrics: LearnerCard['metrics'] }) {
  const found = metricsSchema.safeParse(metrics);
  if (!found.success) return null;
  const { split, shots, ways } = found.data;
  const percent = (share: number) => (100 * share).toFixed(1);
  return (
    <>
      <p className={panels.quiet}>
        Right on {split === 'test' ? 'classes it never saw' : split}, {shots === 1 ? 'one example' : `${shots} examples`} of each:
      </p>
      <dl className={panels.facts} data-figures>
        {Object.entries(ways).map(([count, { accuracy, interval }]) => (
          <div key={count} className={panels.figure}>
            <dt>{count} classes</dt>
            <dd>
              {percent(accuracy)} {interval ? `± ${percent(interval)} ` : ''}%
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}
