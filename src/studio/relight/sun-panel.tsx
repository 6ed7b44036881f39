import { ActionIcon, Button, NativeSelect, SegmentedControl, TextInput, Tooltip } from '@mantine/core';
import { IconRestore } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { degrees, toDegrees } from '../../relight/angle.ts';
import type { Scene } from '../../relight/scene.ts';
import { sunAt } from '../../relight/sun.ts';
import { useRelight, useReset, useSettings, useStudio } from '../context.ts';
import { NumberField, type NumberFieldProps } from '../fields.tsx';
import panels from '../panels.module.css';
import { formatMinute, parseMinute } from './clock.ts';
import { CompassDome } from './compass-dome.tsx';
import styles from './relight.module.css';
import { LAYER_NAMES } from './relight-actions.ts';
import { sunOf } from './relight-day.ts';
import { RelightNotes } from './relight-notes.tsx';
import { LAYERS, type QUALITIES } from './relight-settings.ts';
import { freeSunAt, placeOf } from './relight-view.ts';

/** Where the sun stands, what is shown and how well. */
export function SunPanel() {
  const scene = useRelight(({ scene }) => scene);
  return (
    <>
      {scene ? <Sun scene={scene} /> : <p className={panels.empty}>The sun and its day will stand here.</p>}
      <View />
      <RelightNotes />
    </>
  );
}

function Sun({ scene }: { scene: Scene }) {
  const { settings } = useStudio();
  const reset = useReset();
  const now = useSettings(({ date, minute, freeSun, latitude, longitude }) => ({ date, minute, freeSun, latitude, longitude }));
  const sun = sunOf(now, scene);
  const place = placeOf(now, scene);
  const toPath = () => settings.set({ freeSun: null });
  return (
    <>
      <section className={panels.section} aria-labelledby="sun-heading">
        <h2 id="sun-heading">Sun</h2>
        <CompassDome
          place={place}
          date={now.date}
          sun={sun}
          onSun={(next) => settings.set({ freeSun: freeSunAt(next) })}
          onReset={toPath}
        />
        <DegreeField
          label="Azimuth (degrees)"
          help="Where on the compass, clockwise from north"
          value={toDegrees(sun.azimuth)}
          range={[0, 360]}
          onChange={(azimuth) => settings.set({ freeSun: freeSunAt(sunAt(degrees(azimuth), degrees(toDegrees(sun.elevation)))) })}
          onReset={toPath}
        />
        <DegreeField
          label="Elevation (degrees)"
          help="Height above the horizon"
          value={toDegrees(sun.elevation)}
          range={[-90, 90]}
          onChange={(elevation) =>
            settings.set({ freeSun: freeSunAt(sunAt(degrees(toDegrees(sun.azimuth)), degrees(elevation))) })
          }
          onReset={toPath}
        />
        {now.freeSun && (
          <Button size="compact-sm" variant="default" onClick={toPath}>
            Back to its path
          </Button>
        )}
      </section>
      <section className={panels.section} aria-labelledby="time-heading">
        <h2 id="time-heading">Date, time and place</h2>
        <div className={styles.pair}>
          <TextInput
            size="xs"
            type="date"
            label="Date"
            value={now.date}
            onChange={({ currentTarget }) => currentTarget.value && settings.set({ date: currentTarget.value, freeSun: null })}
          />
          <TimeField minute={now.minute} onChange={(minute) => settings.set({ minute, freeSun: null })} />
        </div>
        <p className={panels.quiet}>
          Local mean time: Greenwich plus four minutes a degree east. The sun is highest near 12:00, whatever the time zone.
        </p>
        <DegreeField
          label="Latitude (degrees north)"
          help="South is negative. Double-click on the name for the scene’s own."
          value={place.latitude}
          range={[-90, 90]}
          onChange={(latitude) => settings.set({ latitude, freeSun: null })}
          onReset={() => reset('latitude')}
        />
        <DegreeField
          label="Longitude (degrees east)"
          help="West is negative. Double-click on the name for the scene’s own."
          value={place.longitude}
          range={[-180, 180]}
          onChange={(longitude) => settings.set({ longitude, freeSun: null })}
          onReset={() => reset('longitude')}
        />
        {(now.latitude !== null || now.longitude !== null) && (
          <div className={panels.row}>
            <span className={panels.quiet}>The scene stands in {scene.header.place.name}.</span>
            <Tooltip label="Back to the scene’s own place">
              <ActionIcon
                variant="default"
                aria-label="Back to the scene’s own place"
                onClick={() => settings.set({ latitude: null, longitude: null })}
              >
                <IconRestore size={14} />
              </ActionIcon>
            </Tooltip>
          </div>
        )}
      </section>
    </>
  );
}

/** An angle in whole degrees a step, shown to a tenth. */
function DegreeField({
  range: [min, max],
  value,
  ...field
}: Omit<NumberFieldProps, 'min' | 'max' | 'step'> & {
  range: readonly [number, number];
}) {
  return <NumberField {...field} value={Math.round(value * 10) / 10} min={min} max={max} step={1} />;
}

/** A time of day that is typed, such as 9:05. */
function TimeField({ label = 'Time', minute, onChange }: { label?: string; minute: number; onChange: (minute: number) => void }) {
  const shown = formatMinute(minute);
  const [draft, setDraft] = useState(shown);
  useEffect(() => setDraft(shown), [shown]);
  const parsed = parseMinute(draft);
  const take = () => {
    if (parsed === null) setDraft(shown);
    else if (draft !== shown) onChange(parsed);
  };
  return (
    <TextInput
      size="xs"
      label={label}
      inputMode="numeric"
      value={draft}
      error={parsed === null && draft !== shown ? 'A time such as 9:05' : null}
      onChange={({ currentTarget }) => setDraft(currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => event.key === 'Enter' && take()}
    />
  );
}

const LAYER_OPTIONS = LAYERS.map((value) => ({ value, label: LAYER_NAMES[value] }));
const QUALITY_OPTIONS: { value: (typeof QUALITIES)[number]; label: string }[] = [
  { value: 'performance', label: 'Performance' },
  { value: 'balanced', label: 'Balanced' },
  { value: 'quality', label: 'Quality' },
];

function View() {
  const { settings } = useStudio();
  const { split, showRight, minuteRight, quality } = useSettings(({ split, showRight, minuteRight, quality }) => ({
    split,
    showRight,
    minuteRight,
    quality,
  }));
  return (
    <section className={panels.section} aria-labelledby="view-heading">
      <h2 id="view-heading">Picture</h2>
      {split === 'layer' && (
        <NativeSelect
          size="xs"
          label="On the right"
          value={showRight}
          data={LAYER_OPTIONS}
          onChange={({ currentTarget }) => settings.set({ showRight: currentTarget.value as typeof showRight })}
        />
      )}
      {split === 'time' && (
        <TimeField label="Time on the right" minute={minuteRight} onChange={(minute) => settings.set({ minuteRight: minute })} />
      )}
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Performance or quality"
        data={QUALITY_OPTIONS}
        value={quality}
        onChange={(value) => settings.set({ quality: value as typeof quality })}
      />
      <p className={panels.quiet}>
        While things move, frames are coarser; at rest one is drawn in full and then, on fast graphics, with smooth edges.
      </p>
    </section>
  );
}
