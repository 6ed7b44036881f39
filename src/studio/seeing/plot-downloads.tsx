import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { RefObject } from 'react';
import { download } from './download.ts';
import { standaloneSvg } from './standalone-svg.ts';

export interface PlotDownloadsProps {
  readonly plot: RefObject<SVGSVGElement | null>;
  /** Without its ending. */
  readonly fileName: string;
  /** What a screen reader calls the plot. */
  readonly of: string;
  /** Its numbers as a table; left out where something else offers them. */
  readonly csv?: () => string;
}

/** Takes a plot along, as a picture and as numbers. */
export function PlotDownloads({ plot, fileName, of, csv }: PlotDownloadsProps) {
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        leftSection={<IconDownload size={14} />}
        aria-label={`SVG of ${of}`}
        onClick={() => {
          if (plot.current) download(new Blob([standaloneSvg(plot.current)], { type: 'image/svg+xml' }), `${fileName}.svg`);
        }}
      >
        SVG
      </Button>
      {csv && (
        <Button
          size="compact-xs"
          variant="default"
          leftSection={<IconDownload size={14} />}
          aria-label={`CSV of ${of}`}
          onClick={() => download(new Blob([csv()], { type: 'text/csv' }), `${fileName}.csv`)}
        >
          CSV
        </Button>
      )}
    </>
  );
}
