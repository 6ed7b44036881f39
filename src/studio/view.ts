/** What the stage shows now, from what is known and what is wanted. Pure. */
import type { ErrorMessage, MapData } from '../runtime/protocol.ts';
import type { Status } from './explain-status.ts';
import type { Activity } from './jobs.ts';
import { methodFace } from './methods.ts';
import { mapOf } from './requests.ts';
import type { Explained } from './seeing/types.ts';
import type { Settings } from './state.ts';

export interface MapOnScreen {
  readonly map: MapData;
  readonly explained: Explained;
  readonly unit: string;
  /** Whether it is what the settings ask for, finished. */
  readonly current: boolean;
}

/** The map of the single view: the sum so far, the finished one, or the one before it while that is computed. */
export function mapOnScreen(status: Status, settings: Settings): MapOnScreen | null {
  const { partial, shown, prepared, wanted } = status;
  const { unit } = methodFace(settings.method);
  if (partial && partial.key === wanted) return { map: partial.map, explained: partial.explained, unit, current: false };
  // A map of another picture over this one would lie.
  if (!shown || shown.inputKey !== prepared?.key) return null;
  const { explained, request, result, key } = shown;
  return { map: mapOf(result, settings, request), explained, unit: methodFace(request.method).unit, current: key === wanted };
}

/** Why the wanted map is not there, if it failed. */
export function failureOf({ failures, wanted, prepared }: Status): ErrorMessage | null {
  return failures.get(wanted ?? '') ?? failures.get(prepared?.key ?? '') ?? null;
}

const PHASES = { download: 'downloading', read: 'reading', compile: 'compiling', 'warm-up': 'warming up', steps: '' } as const;
const MEGABYTE = 1e6;

/** “Loading the model, downloading: 4.1 of 9.3 MB”. */
export function activityLabel({ label, progress }: Activity): string {
  if (!progress) return label;
  const { phase, done, total } = progress;
  const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
  const amount =
    phase === 'download'
      ? total === null
        ? `${megabytes(done)} MB`
        : `${megabytes(done)} of ${megabytes(total)} MB`
      : total !== null && total > 1
        ? `${done} of ${total}`
        : '';
  return [label, [PHASES[phase], amount].filter(Boolean).join(' ')].filter(Boolean).join(': ');
}

/** Finished part, 0…1; null where nobody knows. */
export function activityFraction({ progress }: Activity): number | null {
  return progress?.total ? Math.min(1, progress.done / progress.total) : null;
}
