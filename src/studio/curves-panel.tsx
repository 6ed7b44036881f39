import { useLabels, useSettings, useStatus } from './context.ts';
import { labelOf } from './labels.ts';
import { methodFace } from './methods.ts';
import styles from './panels.module.css';
import { ProblemOf } from './problem.tsx';
import { cellRequest, compareClasses, keyOf, targetName, targetOf } from './requests.ts';
import { type CurveSeries, CurvesPlot } from './seeing/CurvesPlot.tsx';
import { activityFraction, activityLabel } from './view.ts';

/** Insertion and deletion curves of the maps on screen. */
export default function CurvesPanel() {
  const settings = useSettings((all) => all);
  const status = useStatus((all) => all);
  const labels = useLabels();
  const { model, verdict, prepared, curves, shown, activities } = status;
  if (!model || !verdict || !prepared) return <p className={styles.quiet}>The curves follow the first map.</p>;

  const series: CurveSeries[] = [];
  if (settings.view === 'compare') {
    for (const method of settings.compareMethods) {
      for (const index of compareClasses(model.summary, settings, verdict.ranked)) {
        const request = cellRequest(model.summary, settings, method, index);
        const found = request && curves.get(keyOf(prepared.key, request));
        if (found)
          series.push({
            id: `${method} ${index}`,
            label: `${methodFace(method).name}, ${labelOf(labels, index)}`,
            curves: found,
          });
      }
    }
  } else {
    const found = shown && curves.get(shown.key);
    if (found) series.push({ id: shown.key, label: shown.explained.method, curves: found });
  }
  const target = targetOf(settings, verdict.ranked[0] ?? 0, model.summary.classes);
  const name = settings.view === 'compare' ? 'each class' : targetName(target, labels);
  const running = activities.curves;
  return (
    <>
      <p className={styles.quiet}>
        Pixels come in, or go, in the order of the map. A map that names the right pixels makes the probability rise early and
        fall early (Petsiuk et al. 2018).
      </p>
      {settings.method === 'erf' && settings.view === 'single' ? (
        <p className={styles.quiet}>A receptive field explains no class, so it has no curves.</p>
      ) : (
        series.length > 0 && <CurvesPlot series={series} target={name} fileName="insertion-deletion" />
      )}
      {running && (
        <p className={styles.quiet} role="status">
          {activityLabel(running)}{' '}
          <progress {...(activityFraction(running) === null ? {} : { value: activityFraction(running) ?? 0 })} />
        </p>
      )}
      <ProblemOf place="curves" retry />
    </>
  );
}
