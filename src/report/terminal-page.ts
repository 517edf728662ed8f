import { layOutWithin } from './text-table.ts';

/** What a piece of text is for; the terminal decides how it looks. */
export type SummaryStyleName = 'heading' | 'dim' | 'good' | 'warning' | 'bad';
export type SummaryStyler = (styleName: SummaryStyleName, text: string) => string;

/** What sections are laid out for. */
export interface Page {
  readonly style: SummaryStyler;
  /** Columns, less the indent that every line gets at the end. */
  readonly width: number;
}

export interface TablePage extends Page {
  /** Between columns, where the width allows it. */
  readonly gap?: string;
  /** Of a row below the headings; undefined: none. */
  readonly styleOf?: (row: number) => SummaryStyleName | undefined;
}

/** A table under its first row, which has the headings; in several ones below each other where the width needs it. */
export function renderTable(
  rows: readonly (readonly string[])[],
  { style, width, gap, styleOf }: TablePage,
): string[] {
  const styled = (line: string, row: number) => {
    const name = styleOf?.(row);
    return name === undefined ? line : style(name, line);
  };
  return layOutWithin(rows, width, gap).flatMap(([head = '', ...body]) => [
    style('heading', head),
    ...body.map(styled),
  ]);
}
