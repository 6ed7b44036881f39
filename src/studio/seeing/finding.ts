import type { MapData } from '../../runtime/protocol.ts';
import type { Explained } from './types.ts';

/** One sentence that states what the map shows: the alternative text of its picture. */
export function finding(map: MapData, explained: Pick<Explained, 'method' | 'target'>): string {
  return `${explained.method}, ${explained.target}: ${map.height} × ${map.width}`;
}
