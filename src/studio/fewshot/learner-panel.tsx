import { useFewShot, useReset, useSettings, useStudio } from '../context.ts';
import { NumberField } from '../fields.tsx';
import panels from '../panels.module.css';

/** How the learner learns: who speaks for whom, how fast, and what it means. */
export function LearnerPanel() {
  return <Options />;
}

function Options() {
  const { settings } = useStudio();
  const reset = useReset();
  const card = useFewShot(({ learner }) => learner?.card ?? null);
  const innerRate = useSettings(({ innerRate }) => innerRate);
  if (card?.kind !== 'maml') return null;
  return (
    <section className={panels.section} aria-labelledby="inner-heading">
      <h2 id="inner-heading">Inner loop</h2>
      <NumberField
        label="Learning rate (η)"
        help={`How far a step goes. It was trained with ${card.inner.learningRate}; double-click goes back to that`}
        value={innerRate ?? card.inner.learningRate}
        min={0.001}
        max={10}
        step={0.05}
        onChange={(next) => settings.set({ innerRate: next === card.inner.learningRate ? null : next })}
        onReset={() => reset('innerRate')}
      />
    </section>
  );
}
