import { Anchor } from '@mantine/core';
import panels from '../panels.module.css';

/** What is learned, what is computed, and where it comes from. */
export function RelightNotes() {
  return (
    <details className={panels.fold} open>
      <summary>
        <h2>How to read this</h2>
      </summary>
      <div className={panels.foldBody}>
        <div className={panels.note}>
          <p>
            <strong>Learned</strong> from photographs alone: where there is matter (density), its own colour (albedo), how the
            light of sun and sky changes with the sun’s height, and a shadow that takes the direction to the sun as its input.
          </p>
          <p>
            <strong>Computed</strong>: where the sun stands at a place and time, and the shadow from geometry, which follows a ray
            from each visible point through the density towards the sun. Nobody told the model where shadows fall.
          </p>
          <p>
            Albedo must not change when you drag the sun; if it does, light was mistaken for paint. Below the horizon the picture
            fades by a rule of ours: no photograph was taken at night.
          </p>
          <p>A double click makes a surface the point the view turns about; on the sky it puts the sun there.</p>
          <p className={panels.citation}>
            H. Chang et al.: SR-TensoRF, WACV 2024. Formulas of the shadow and of the light are our reconstruction.{' '}
            <Anchor href="https://arxiv.org/abs/2311.03965" target="_blank" rel="noreferrer" inherit underline="always">
              arXiv 2311.03965
            </Anchor>
          </p>
        </div>
      </div>
    </details>
  );
}
