import { useEffect, useMemo, useRef } from 'react';
import type { MapData } from '../../runtime/protocol.ts';
import { mapContours, paint } from './map-canvas.ts';
import type { MapLook } from './types.ts';
import { useCanvasSize } from './use-canvas-size.ts';
import type { Crop } from './zoom.ts';

export interface MapCanvasProps {
  readonly picture: ImageData | null;
  readonly map: MapData | null;
  readonly look: MapLook;
  readonly limit: number;
  /** States the finding; '' where an element around the canvas states it. */
  readonly alt: string;
  readonly className?: string;
  /** The part to be seen; all of it if absent. */
  readonly crop?: Crop;
}

/** A picture with a map over it that fills its container at the screen's own resolution. */
export function MapCanvas({ picture, map, look, limit, alt, className, crop }: MapCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useCanvasSize(canvas);
  const { contours: levels, mode } = look;
  const contours = useMemo(() => (map ? mapContours(map, limit, levels, mode) : []), [map, limit, levels, mode]);

  useEffect(() => {
    // Each canvas in a task of its own: a result changes a dozen of them at once. What is there stays until then.
    const turn = setTimeout(() => {
      const target = canvas.current;
      const context = target?.getContext('2d');
      if (!target || !context || !size || size.width === 0 || size.height === 0) return;
      if (target.width !== size.width) target.width = size.width;
      if (target.height !== size.height) target.height = size.height;
      paint(context, size.height, size.width, { picture, map, look, limit, contours, crop });
    });
    return () => clearTimeout(turn);
  }, [size, picture, map, look, limit, contours, crop]);

  const naming = alt === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': alt };
  return <canvas ref={canvas} className={className} {...naming} />;
}
