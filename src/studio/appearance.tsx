import { Button, NativeSelect, Popover, Switch } from '@mantine/core';
import { IconAdjustmentsHorizontal } from '@tabler/icons-react';
import { useReset, useSettings, useStudio } from './context.ts';
import { ShareField } from './fields.tsx';
import styles from './panels.module.css';
import { lookOf } from './state.ts';

/** Contour levels a reader switches on: quarters of the limit. */
export const CONTOURS = [0.25, 0.5, 0.75] as const;

/** How the map is drawn. */
export function Appearance() {
  const { settings } = useStudio();
  const reset = useReset();
  const look = useSettings(lookOf);
  return (
    <>
      <div className={styles.opacity}>
        <ShareField
          label="Opacity"
          value={look.opacity}
          onChange={(opacity) => settings.set({ opacity })}
          onReset={() => reset('opacity')}
        />
      </div>
      <Popover trapFocus returnFocus width={300} position="bottom-start">
        <Popover.Target>
          <Button size="compact-sm" variant="default" leftSection={<IconAdjustmentsHorizontal size={14} />}>
            Look
          </Button>
        </Popover.Target>
        <Popover.Dropdown className={styles.form} aria-label="Look of the map">
          <NativeSelect
            size="xs"
            label="Values"
            value={look.mode}
            data={[
              { value: 'signed', label: 'For and against' },
              { value: 'positive', label: 'For only' },
              { value: 'magnitude', label: 'Size without sign' },
            ]}
            onChange={({ currentTarget }) => settings.set({ mode: currentTarget.value as typeof look.mode })}
          />
          <NativeSelect
            size="xs"
            label="Zero is"
            value={look.ground}
            data={[
              { value: 'clear', label: 'clear, so that the picture shows' },
              { value: 'solid', label: 'a plain sheet' },
            ]}
            onChange={({ currentTarget }) => settings.set({ ground: currentTarget.value as typeof look.ground })}
          />
          <ShareField
            label="Hide below"
            value={look.threshold}
            onChange={(threshold) => settings.set({ threshold })}
            onReset={() => reset('threshold')}
          />
          <Switch
            size="xs"
            label="Contours at ¼, ½ and ¾ of the limit"
            checked={look.contours.length > 0}
            onChange={({ currentTarget }) => settings.set({ contours: currentTarget.checked ? [...CONTOURS] : [] })}
          />
          <Switch
            size="xs"
            label="Picture in grey"
            checked={look.greyPicture}
            onChange={({ currentTarget }) => settings.set({ greyPicture: currentTarget.checked })}
          />
          <Switch
            size="xs"
            label="Smooth between positions"
            checked={look.smooth}
            onChange={({ currentTarget }) => settings.set({ smooth: currentTarget.checked })}
          />
        </Popover.Dropdown>
      </Popover>
    </>
  );
}
