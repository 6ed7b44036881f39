import styles from './evaluate.module.css';

const BARS = [3, 5, 9, 16, 28, 40, 34, 46];
const SIDE = 6;

/** What will appear, in outline, and what to do. */
export function EvaluateEmpty({ running }: { running: boolean }) {
  return (
    <div className={styles.empty}>
      <svg viewBox="0 0 244 76" width={244} height={76} aria-hidden="true">
        {BARS.map((height, index) => (
          <rect key={index} x={index * 15} y={72 - height} width={12} height={height} className={styles.ghost} />
        ))}
        <line x1={0} x2={118} y1={73.5} y2={73.5} className={styles.ghostLine} />
        {Array.from({ length: SIDE * SIDE }, (_, index) => {
          const row = Math.floor(index / SIDE);
          const column = index % SIDE;
          return (
            <rect
              key={index}
              x={172 + column * 12}
              y={row * 12 + 2}
              width={10}
              height={10}
              className={row === column ? styles.ghostRight : styles.ghostCell}
            />
          );
        })}
      </svg>
      {running ? (
        <p>The first episode is running.</p>
      ) : (
        <p>
          One episode is a matter of luck. <strong>Run</strong> draws many, each with other classes, and shows the mean with its
          interval, the spread, and which classes are taken for which.
        </p>
      )}
    </div>
  );
}
